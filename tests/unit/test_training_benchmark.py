"""The benchmark of what training costs: its messages, and what it measures."""

import sys
from collections import Counter
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from benchmarks.training.__main__ import TrainingReport, bench
from benchmarks.training.messages import make_messages

MEGABYTE = 10**6
ALLOCATED = 300 * MEGABYTE
TRAIN = f"""#!{sys.executable}
import shutil, sys, time
block = bytearray({ALLOCATED})
block[::4096] = b"x" * len(block[::4096])
end = time.process_time() + 0.2
while time.process_time() < end: pass
shutil.copytree("model_artifacts/assistant", sys.argv[sys.argv.index("--out") + 1])
"""
FAIL = f"#!{sys.executable}\nraise SystemExit(3)\n"


def run_bench(out: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Result:
    """Run the benchmark with another command in the place of `prompt-capture`."""
    command = out / "command"
    command.write_text(script)
    command.chmod(0o755)
    monkeypatch.setattr("benchmarks.training.measuring.COMMAND", command)
    app = typer.Typer()
    app.command()(bench)
    return CliRunner().invoke(app, ["--quick", "--out", str(out / "results")])


def test_messages_are_distinct_and_their_intents_take_turns() -> None:
    messages = list(make_messages(2_000, 8))

    assert len({text for text, _ in messages}) == 2_000
    assert set(Counter(intent for _, intent in messages).values()) == {250}
    assert messages == list(make_messages(2_000, 8))


def test_time_and_memory_are_those_of_the_process_that_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_bench(tmp_path, monkeypatch, TRAIN)

    assert result.exit_code == 0, result.output
    content = (tmp_path / "results/results.json").read_text()
    (cost,) = TrainingReport.model_validate_json(content).costs
    assert ALLOCATED < cost.peak_memory < ALLOCATED + 100 * MEGABYTE
    assert cost.seconds >= cost.processor_seconds / 2 > 0.09
    assert cost.accuracy is not None
    assert "| 400 | 8 |" in (tmp_path / "results/table.md").read_text()


def test_a_training_that_fails_ends_the_benchmark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_bench(tmp_path, monkeypatch, FAIL)

    assert result.exit_code == 1
    assert "status 3" in result.output
