"""Locks the folder of a stack, and removes what a killed stack has left behind."""

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

_LOCK, _PROCESSES, _EXTERNAL_FILES = "owner.lock", "processes.txt", "external-files.txt"
LOG_ARCHIVE_DIR = "PROMPT_CAPTURE_LOG_ARCHIVE_DIR"
"""The environment variable with a folder that receives a copy of the logs of each stack."""
# Only PostgreSQL needs time, to release its shared memory. The other processes can be killed.
_GRACE_SECONDS = 1


class FolderInUse(Exception):
    """A running stack has the same name."""


def record_process(folder: Path, pid: int) -> None:
    """Record a child process, so that a later start can end it if this process is killed."""
    with (folder / _PROCESSES).open("a") as record:
        record.write(f"{pid} {_start_time(pid)}\n")


def record_external_files(folder: Path, files: Iterable[Path]) -> None:
    """Record files that a service creates outside the folder, so that they are removed with it."""
    with (folder / _EXTERNAL_FILES).open("a") as record:
        record.writelines(f"{file}\n" for file in files)


def acquire(folder: Path) -> TextIO:
    """Lock the folder for this process and clear it; the lock holds while the file is open.

    Raises `FolderInUse` if another process holds the lock.
    """
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _exclusive(folder.parent):
        return _acquire(folder)


def remove_abandoned(stacks: Path) -> None:
    """End the processes and remove the folders of all stacks whose process has ended."""
    if not stacks.is_dir():
        return
    with _exclusive(stacks):
        for folder in stacks.iterdir():
            with contextlib.suppress(FolderInUse):
                _release(folder, _acquire(folder))


def release(folder: Path, lock: TextIO, keep_logs: bool = False) -> None:
    """Release the lock and remove the folder; with `keep_logs`, all of it but the logs.

    The next start removes the logs that were kept. If the environment variable named by
    `LOG_ARCHIVE_DIR` is set, the logs are copied to that folder first.
    """
    with _exclusive(folder.parent):
        _release(folder, lock, keep_logs)


@contextlib.contextmanager
def _exclusive(stacks: Path) -> Iterator[None]:
    """Wait until no other process creates or removes the folder of a stack."""
    descriptor = os.open(stacks, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _acquire(folder: Path) -> TextIO:
    folder.mkdir(exist_ok=True, mode=0o700)
    lock = (folder / _LOCK).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise FolderInUse(
            f"A stack named {folder.name!r} is already running. Use it, or choose another name."
        ) from None
    _end_recorded_processes(folder)
    _remove_external_files(folder)
    _clear(folder)
    return lock


def _release(folder: Path, lock: TextIO, keep_logs: bool = False) -> None:
    _remove_external_files(folder)
    _copy_logs(folder)
    if keep_logs:
        _clear(folder, "logs")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    lock.close()


def _copy_logs(folder: Path) -> None:
    archive = os.environ.get(LOG_ARCHIVE_DIR)
    if archive and (folder / "logs").is_dir():
        target = Path(archive) / f"{folder.name}-{time.time_ns()}"
        shutil.copytree(folder / "logs", target)


def _clear(folder: Path, *except_names: str) -> None:
    for entry in folder.iterdir():
        if entry.name in (_LOCK, *except_names):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _remove_external_files(folder: Path) -> None:
    record = folder / _EXTERNAL_FILES
    for line in record.read_text().splitlines() if record.is_file() else ():
        Path(line).unlink(missing_ok=True)


def _end_recorded_processes(folder: Path) -> None:
    pids = list(_live_recorded_pids(folder))
    for number in (signal.SIGINT, signal.SIGKILL):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, number)
        deadline = time.monotonic() + _GRACE_SECONDS
        while pids and time.monotonic() < deadline:
            pids = list(_live_recorded_pids(folder))
            time.sleep(0.05 if pids else 0)


def _live_recorded_pids(folder: Path) -> Iterator[int]:
    """Yield the recorded process ids whose process still runs; ids can be reused."""
    record = folder / _PROCESSES
    for line in record.read_text().splitlines() if record.is_file() else ():
        pid, _, start_time = line.partition(" ")
        if start_time and _start_time(int(pid)) == start_time:
            yield int(pid)


def _start_time(pid: int) -> str:
    """Return when a running process started, in the format of the system; empty if none runs."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] == "Z" else fields[19]
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    run = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    return run.stdout.strip()
