"""The progress lines of a training without a terminal."""

import pytest

from training import config


def test_the_lines_of_steps_that_run_at_once_can_be_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(config, "SECONDS_BETWEEN_LINES", 0)
    lines: list[str] = []
    progress = config.ProgressLines(lines.append)

    first, second = progress.step("Training the student"), progress.step("Training the student")
    first(900, 1000)
    second(20, 750)
    first(1000, 1000)

    assert lines == [
        "Training the student ...",
        "Training the student: 900 of 1,000",
        "Training the student (2): 20 of 750",
        "Training the student: 1,000 of 1,000",
    ]
