"""The benchmark of splits: its picture, and the command that draws it."""

import subprocess
import sys
from pathlib import Path

from benchmarks.split.picture import stopped_by_day, write_picture
from benchmarks.split.simulation import SimulatedSplit, SplitScenario

SPLITS = [SimulatedSplit(day, 10) for day in (2, 2, 3, None)]


def test_the_share_of_stopped_splits_adds_up_over_the_days() -> None:
    assert stopped_by_day(SPLITS, 4) == [0, 0.5, 0.75, 0.75]


def test_the_picture_has_a_panel_for_each_correlation_and_a_curve_for_each_loss(
    tmp_path: Path,
) -> None:
    results = [
        (SplitScenario(0.82, 0.82 - loss, icc), SPLITS) for icc in (0.0, 0.1) for loss in (0, 0.05)
    ]
    write_picture(results, tmp_path / "a" / "split.svg")
    write_picture(results, tmp_path / "b" / "split.svg")

    drawn = (tmp_path / "a" / "split.svg").read_text()
    assert drawn == (tmp_path / "b" / "split.svg").read_text()
    for text in ("ICC 0.00", "ICC 0.10", "equally good", "5 points worse"):
        assert text in drawn


def test_the_command_prints_the_rates_and_saves_the_picture(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.split", "--runs", "4", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert "Equal arms were stopped in at most" in result.stdout
    assert "ICC 0.10: " in result.stdout
    assert (tmp_path / "split.svg").read_text().startswith("<?xml")
