"""A local stack works in a terminal whose proxy, TLS and PostgreSQL are other servers'."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.proxies import proxy_exceptions

ROOT = Path(__file__).parents[2]
PROXY = "http://127.0.0.1:1"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")

START = """
import sys
from infra.local.stack import Stack
with Stack(sys.argv[1], with_faults=True) as stack:
    stack.warm()
    stack.faults.counts("store")
    stack.sqs_client().list_queues()
    stack.s3_client().list_buckets()
    stack.lambda_client().invoke(FunctionName="drain", Payload=b'{"Records": []}')
    print("started")
"""
USE = """
import sys
from infra.local import stack_env
from infra.local.stack import Stack
from prompt_capture.client import CaptureClient
with Stack(sys.argv[1]) as stack:
    stack.warm()
    capture = CaptureClient.from_env(stack_env.variables(stack))
    user = stack.create_user("ada@example.com")
    print(capture.classify("hello", user_id=user.id).captured)
"""


def _run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    names = {*NAMES, *map(str.lower, NAMES)}
    inherited = {name: value for name, value in os.environ.items() if name not in names}
    return subprocess.run(
        [sys.executable, "-c", program, f"test-proxies-{os.getpid()}"],
        env=inherited | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("proxy", [PROXY, "socks5://127.0.0.1:1"], ids=["HTTP", "SOCKS"])
def test_a_stack_starts_without_its_terminals_proxy(proxy: str) -> None:
    completed = _run(START, HTTP_PROXY=proxy, HTTPS_PROXY=proxy, ALL_PROXY=proxy)

    assert completed.stdout == "started\n", completed.stderr[-2000:]


def test_a_stack_starts_without_the_settings_of_tls_and_postgresql() -> None:
    settings = {
        "PGSSLMODE": "verify-full",
        "PGCHANNELBINDING": "require",
        "PGHOSTADDR": "192.0.2.1",
        "PGSERVICE": "nonexistent",
        "PGDATESTYLE": "German",
    }

    completed = _run(START, SSL_CERT_FILE="/nonexistent", **settings)

    assert completed.stdout == "started\n", completed.stderr[-2000:]


def test_programs_that_use_a_stack_reach_it_without_the_proxy() -> None:
    completed = _run(USE, http_proxy=PROXY, ALL_PROXY=PROXY, no_proxy="internal.example")

    assert completed.stdout == "stored\n", completed.stderr[-2000:]


@pytest.mark.parametrize(
    ("environment", "exceptions"),
    [
        ({}, {"NO_PROXY": "127.0.0.1,localhost"}),
        ({"NO_PROXY": "a.example, localhost"}, {"NO_PROXY": "a.example,localhost,127.0.0.1"}),
        ({"no_proxy": "b", "NO_PROXY": "a"}, {"no_proxy": "b,127.0.0.1,localhost"}),
        ({"no_proxy": "", "NO_PROXY": "a,"}, {"no_proxy": "127.0.0.1,localhost"}),
        ({"NO_PROXY": "*"}, {"NO_PROXY": "*"}),
    ],
)
def test_loopback_is_added_to_the_exceptions_that_are_in_effect(
    environment: dict[str, str], exceptions: dict[str, str]
) -> None:
    assert proxy_exceptions(environment) == exceptions
