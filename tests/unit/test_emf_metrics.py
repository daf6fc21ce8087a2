"""What CloudWatch reads: counts and durations with their labels, and not a word of a message."""

import json
from typing import Any

import pytest

from prompt_capture.adapters.emf_metrics import EmfMetrics
from prompt_capture.domain.captures import Capture, Told
from tests.unit.test_capture import prompt


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def dimensions(line: dict[str, Any]) -> list[list[str]]:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "PromptCapture"
    found: list[list[str]] = directive["Dimensions"]
    return found


def test_a_message_counts_by_intent_and_model_and_the_first_is_a_cold_start(
    capsys: pytest.CaptureFixture[str],
) -> None:
    metrics = EmfMetrics("classify-and-log")
    told = Told(prompt(text="my secret").prediction, "stored", 0.0012)

    metrics.answered(told)
    metrics.answered(told)

    first, cold, second = lines(capsys)
    assert dimensions(first) == [["service"], ["service", "intent"], ["service", "model_version"]]
    assert (first["intent"], first["model_version"]) == ("reschedule", "test-1")
    assert (first["Messages"], first["ClassifyDuration"]) == ([1.0], [1.2])
    assert cold["ColdStart"] == [1.0]
    assert "Messages" in second


@pytest.mark.parametrize("captured", ["stored", "spooled", "lost"])
def test_a_capture_counts_by_what_became_of_it(
    capsys: pytest.CaptureFixture[str], captured: Any
) -> None:
    seconds = {"write": 0.18, "spool": 0.05}

    EmfMetrics("classify-and-log").captured(
        Capture(prompt(text="my secret"), captured, "too_slow", seconds)
    )

    (line,) = lines(capsys)
    assert dimensions(line) == [["service"]]
    assert line[captured.capitalize()] == [1.0]
    assert (line["WriteDuration"], line["SpoolDuration"]) == ([180.0], [50.0])
    assert "secret" not in json.dumps(line)


def test_the_drain_counts_its_messages_by_fate(capsys: pytest.CaptureFixture[str]) -> None:
    EmfMetrics("drain").counted({"stored": 7, "dropped": 1}, 0.25)

    line, _ = lines(capsys)
    assert (line["Stored"], line["Dropped"], line["DrainDuration"]) == ([7.0], [1.0], [250.0])
