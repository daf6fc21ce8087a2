"""What several kinds of tests share: one local stack, started by the first test that needs it."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from infra.local.stack import Stack
from infra.packaging.failures import PackageRefused
from infra.packaging.interpreter import lambda_python

# No test fails for the time that it takes.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

PATIENT = {"CAPTURE_TIMEOUT_SECONDS": "8"}
"""What is not about deadlines must not meet one on a machine that is busy with tests."""


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A whole stack, shared by tests that leave it as they found it."""
    with Stack(f"test-{os.getpid()}", {"classify-and-log": PATIENT}) as running:
        yield running


@pytest.fixture(scope="session")
def packaging_python() -> Path:
    """The Python that Lambda runs, where it is installed."""
    try:
        return lambda_python()
    except PackageRefused as refusal:
        pytest.skip(str(refusal))
