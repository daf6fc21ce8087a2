"""A stack starts completely, and leaves no process and no file behind when it ends."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from infra.local import s3, stack_lock
from infra.local.paths import STACKS
from infra.local.processes import ServiceFailed
from infra.local.stack import Stack
from infra.local.stack_lock import FolderInUse
from tests.child_processes import child_process, read_until

STACK_PROGRAM = """
import sys, time
from infra.local.stack import Stack
try:
    with Stack(sys.argv[1]):
        print("ready", flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def recorded_pids(folder: Path) -> list[int]:
    lines = (folder / "processes.txt").read_text().splitlines()
    return [int(line.split()[0]) for line in lines]


def sockets(folder: Path) -> list[Path]:
    """Return the sockets that the stack's S3 server creates outside the stack's folder."""
    return [Path(line) for line in (folder / "external-files.txt").read_text().splitlines()]


def running_pids(pids: list[int]) -> list[int]:
    """Return the process ids whose process runs and is not a zombie."""
    states = subprocess.run(
        ["ps", "-o", "pid=,stat=", "-p", ",".join(map(str, pids))],
        check=False,
        capture_output=True,
        text=True,
    ).stdout.split()
    pairs = zip(states[::2], states[1::2], strict=True)
    return [int(pid) for pid, state in pairs if not state.startswith("Z")]


def stack_name(purpose: str) -> str:
    return f"test-{purpose}-{os.getpid()}"


@pytest.fixture
def stack_process(stack: Stack) -> Any:
    """A child process that runs a stack."""
    with child_process(sys.executable, "-c", STACK_PROGRAM, stack_name("child")) as process:
        read_until(process, "ready\n")
        yield process


def test_close_leaves_no_process_no_folder_and_no_socket(stack: Stack) -> None:
    second = Stack(stack_name("closed")).start()
    pids = recorded_pids(second.folder)
    external_sockets = sockets(second.folder)
    assert any(socket.exists() for socket in external_sockets)
    assert len(running_pids(pids)) == len(pids) == 4
    second.close()
    assert not running_pids(pids)
    assert not second.folder.exists()
    assert not any(socket.exists() for socket in external_sockets)
    assert httpx.get(f"{stack.supabase_url}/auth/v1/.well-known/jwks.json").status_code == 200


def test_two_stacks_share_nothing(stack: Stack) -> None:
    with Stack(stack_name("second")) as second:
        user = second.create_user("only@example.com")
        count = "select count(*) from auth.users where id = %s"
        with (
            psycopg.connect(second.postgres_dsn) as second_database,
            psycopg.connect(stack.postgres_dsn) as first_database,
        ):
            assert second_database.execute(count, [user.id]).fetchone() == (1,)
            assert first_database.execute(count, [user.id]).fetchone() == (0,)
        url = f"{stack.supabase_url}/rest/v1/intent_catalogue"
        assert httpx.get(url, headers={"apikey": second.keys.secret}).status_code == 401


def test_a_stack_starts_in_a_folder_with_a_long_path() -> None:
    """The path of a socket has 107 bytes at most, and a project may be anywhere."""
    with Stack(f"{stack_name('long')}-{'x' * 100}") as stack:
        assert len(bytes(stack.folder)) > 107


def test_two_running_stacks_cannot_have_the_same_name(stack: Stack) -> None:
    with pytest.raises(FolderInUse, match=stack.name):
        Stack(stack.name).start()
    assert httpx.get(f"{stack.supabase_url}/auth/v1/.well-known/jwks.json").status_code == 200


def test_an_interrupt_ends_the_whole_stack(stack_process: Any) -> None:
    folder = STACKS / stack_name("child")
    pids = recorded_pids(folder)
    stack_process.send_signal(signal.SIGINT)
    assert stack_process.wait(60) == 0
    assert not running_pids(pids)
    assert not folder.exists()


def test_the_next_start_removes_what_a_killed_stack_left_behind(
    stack_process: Any, stack: Stack
) -> None:
    folder = STACKS / stack_name("child")
    pids, external_sockets = recorded_pids(folder), sockets(folder)
    stack_process.kill()
    stack_process.wait()
    assert running_pids(pids)
    stack_lock.remove_abandoned(STACKS)
    assert not running_pids(pids)
    assert not folder.exists()
    assert stack.folder.exists()
    assert not any(socket.exists() for socket in external_sockets)


def test_the_removal_spares_another_process_that_reuses_a_recorded_process_id(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "abandoned"
    folder.mkdir()
    (folder / "processes.txt").write_text(f"{os.getpid()} 12345\n")
    stack_lock.remove_abandoned(tmp_path)
    assert not folder.exists()


def test_stacks_that_start_and_end_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    def start_and_end(number: int) -> None:
        for turn in range(100):
            stack_lock.remove_abandoned(tmp_path)
            folder = tmp_path / f"{number}-{turn}"
            stack_lock.release(folder, stack_lock.acquire(folder))
            assert not folder.exists()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(start_and_end, range(4)))


def test_a_failed_service_is_reported_with_its_log_and_stops_the_stack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(s3, "_binary", lambda: Path("/bin/false"))
    broken = Stack(stack_name("broken"))
    with pytest.raises(ServiceFailed, match=r"s3 exited with status 1.*s3\.log"):
        broken.start()
    assert [entry.name for entry in broken.folder.iterdir() if entry.is_dir()] == ["logs"]
    assert subprocess.run(["pgrep", "-f", str(broken.folder)], check=False).returncode == 1
    stack_lock.remove_abandoned(STACKS)
    assert not broken.folder.exists()


def test_the_database_can_stop_and_start_again_with_its_rows(stack: Stack) -> None:
    user = stack.create_user("stays@example.com")
    url, headers = f"{stack.supabase_url}/rest/v1/", {"apikey": stack.keys.secret}
    stack.stop_postgres()
    started = time.monotonic()
    assert httpx.get(f"{url}intent_catalogue", headers=headers).status_code == 503
    assert time.monotonic() - started < 5
    stack.start_postgres()
    assert httpx.get(f"{url}intent_catalogue", headers=headers).status_code == 200
    with psycopg.connect(stack.postgres_dsn) as connection:
        query = "select count(*) from auth.users where id = %s"
        assert connection.execute(query, [user.id]).fetchone() == (1,)


def test_each_function_gets_only_the_keys_that_it_needs(stack: Stack) -> None:
    keys = {
        function: {name for name in stack.environment(function) if name.startswith("SUPABASE_")}
        for function in ("classify-and-log", "record-outcome", "correct", "models", "export")
    }
    own_role = {"SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SIGNING_KEY"}
    assert keys["classify-and-log"] == keys["models"] == keys["export"] == own_role
    assert keys["record-outcome"] == keys["correct"]
    assert keys["correct"] == {"SUPABASE_URL", "SUPABASE_SECRET_KEY"}
    assert "AWS_SECRET_ACCESS_KEY" not in stack.environment("record-outcome")


def test_s3_stores_objects_and_rejects_requests_without_credentials(stack: Stack) -> None:
    client = stack.s3_client()
    client.put_object(Bucket=stack.bucket, Key="a/b", Body=b"hello")
    assert client.get_object(Bucket=stack.bucket, Key="a/b")["Body"].read() == b"hello"
    assert httpx.get(f"{stack.s3_endpoint}/{stack.bucket}/a/b").status_code == 403
