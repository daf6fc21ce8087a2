"""The shell blocks of the documentation do what they say, also in a new shell and in zsh."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from prompt_capture.settings.callers import OperatorSettings
from tests.unit.test_docs_links import DOCS, PAGES, ROOT

BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"(?:^|\s)#(?=\s|$)")
URL = "https://abcdefghijklmnopqrst.supabase.co"

STUBS = """
aws() {
  while [ "$1" != --name ]; do shift; done
  if [ -e offline ]; then return 255; fi
  echo "${2##*/} $4" >> stored
}
"""
"""An `aws` that writes down what it would store, and fails where there is a file `offline`."""


def blocks(page: Path, *languages: str) -> Iterator[str]:
    """Yield the code blocks of a page that have one of the languages."""
    for _, language, block in BLOCK.findall(page.read_text("utf-8")):
        if language in languages:
            yield dedent(block)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_no_command_has_a_comment(page: Path) -> None:
    # An interactive zsh, which is the shell of macOS, takes it for arguments, and runs what is in
    # backticks. `NAME=value  # comment` sets nothing at all there.
    lines = [line for block in blocks(page, "", "sh", "bash") for line in block.splitlines()]

    assert [line for line in lines if COMMENT.search(line)] == []


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_no_deployment_has_a_parameter_that_the_next_one_would_lack(page: Path) -> None:
    # `osls` remembers no option: a rotation after `--param urlAuth=iam` would open the URLs.
    parameters = set(re.findall(r"--param[ =](\w+)", page.read_text("utf-8")))

    assert parameters <= {"parametersVersion", "NAME"}


def run(folder: Path, *parts: str) -> dict[str, str]:
    """Run parts of the guides in a new shell, and return what they stored."""
    script = "\n".join([STUBS, *parts])
    command = ["bash", "--norc", "-c", script]
    subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=30)
    stored = folder / "stored"
    lines = stored.read_text().splitlines() if stored.exists() else []
    return dict(line.split(" ", 1) for line in lines)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "signing-key.json").write_text('{"kty":"EC"}')
    return tmp_path


def steps(page: str, command: str) -> str:
    """Return the block of a page that has a command."""
    (block,) = (each for each in blocks(DOCS / "how-to" / page, "") if command in each)
    return block


STORE = steps("deploy.md", "put supabase-url").replace("https://YOUR_REF.supabase.co", URL)
FUNCTIONS = STORE.partition("put supabase-url")[0]
ROTATE = steps("rotate-keys.md", "put api-key-hashes")
KEYS = steps("deploy.md", "KEY=$(")
HASHES = {"api-key-hashes", "operator-key-hashes"}


def read(stored: dict[str, str]) -> OperatorSettings:
    """Read what was stored as a function does."""
    names = {name.upper().replace("-", "_"): value for name, value in stored.items()}
    return OperatorSettings.from_env({"SUPABASE_URL": URL} | names)


def test_the_keys_of_a_deployment_are_stored_and_read(folder: Path) -> None:
    stored = run(folder, KEYS, STORE)

    settings = read(stored)
    assert len(settings.api_key_hashes) == len(settings.operator_key_hashes) == 1
    assert len(stored) == 7
    assert not (folder / "signing-key.json").exists()


def test_the_hash_of_a_key_that_this_shell_does_not_have_is_not_stored(folder: Path) -> None:
    assert set(run(folder, STORE)) == {
        "supabase-url",
        "supabase-publishable-key",
        "supabase-secret-key",
        "supabase-signing-key",
        "idempotency-secret",
    }


def test_a_signing_key_that_could_not_be_stored_stays(folder: Path) -> None:
    (folder / "offline").touch()

    assert run(folder, KEYS, STORE) == {}
    assert (folder / "signing-key.json").exists()


def test_a_rotation_stores_both_keys(folder: Path) -> None:
    assert len(read(run(folder, FUNCTIONS, "KEY=old NEW=new", ROTATE)).api_key_hashes) == 2


@pytest.mark.parametrize("known", ["KEY=old", "NEW=new", "KEY= NEW=new", ""])
def test_a_rotation_without_one_of_the_keys_stores_no_hash(folder: Path, known: str) -> None:
    assert not HASHES & set(run(folder, FUNCTIONS, known, ROTATE))
