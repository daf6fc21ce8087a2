"""The demo: its messages, a file of one's own, and what ends it."""

import io
import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from examples.demo.__main__ import demo
from examples.demo.capture_steps import check_row_level_security, send_traffic, start_stack
from examples.demo.console import DemoConsole
from examples.demo.failures import DemoCheckFailed
from examples.demo.runner import run_demo
from examples.demo.scenario import Scenario, college_scenario, file_scenario
from infra.local.stack import Stack
from training.data.examples import Example, grouping_key
from training.data.reading import read_examples

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


def _run_in_process(*options: str) -> Result:
    """Run a demo in this process that is rejected before anything starts."""
    app = typer.Typer()
    app.command()(demo)
    return CliRunner().invoke(app, options)


def _keys(examples: list[Example]) -> set[str]:
    return {grouping_key(example.text) for example in examples}


def _count(file: Path) -> int:
    return len(_keys(read_examples([file])))


def _assert_disjoint(scenario: Scenario) -> None:
    test = _keys(list(scenario.test))
    assert test
    assert not test & _keys([*scenario.seeds, *scenario.traffic])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("demo") / "labelled.jsonl"
    examples = [e for e in read_examples([UTTERANCES]) if e.label in ("email", "status", "search")]
    lines = [json.dumps({"text": e.text, "label": f"my_{e.label}"}) for e in examples]
    file.write_text("\n".join(lines))
    return file


def test_the_demo_runs_with_a_file_of_labelled_messages(file: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"

    completed = _demo("--data", str(file), "--limit", "60", "--keep", str(output))

    assert completed.returncode == 0, completed.stdout + completed.stderr
    for text in (
        f"{_count(file):,} texts, 3 intents",
        "60 messages over HTTP",
        "insert a forged prediction │ denied (403)",
        "delete her own rows        │ denied (403)",
        '"source":"production"',
        "accuracy",
        "Outcome: held",
        "grace, hedy, ida decided",
        "The new model answered after",
        "The first model answered again after",
        "Summary",
    ):
        assert text in completed.stdout
    lines = (output / "dataset.jsonl").read_text("utf-8").splitlines()
    assert lines
    assert f"{len(lines)} texts to learn from" in completed.stdout
    assert json.loads((output / "retrained" / "manifest.json").read_text())["labels"] == [
        "my_email",
        "my_search",
        "my_status",
    ]


def test_the_demo_closes_the_loop_by_itself() -> None:
    scenario = college_scenario(None)  # fewer messages do not show that the new model is better
    console = Console(record=True, width=120, file=io.StringIO())  # as in a terminal of 120 columns

    run_demo(DemoConsole(console), scenario)

    shown = console.export_text()
    assert f"{len(scenario.traffic)} messages over HTTP" in shown
    assert "classified by a rule" in shown
    assert "ben       │ read ada's rows            │ 0 rows" in shown
    assert "anonymous │ read ada's rows            │ denied (401)" in shown
    assert "ada       │ update her own rows        │ denied (403)" in shown
    assert f"Accuracy on {len(scenario.test)} messages of the second week" in shown
    assert "Outcome: promoted" in shown, shown.partition("Retrain ─")[2]
    assert "The promotion depends on no single reviewer" in shown
    assert "The new model answered after" in shown
    assert "The first model answered again after" in shown


def test_rows_that_another_user_can_read_end_the_demo() -> None:
    scenario, demo_console = college_scenario(6), DemoConsole(Console(quiet=True))
    with (
        closing(Stack()) as stack,
        closing(start_stack(demo_console, scenario, stack)) as assistant,
    ):
        send_traffic(demo_console, scenario, assistant)
        check_row_level_security(demo_console, stack, assistant)
        with psycopg.connect(stack.postgres_admin_dsn) as connection:
            connection.execute("alter table public.nlu_prompt_logs disable row level security")

        with pytest.raises(DemoCheckFailed, match="ben, read ada's rows: 2 rows"):
            check_row_level_security(demo_console, stack, assistant)


def test_no_message_of_the_second_week_is_known_to_the_first_model_or_sent_before(
    file: Path,
) -> None:
    _assert_disjoint(college_scenario(None))
    _assert_disjoint(file_scenario(file, limit=1_000, seed=0))


def test_copies_of_a_text_stay_in_one_part(tmp_path: Path, file: Path) -> None:
    copied = tmp_path / "copied.jsonl"
    upper_case = [
        json.dumps({"text": f" {e.text.upper()} ", "label": e.label}) for e in read_examples([file])
    ]
    copied.write_text("\n".join([file.read_text(), *upper_case]))

    scenario = file_scenario(copied, limit=_count(file), seed=0)

    _assert_disjoint(scenario)
    assert len(scenario.seeds) + len(scenario.traffic) + len(scenario.test) == _count(file)


def test_the_seed_decides_how_a_file_is_split(file: Path) -> None:
    assert file_scenario(file, 60, seed=1) == file_scenario(file, 60, seed=1)
    assert file_scenario(file, 60, seed=1).test != file_scenario(file, 60, seed=2).test
    texts = _count(file)
    known, test = texts // 10, texts // 5
    assert file_scenario(file, 60, seed=1).skipped_traffic == texts - known - test - 60


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"text": "a", "label": "b"}', "at least 100 different texts"),
        ('{"text": "a"}', "line 1: label"),
        ("text,label", "line 1 is not valid JSON"),
        ('{"text": "a", "label": "b"}\n\n{"text": "", "label": "b"}', "(line 3)"),
    ],
)
def test_an_invalid_file_is_explained(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(content)

    completed = _run_in_process("--data", str(file))

    assert completed.exit_code == 1
    assert message in " ".join(completed.stderr.split())
    assert completed.stdout == ""


def test_existing_files_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    completed = _run_in_process("--keep", str(tmp_path))

    assert completed.exit_code == 2
    assert "is not empty" in " ".join(completed.stderr.replace("│", " ").split())
