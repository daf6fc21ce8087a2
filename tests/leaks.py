"""A pytest plug-in that fails the run if a text that was sent to a function occurs in any output.

It records the texts that tests send over HTTP. It collects what tests print and log, and the logs
of every stack when it closes (functions, PostgREST, PostgreSQL). At the end of the run it searches
the outputs for the texts: in one process, also where several ran the tests (pytest-xdist).
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

SENT_TEXTS: set[str] = set()
OUTPUTS: dict[str, str] = {}
"""Output by its source: a log file, or a test with the kind of output."""

_FIELDS = ("message", "prompt", "notes", "execution_error")
_COLLECTED = "leak_check"
_MIN_LENGTH = 12
"""Shorter texts can occur by coincidence."""


def record_texts(content: bytes) -> None:
    """Record the texts in a JSON body."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return
    for row in body if isinstance(body, list) else [body]:
        if isinstance(row, dict):
            texts = [row[field] for field in _FIELDS if isinstance(row.get(field), str)]
            SENT_TEXTS.update(text for text in texts if len(text) >= _MIN_LENGTH and " " in text)


def find_leaks() -> list[tuple[str, str]]:
    """Return pairs of an output's source and a text in it, either plain or escaped as in JSON."""
    forms = {text: {text, json.dumps(text)[1:-1]} for text in SENT_TEXTS}
    return [
        (source, text)
        for source, output in OUTPUTS.items()
        for text, text_forms in forms.items()
        if any(form in output for form in text_forms)
    ]


def _recording_init(library: Any) -> Callable[..., None]:
    original_init = library.Request.__init__

    def init(request: Any, *args: Any, **kwargs: Any) -> None:
        original_init(request, *args, **kwargs)
        if isinstance(request.stream, library.ByteStream):
            record_texts(request.read())

    return init


@pytest.fixture(scope="session", autouse=True)
def _leak_check() -> Iterator[None]:
    """Record the sent texts and collect the logs of stacks during the whole run."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for library in (httpx, httpx2):  # Starlette's test client uses httpx2
            patch.setattr(library.Request, "__init__", _recording_init(library))
        patch.setenv(stack_lock.LOG_ARCHIVE_DIR, folder)
        yield
        for log in Path(folder).rglob("*.log"):
            OUTPUTS[str(log.relative_to(folder))] = log.read_text(errors="replace")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.passed:  # the report of a failed test contains the test's own code
        for name, text in report.sections:
            OUTPUTS[f"{report.nodeid} ({name}, {report.when})"] = text


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    workeroutput = getattr(session.config, "workeroutput", None)
    if workeroutput is not None:
        # As JSON, because the channel between processes does not take lone surrogates.
        workeroutput[_COLLECTED] = json.dumps([sorted(SENT_TEXTS), OUTPUTS])
    elif find_leaks():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker collected; one that crashed has failed the run already."""
    texts, outputs = json.loads(getattr(node, "workeroutput", {}).get(_COLLECTED, "[[], {}]"))
    SENT_TEXTS.update(texts)
    OUTPUTS.update(outputs)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    leaks = find_leaks()
    terminalreporter.write_line(
        f"Leak check: searched {len(OUTPUTS)} outputs for {len(SENT_TEXTS)} sent texts."
    )
    for source, text in leaks:
        terminalreporter.write_line(f"LEAK: {text!r} is in {source}", red=True)
