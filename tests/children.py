"""Other processes that tests start, which no failing test may leave running."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A child at work; an error in the block kills it rather than wait for its end."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield process
        finally:
            process.kill()


def shown_until(process: subprocess.Popen[str], last: str) -> str:
    """What the child prints up to and with the line that holds `last`."""
    assert process.stdout is not None
    shown = ""
    while last not in shown:
        line = process.stdout.readline()
        assert line, f"it ended before {last!r}: {shown}"
        shown += line
    return shown
