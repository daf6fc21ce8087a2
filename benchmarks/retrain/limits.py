"""A control group with the memory and the processor time of the function (cgroup version 1)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MEMORY_MB: Final = 3008
CORES: Final = 1.7
"""Lambda gives a function a core per 1,769 MB."""

_ROOT: Final = Path("/sys/fs/cgroup")
_PERIOD_US: Final = 100_000


class LimitsUnavailable(Exception):
    """This machine has no writable cgroup of version 1; the message says so."""


@dataclass(frozen=True)
class Limits:
    """The folders of a control group."""

    memory: Path
    cpu: Path

    def join(self) -> None:
        """Move this process into the group. For `preexec_fn`."""
        for folder in (self.memory, self.cpu):
            (folder / "cgroup.procs").write_text(str(os.getpid()))

    @property
    def peak_mb(self) -> float:
        """The most memory that the group has used."""
        return int((self.memory / "memory.max_usage_in_bytes").read_text()) / 2**20


@contextmanager
def limited() -> Iterator[Limits]:
    """Create a group, and remove it at the end. Raise `LimitsUnavailable`."""
    name = f"prompt-capture-{os.getpid()}"
    limits = Limits(_ROOT / "memory" / name, _ROOT / "cpu" / name)
    try:
        limits.memory.mkdir()
        limits.cpu.mkdir()
        (limits.memory / "memory.limit_in_bytes").write_text(str(MEMORY_MB * 2**20))
        (limits.cpu / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
        (limits.cpu / "cpu.cfs_quota_us").write_text(str(int(CORES * _PERIOD_US)))
    except OSError as error:
        raise LimitsUnavailable(
            f"The limits of the function cannot be set: {_ROOT}/memory and {_ROOT}/cpu are not "
            f"writable cgroups of version 1 ({error.strerror})."
        ) from None
    try:
        yield limits
    finally:
        for folder in (limits.memory, limits.cpu):
            folder.rmdir()
