"""The command `prompt-capture`, in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from infra.local import stack_env
from infra.local.paths import STACKS
from tests.child_processes import child_process, read_until
from tests.end_to_end.conftest import DeployedStack

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).parent / "prompt-capture")
SHIPPED_MODEL = str(ROOT / "model_artifacts" / "assistant")


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", **environment},
        cwd=ROOT,
    )


@cache
def _general_help() -> str:
    return _run("--help").stdout


@pytest.mark.parametrize(
    "command",
    [
        "serve",
        "prompts",
        "export",
        "import-review",
        "convert",
        "train",
        "evaluate",
        "predict",
        "erase",
        "redrive",
        "doctor",
        "migrations add",
    ],
)
def test_every_command_has_a_help_text_with_examples(command: str) -> None:
    words = command.split()
    assert words[0] in _general_help()
    shown = _run(*words, "--help").stdout
    assert "Usage: prompt-capture" in shown
    assert re.search(rf"Examples.*\n.*prompt-capture {command}", shown)


def test_an_export_writes_to_s3_or_to_a_folder(deployment: DeployedStack, tmp_path: Path) -> None:
    deployment.classify("move my dentist appointment to friday")
    settings = stack_env.variables(deployment.stack)

    to_s3 = _run("export", "--mode", "retraining", **settings)
    url = f"s3://{deployment.stack.bucket}/exports/retraining/"
    assert to_s3.stdout.startswith(f"Exported 1 row to {url}")

    to_folder = _run("export", "--mode", "retraining", "--out", str(tmp_path), **settings)
    (file,) = tmp_path.rglob("*.jsonl")
    assert to_folder.stdout.strip() == f"Exported 1 row to {file}"
    assert json.loads(file.read_text())["label"] == "reschedule"


def test_an_export_prints_a_warning_once(deployment: DeployedStack, tmp_path: Path) -> None:
    settings = stack_env.variables(deployment.stack)
    options = ("--policy", "audited", "--out", str(tmp_path))

    exported = _run("export", "--mode", "retraining", *options, **settings)

    assert exported.stderr == "The dataset is empty: no label reaches the floor.\n"


def test_a_completed_review_file_can_be_imported_twice(
    deployment: DeployedStack, tmp_path: Path
) -> None:
    settings = stack_env.variables(deployment.stack)
    log_ids = [deployment.classify(f"the thing with the {n} other thing")["log_id"] for n in "abc"]
    options = ("--confidence-threshold", "1", "--out", str(tmp_path))
    _run("export", "--mode", "review", *options, **settings)
    (file,) = tmp_path.rglob("*.json")
    entries = json.loads(file.read_text())
    entries[0] |= {"corrected_intent": "status", "notes": "they ask how far they are"}
    entries[0]["corrected_secondary_intents"] = ["help"]
    entries[1] |= {"corrected_intent": "statuss"}
    file.write_text(json.dumps(entries))
    command = ("import-review", str(file), "--reviewer", "grace")

    shown = _run(*command, **settings)
    assert "1  new corrections" in shown.stdout
    assert "1 new with secondary intents" in shown.stdout
    assert "entry 2: corrected_intent: not in the intent catalogue; did you mean status" in (
        shown.stdout
    )
    assert "Nothing was recorded" in shown.stdout
    assert deployment.row(log_ids[0])["corrected_intent"] is None

    assert "Recorded 1 correction." in _run(*command, "--apply", **settings).stdout
    row = deployment.row(log_ids[0])
    assert (row["corrected_intent"], row["corrected_by"]) == ("status", "grace")
    assert row["correction_notes"] == "they ask how far they are"
    assert row["corrected_secondary_intents"] == ["help"]
    assert "1  already recorded" in _run(*command, "--apply", **settings).stdout


def test_an_export_without_settings_reports_the_missing_setting() -> None:
    completed = _run("export", "--mode", "review")

    assert completed.returncode == 1
    assert "SUPABASE_URL" in completed.stderr
    assert "Traceback" not in completed.stderr


def test_a_model_is_trained_on_data_in_s3_and_evaluated(
    deployment: DeployedStack, tmp_path: Path
) -> None:
    data = ROOT / "examples" / "demo" / "data" / "test.jsonl"
    count = len(data.read_text().splitlines())
    deployment.stack.s3_client().upload_file(str(data), deployment.stack.bucket, "data.jsonl")
    source = f"s3://{deployment.stack.bucket}/data.jsonl"
    settings = stack_env.variables(deployment.stack)

    trained = _run("train", "--data", source, "--out", str(tmp_path / "next"), **settings)
    assert trained.returncode == 0, trained.stderr
    assert f"22 intents from {count} examples" in trained.stderr

    predicted = _run("predict", "--data", source, "--json", **settings)
    assert predicted.returncode == 0, predicted.stderr
    assert len(predicted.stdout.splitlines()) == count

    evaluated = _run("evaluate", "--model", str(tmp_path / "next"), "--data", str(data), "--json")
    metrics = json.loads(evaluated.stdout)
    assert metrics["n"] == count
    assert metrics["accuracy"] > 0.9
    assert {"macro_f1", "ece", "oos"} <= set(metrics)
    assert {"p50", "p99"} == set(metrics["latency_ms"])


def test_an_exported_dataset_in_s3_is_read_by_its_prefix(deployment: DeployedStack) -> None:
    deployment.classify("move my dentist appointment to friday")
    settings = {**stack_env.variables(deployment.stack), "EXPORT_PREFIX": "read-by-prefix"}
    _run("export", "--mode", "retraining", **settings)
    source = f"s3://{deployment.stack.bucket}/read-by-prefix"

    evaluated = _run("evaluate", "--model", SHIPPED_MODEL, "--data", source, "--json", **settings)

    assert evaluated.returncode == 0, evaluated.stderr
    assert "labels from the field label (dataset retraining)" in evaluated.stderr
    assert json.loads(evaluated.stdout)["n"] >= 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("id,corrected_intent\nréserve,status\n".encode("cp1252"), "Line 2 is not UTF-8"),
        (b"PK\x03\x04", "Excel workbook"),
        (b'id,corrected_intent\n"a,status\n', "Line 2: the quote"),
        (b'[{"id": 1},', "not valid JSON"),
        (None, "No such file"),
    ],
)
def test_a_review_file_that_cannot_be_read_is_explained(
    tmp_path: Path, content: bytes | None, problem: str
) -> None:
    file = tmp_path / "review.csv"
    if content is not None:
        file.write_bytes(content)

    completed = _run("import-review", str(file), "--reviewer", "grace")

    assert completed.returncode == 1
    assert f"{file} cannot be read: " in completed.stderr
    assert problem in completed.stderr
    assert "Traceback" not in completed.stderr


def test_errors_in_a_model_or_in_data_are_explained(tmp_path: Path) -> None:
    no_model = _run("evaluate", "--model", str(tmp_path), "--data", str(tmp_path))
    no_data = _run("evaluate", "--model", SHIPPED_MODEL, "--data", str(tmp_path))

    for completed, message in ((no_model, "manifest.json"), (no_data, "no examples")):
        assert completed.returncode == 1
        assert message in completed.stderr
        assert "Traceback" not in completed.stderr


@pytest.mark.parametrize("output", ["", "--json"])
def test_predictions_end_without_a_traceback_when_their_reader_does(
    tmp_path: Path, output: str
) -> None:
    (tmp_path / "messages.txt").write_text("move my dentist to friday\n" * 5000)
    command = f"{COMMAND} predict --data {tmp_path}/messages.txt {output} | head --lines 2"

    completed = subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )

    assert completed.returncode == 1
    assert len(completed.stdout.splitlines()) == 2
    assert "Traceback" not in completed.stderr
    assert "Error" not in completed.stderr


def test_a_prediction_follows_each_line_until_ctrl_c() -> None:
    with subprocess.Popen(
        [COMMAND, "predict", "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write("move my dentist to friday\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["intent"] == "reschedule"

        process.send_signal(signal.SIGINT)

        assert process.wait(20) == 130
        assert process.stderr.read() == ""


def test_serve_prints_a_request_that_works_and_removes_its_data() -> None:
    name = f"serve-{os.getpid()}"
    with child_process(COMMAND, "serve", "--name", name) as process:
        shown = read_until(process, "Press Ctrl-C to stop")
        example = shown[shown.index("curl") : shown.index("\nLogs")].strip()
        response = subprocess.run(
            ["bash", "-c", example], capture_output=True, text=True, check=True
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0

    # On a busy machine, the first write may not end in time.
    assert json.loads(response.stdout)["captured"] in {"stored", "spooled"}
    assert not (STACKS / name).exists()


def test_serve_removes_its_data_when_its_terminal_is_closed() -> None:
    name = f"closed-{os.getpid()}"
    # The tests may run under `nohup`, whose children ignore SIGHUP.
    command = ("env", "--default-signal=HUP", COMMAND)
    with child_process(*command, "serve", "--name", name) as process:
        read_until(process, "Press Ctrl-C to stop")
        for _ in range(2):  # one from the terminal, and one from its shell
            process.send_signal(signal.SIGHUP)
        process.wait(20)

    assert not (STACKS / name).exists()


def test_a_terminal_without_a_character_shows_a_question_mark(
    deployment: DeployedStack,
) -> None:
    deployment.classify("日本 übermorgen")
    settings = stack_env.variables(deployment.stack)

    shown = _run(
        "prompts", "--low-confidence", "--threshold", "1", PYTHONIOENCODING="ascii", **settings
    )

    assert shown.returncode == 0, shown.stderr
    assert "?? ?bermorgen" in shown.stdout
