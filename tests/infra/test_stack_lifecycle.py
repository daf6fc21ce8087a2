"""A stack comes up whole and leaves nothing behind, however it ends."""

import os
import signal
import subprocess
import sys
import time
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
from tests.children import running, shown_until

OWNER = """
import sys, time
from infra.local.stack import Stack
try:
    with Stack(sys.argv[1]):
        print("up", flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def recorded(folder: Path) -> list[int]:
    lines = (folder / "processes.txt").read_text().splitlines()
    return [int(line.split()[0]) for line in lines]


def sockets(folder: Path) -> list[Path]:
    """Return those that the stack's S3 server makes outside its folder."""
    return [Path(line) for line in (folder / "outside.txt").read_text().splitlines()]


def alive(pids: list[int]) -> list[int]:
    """Return those that run; ended ones may wait for their parent to notice."""
    states = subprocess.run(
        ["ps", "-o", "pid=,stat=", "-p", ",".join(map(str, pids))],
        check=False,
        capture_output=True,
        text=True,
    ).stdout.split()
    pairs = zip(states[::2], states[1::2], strict=True)
    return [int(pid) for pid, state in pairs if not state.startswith("Z")]


def name(purpose: str) -> str:
    return f"test-{purpose}-{os.getpid()}"


@pytest.fixture
def owner(stack: Stack) -> Any:
    """Another process that owns a stack."""
    with running(sys.executable, "-c", OWNER, name("owned")) as process:
        shown_until(process, "up\n")
        yield process


def test_closing_leaves_no_process_no_folder_and_no_socket(stack: Stack) -> None:
    second = Stack(name("closed")).start()
    pids = recorded(second.folder)
    outside = sockets(second.folder)
    assert any(socket.exists() for socket in outside)
    assert len(alive(pids)) == len(pids) == 4
    second.close()
    assert not alive(pids)
    assert not second.folder.exists()
    assert not any(socket.exists() for socket in outside)
    assert httpx.get(f"{stack.supabase_url}/auth/v1/.well-known/jwks.json").status_code == 200


def test_two_stacks_share_nothing(stack: Stack) -> None:
    with Stack(name("second")) as second:
        user = second.create_user("only@example.com")
        count = "select count(*) from auth.users where id = %s"
        with (
            psycopg.connect(second.postgres_dsn) as there,
            psycopg.connect(stack.postgres_dsn) as here,
        ):
            assert there.execute(count, [user.id]).fetchone() == (1,)
            assert here.execute(count, [user.id]).fetchone() == (0,)
        url = f"{stack.supabase_url}/rest/v1/intent_catalogue"
        assert httpx.get(url, headers={"apikey": second.keys.secret}).status_code == 401


def test_a_name_belongs_to_one_running_stack(stack: Stack) -> None:
    with pytest.raises(FolderInUse, match=stack.name):
        Stack(stack.name).start()
    assert httpx.get(f"{stack.supabase_url}/auth/v1/.well-known/jwks.json").status_code == 200


def test_an_interrupt_ends_everything(owner: Any) -> None:
    folder = STACKS / name("owned")
    pids = recorded(folder)
    owner.send_signal(signal.SIGINT)
    assert owner.wait(60) == 0
    assert not alive(pids)
    assert not folder.exists()


def test_what_a_killed_owner_left_is_swept_at_the_next_start(owner: Any, stack: Stack) -> None:
    folder = STACKS / name("owned")
    pids, outside = recorded(folder), sockets(folder)
    owner.kill()
    owner.wait()
    assert alive(pids)
    stack_lock.sweep(STACKS)
    assert not alive(pids)
    assert not folder.exists()
    assert stack.folder.exists()
    assert not any(socket.exists() for socket in outside)


def test_sweeping_spares_a_stranger_who_got_a_recorded_process_id(tmp_path: Path) -> None:
    folder = tmp_path / "left"
    folder.mkdir()
    (folder / "processes.txt").write_text(f"{os.getpid()} 12345\n")
    stack_lock.sweep(tmp_path)
    assert not folder.exists()


def test_a_service_that_fails_is_named_with_its_log_and_takes_the_rest_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(s3, "_binary", lambda: Path("/bin/false"))
    broken = Stack(name("broken"))
    with pytest.raises(ServiceFailed, match=r"s3 ended with 1.*s3\.log"):
        broken.start()
    assert [entry.name for entry in broken.folder.iterdir() if entry.is_dir()] == ["logs"]
    assert subprocess.run(["pgrep", "-f", str(broken.folder)], check=False).returncode == 1
    stack_lock.sweep(STACKS)
    assert not broken.folder.exists()


def test_the_database_can_go_away_and_come_back_with_its_rows(stack: Stack) -> None:
    user = stack.create_user("stays@example.com")
    url, headers = f"{stack.supabase_url}/rest/v1/", {"apikey": stack.keys.secret}
    stack.stop_postgres()
    started = time.monotonic()
    assert httpx.get(f"{url}intent_catalogue", headers=headers).status_code == 503
    assert time.monotonic() - started < 1
    stack.start_postgres()
    assert httpx.get(f"{url}intent_catalogue", headers=headers).status_code == 200
    with psycopg.connect(stack.postgres_dsn) as connection:
        query = "select count(*) from auth.users where id = %s"
        assert connection.execute(query, [user.id]).fetchone() == (1,)


def test_each_function_gets_what_it_needs_and_no_more(stack: Stack) -> None:
    secrets = {
        function: {name for name in stack.env(function) if name.startswith("SUPABASE_")}
        for function in ("classify-and-log", "record-outcome", "correct", "export")
    }
    own_role = {"SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SIGNING_KEY"}
    assert secrets["classify-and-log"] == secrets["export"] == own_role
    assert secrets["record-outcome"] == secrets["correct"]
    assert secrets["correct"] == {"SUPABASE_URL", "SUPABASE_SECRET_KEY"}
    assert "AWS_SECRET_ACCESS_KEY" not in stack.env("record-outcome")


def test_objects_are_stored_and_a_wrong_key_is_refused(stack: Stack) -> None:
    client = stack.s3_client()
    client.put_object(Bucket=stack.bucket, Key="a/b", Body=b"hello")
    assert client.get_object(Bucket=stack.bucket, Key="a/b")["Body"].read() == b"hello"
    assert httpx.get(f"{stack.s3_endpoint}/{stack.bucket}/a/b").status_code == 403
