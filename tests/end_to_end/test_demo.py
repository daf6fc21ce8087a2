"""The demo, as a newcomer runs it, with fewer messages."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from training.examples import read_examples

ROOT = Path(__file__).parents[2]
UTTERANCES = ROOT / "training" / "data" / "train"


def _demo(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "examples.demo", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "160"},
    )


@pytest.fixture(scope="module")
def labelled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("demo") / "labelled.jsonl"
    examples = [e for e in read_examples([UTTERANCES]) if e.label in ("email", "status", "search")]
    lines = [json.dumps({"text": e.text, "label": f"my_{e.label}"}) for e in examples]
    file.write_text("\n".join(lines))
    return file


def test_a_file_of_ones_own_goes_through_the_whole_loop(labelled_file: Path) -> None:
    ended = _demo("--data", str(labelled_file), "--limit", "60")

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "740 texts, 3 intents" in ended.stdout
    for promise in (
        "60 messages over HTTP",
        "ada's rows",
        "0 rows",
        "write a forged prediction │ refused (403)",
        "delete her own rows       │ refused (403)",
        '"source": "production"',
        "accuracy",
        "Served by retrained-",
        "What the loop learned",
    ):
        assert promise in ended.stdout
    assert "ALLOWED" not in ended.stdout


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ('{"text": "a", "label": "b"}', "at least 100 texts"),
        ('{"text": "a"}', "line 1: label"),
        ("text,label", "line 1 is not JSON"),
    ],
)
def test_a_file_that_will_not_do_is_explained(tmp_path: Path, content: str, fault: str) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(content)

    ended = _demo("--data", str(file))

    assert ended.returncode == 1
    assert fault in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr
