"""A plug-in of the test run: whatever was sent to be classified must be found in no output.

It notes the messages that tests send over HTTP, keeps the logs of every stack when it closes
(functions', PostgREST's, PostgreSQL's), and what tests print and log. When all is over it searches.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest

from infra.local import stack_lock

SENT: set[str] = set()
OUTPUT: dict[str, str] = {}

_FIELDS = ("message", "prompt", "notes", "execution_error")
_SHORTEST = 12
"""Shorter texts are said by chance."""


def note(content: bytes) -> None:
    """Keep in mind the texts of a JSON body."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return
    for row in body if isinstance(body, list) else [body]:
        if isinstance(row, dict):
            texts = [row[field] for field in _FIELDS if isinstance(row.get(field), str)]
            SENT.update(text for text in texts if len(text) >= _SHORTEST and " " in text)


def found() -> list[tuple[str, str]]:
    """Answer each place of the output with the texts that it holds, as they are or in JSON."""
    forms = {text: (text, json.dumps(text)[1:-1]) for text in SENT}
    return [
        (place, text)
        for place, output in OUTPUT.items()
        for text, written in forms.items()
        if any(form in output for form in written)
    ]


def _noting_init(library: Any) -> Callable[..., None]:
    build = library.Request.__init__

    def noting(request: Any, *given: Any, **named: Any) -> None:
        build(request, *given, **named)
        if isinstance(request.stream, library.ByteStream):
            note(request.read())

    return noting


@pytest.fixture(scope="session", autouse=True)
def _noting() -> Iterator[None]:
    """Note what is sent, and keep the logs of the stacks, for as long as tests run."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for library in (httpx, httpx2):  # what tests of ours use, and what Starlette's client does
            patch.setattr(library.Request, "__init__", _noting_init(library))
        patch.setenv(stack_lock.KEEP_LOGS_IN, folder)
        yield
        for log in Path(folder).rglob("*.log"):
            OUTPUT[str(log.relative_to(folder))] = log.read_text(errors="replace")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.passed:  # a failure's report shows the test's own code
        for name, text in report.sections:
            OUTPUT[f"{report.nodeid} ({name}, {report.when})"] = text


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if found():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    leaks = found()
    terminalreporter.write_line(
        f"{len(SENT)} messages that were sent were looked for in {len(OUTPUT)} outputs."
    )
    for place, text in leaks:
        terminalreporter.write_line(f"LEAK: {text!r} is in {place}", red=True)
