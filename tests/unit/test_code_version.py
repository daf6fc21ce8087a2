"""The version of the code that trains."""

import re
from collections.abc import Iterator
from importlib.metadata import version

import pytest

from training import code_version as module
from training.code_version import code_version

RELEASE = version("prompt-capture")


@pytest.fixture(autouse=True)
def _uncached() -> Iterator[None]:
    code_version.cache_clear()
    yield
    code_version.cache_clear()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [("", "0123456789ab"), (" M training/train.py", "0123456789ab.modified")],
)
def test_a_checkout_has_a_commit(
    monkeypatch: pytest.MonkeyPatch, changed: str, expected: str
) -> None:
    outputs = {"rev-parse": "0123456789ab", "status": changed}
    monkeypatch.setattr(module, "_git", lambda command, *_: outputs[command])

    assert code_version() == f"{RELEASE}+g{expected}"


def test_without_git_the_version_is_that_of_the_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "which", lambda program: None)

    assert code_version() == RELEASE


def test_the_version_is_one_line_without_spaces() -> None:
    assert re.fullmatch(re.escape(RELEASE) + r"(\+g[0-9a-f]{12}(\.modified)?)?", code_version())
