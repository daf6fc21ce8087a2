"""Child processes for tests; a failing test leaves none running."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


@contextmanager
def child_process(*command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run a child process, with more environment variables, and kill it at the end of the block."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], expected: str) -> str:
    """Read the output of a child process up to and including the line with `expected`."""
    assert process.stdout is not None
    output = ""
    while expected not in output:
        line = process.stdout.readline()
        assert line, f"The process ended before it printed {expected!r}: {output}"
        output += line
    return output
