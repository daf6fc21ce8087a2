"""Folders of stacks: claimed by one owner, and swept when an owner was killed."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

_LOCK, _PROCESSES, _OUTSIDE = "owner.lock", "processes.txt", "outside.txt"
KEEP_LOGS_IN = "PROMPT_CAPTURE_KEEP_LOGS_IN"
# PostgreSQL needs a moment to give its shared memory back; the rest may as well be killed.
_GRACE_SECONDS = 1


class FolderInUse(Exception):
    """Another running stack has this name."""


def record_process(folder: Path, pid: int) -> None:
    """Note a child, so that the next start can end it if its owner cannot."""
    with (folder / _PROCESSES).open("a") as record:
        record.write(f"{pid} {_started(pid)}\n")


def record_outside(folder: Path, files: Iterable[Path]) -> None:
    """Note files that a service leaves outside the folder, to be removed with it."""
    with (folder / _OUTSIDE).open("a") as record:
        record.writelines(f"{file}\n" for file in files)


def claim(folder: Path) -> TextIO:
    """Make the folder this process's own, empty; the claim holds while the file is open.

    Raises `FolderInUse` when its owner is alive.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = (folder / _LOCK).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise FolderInUse(
            f"A stack named {folder.name} is running already: use it, or start one by another name."
        ) from None
    _end_recorded_processes(folder)
    _remove_outside(folder)
    _empty(folder)
    return lock


def sweep(stacks: Path) -> None:
    """End the processes and remove the folders of all stacks whose owners are gone."""
    for folder in stacks.iterdir() if stacks.is_dir() else ():
        with contextlib.suppress(FolderInUse):
            release(folder, claim(folder))


def release(folder: Path, lock: TextIO, keep_logs: bool = False) -> None:
    """Give the claim up and remove the folder, or all but its logs until the next start.

    Where the environment names a folder for them, logs are copied there first.
    """
    _remove_outside(folder)
    _copy_logs(folder)
    if keep_logs:
        _empty(folder, "logs")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    lock.close()


def _copy_logs(folder: Path) -> None:
    kept_in = os.environ.get(KEEP_LOGS_IN)
    if kept_in and (folder / "logs").is_dir():
        target = Path(kept_in) / f"{folder.name}-{time.time_ns()}"
        shutil.copytree(folder / "logs", target)


def _empty(folder: Path, *kept: str) -> None:
    for entry in folder.iterdir():
        if entry.name in (_LOCK, *kept):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _remove_outside(folder: Path) -> None:
    record = folder / _OUTSIDE
    for line in record.read_text().splitlines() if record.is_file() else ():
        Path(line).unlink(missing_ok=True)


def _end_recorded_processes(folder: Path) -> None:
    pids = list(_recorded_alive(folder))
    for number in (signal.SIGINT, signal.SIGKILL):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, number)
        deadline = time.monotonic() + _GRACE_SECONDS
        while pids and time.monotonic() < deadline:
            pids = list(_recorded_alive(folder))
            time.sleep(0.05 if pids else 0)


def _recorded_alive(folder: Path) -> Iterator[int]:
    """Yield recorded process ids that still belong to the same process."""
    record = folder / _PROCESSES
    for line in record.read_text().splitlines() if record.is_file() else ():
        pid, _, started = line.partition(" ")
        if started and _started(int(pid)) == started:
            yield int(pid)


def _started(pid: int) -> str:
    """Tell when a live process began, in the system's own terms; empty when there is none."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] == "Z" else fields[19]
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    run = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    return run.stdout.strip()
