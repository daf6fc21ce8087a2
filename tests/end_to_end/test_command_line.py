"""`prompt-capture` as people type it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local import stack_env
from infra.local.paths import STACKS
from tests.child_processes import child_process, read_until
from tests.end_to_end.conftest import Deployment

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).parent / "prompt-capture")
SHIPPED = str(ROOT / "model_artifacts" / "assistant")


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", **environment},
        cwd=ROOT,
    )


@pytest.mark.parametrize(
    "command", ["serve", "export", "import-review", "train", "evaluate", "doctor"]
)
def test_every_command_explains_itself(command: str) -> None:
    assert command in _run("--help").stdout
    assert "Usage: prompt-capture" in _run(command, "--help").stdout


def test_an_export_by_hand_goes_to_s3_or_to_a_folder(
    deployment: Deployment, tmp_path: Path
) -> None:
    deployment.classify("move my dentist appointment to friday")
    settings = stack_env.variables(deployment.stack)

    to_s3 = _run("export", "--mode", "retraining", **settings)
    assert to_s3.stdout.startswith(f"1 rows in s3://{deployment.stack.bucket}/exports/retraining/")

    to_folder = _run("export", "--mode", "retraining", "--out", str(tmp_path), **settings)
    (file,) = tmp_path.rglob("*.jsonl")
    assert to_folder.stdout.strip() == f"1 rows in {file}"
    assert json.loads(file.read_text())["label"] == "reschedule"


def test_a_review_file_goes_out_is_filled_in_and_comes_back(
    deployment: Deployment, tmp_path: Path
) -> None:
    settings = stack_env.variables(deployment.stack)
    log_ids = [deployment.classify(f"the thing with the {n} other thing")["log_id"] for n in "abc"]
    options = ("--confidence-threshold", "1", "--out", str(tmp_path))
    _run("export", "--mode", "review", *options, **settings)
    (file,) = tmp_path.rglob("*.json")
    entries = json.loads(file.read_text())
    entries[0] |= {"corrected_intent": "status", "notes": "they ask how far they are"}
    entries[1] |= {"corrected_intent": "statuss"}
    file.write_text(json.dumps(entries))
    arguments = ("import-review", str(file), "--reviewer", "grace")

    shown = _run(*arguments, **settings)
    assert "1  new corrections" in shown.stdout
    assert "entry 2: corrected_intent: not in the intent catalogue; did you mean status" in (
        shown.stdout
    )
    assert "Nothing was recorded" in shown.stdout
    assert deployment.row(log_ids[0])["corrected_intent"] is None

    assert "1 corrections recorded." in _run(*arguments, "--apply", **settings).stdout
    row = deployment.row(log_ids[0])
    assert (row["corrected_intent"], row["corrected_by"]) == ("status", "grace")
    assert row["correction_notes"] == "they ask how far they are"
    assert "1  on record already" in _run(*arguments, "--apply", **settings).stdout


def test_an_export_without_settings_names_what_is_missing() -> None:
    ended = _run("export", "--mode", "review")

    assert ended.returncode == 1
    assert "SUPABASE_URL" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_model_is_trained_from_s3_and_measured(deployment: Deployment, tmp_path: Path) -> None:
    data = ROOT / "examples" / "demo" / "data" / "test.jsonl"
    deployment.stack.s3_client().upload_file(str(data), deployment.stack.bucket, "data.jsonl")
    source = f"s3://{deployment.stack.bucket}/data.jsonl"
    settings = stack_env.variables(deployment.stack)

    trained = _run("train", "--data", source, "--out", str(tmp_path / "next"), **settings)
    assert trained.returncode == 0, trained.stderr
    assert "22 intents from 260 examples" in trained.stderr

    measured = _run("evaluate", "--model", str(tmp_path / "next"), "--data", str(data), "--json")
    result = json.loads(measured.stdout)
    assert result["n"] == 260
    assert result["accuracy"] > 0.9
    assert {"macro_f1", "ece", "oos"} <= set(result)
    assert {"p50", "p99"} == set(result["latency_ms"])


def test_what_is_wrong_with_a_model_or_its_data_is_said(tmp_path: Path) -> None:
    no_model = _run("evaluate", "--model", str(tmp_path), "--data", str(tmp_path))
    no_data = _run("evaluate", "--model", SHIPPED, "--data", str(tmp_path))

    for ended, fault in ((no_model, "manifest.json"), (no_data, "no examples")):
        assert ended.returncode == 1
        assert fault in ended.stderr
        assert "Traceback" not in ended.stderr


def test_serve_tells_how_to_call_it_and_leaves_nothing_behind() -> None:
    name = f"serve-{os.getpid()}"
    with child_process(COMMAND, "serve", "--name", name) as process:
        shown = read_until(process, "Ctrl-C stops everything")
        example = shown[shown.index("curl") : shown.index("\nLogs")].strip()
        answer = subprocess.run(["bash", "-c", example], capture_output=True, text=True, check=True)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0

    assert json.loads(answer.stdout)["captured"] == "stored"
    assert not (STACKS / name).exists()
