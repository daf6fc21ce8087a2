"""CloudWatch metrics have counts, durations and dimensions, but no text of a message."""

import json
from typing import Any

import pytest

from prompt_capture.adapters.aws.metrics import EmfMetrics
from prompt_capture.domain.captures import Capture, ClassifiedMessage
from tests.unit.test_capture import make_prompt


def read_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def dimensions(line: dict[str, Any]) -> list[list[str]]:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "PromptCapture"
    names: list[list[str]] = directive["Dimensions"]
    return names


def test_messages_are_counted_by_intent_and_model_and_the_first_is_a_cold_start(
    capsys: pytest.CaptureFixture[str],
) -> None:
    metrics = EmfMetrics("classify-and-log")
    prediction = make_prompt(text="my secret").prediction
    classified = ClassifiedMessage(None, prediction, False, "stored", 0.0012)

    metrics.record_classification(classified)
    metrics.record_classification(classified)

    first, cold, second = read_lines(capsys)
    assert dimensions(first) == [["service"], ["service", "intent"], ["service", "model_version"]]
    assert (first["intent"], first["model_version"]) == ("reschedule", "test-1")
    assert (first["Messages"], first["ClassifyDuration"]) == ([1.0], [1.2])
    assert cold["ColdStart"] == [1.0]
    assert "Messages" in second


@pytest.mark.parametrize("captured", ["stored", "spooled", "lost"])
def test_captures_are_counted_by_result(capsys: pytest.CaptureFixture[str], captured: Any) -> None:
    seconds = {"write": 0.18, "spool": 0.05}

    EmfMetrics("classify-and-log").record_capture(
        Capture(make_prompt(text="my secret"), captured, "too_slow", seconds)
    )

    (line,) = read_lines(capsys)
    assert dimensions(line) == [["service"]]
    assert line[captured.capitalize()] == [1.0]
    assert (line["WriteDuration"], line["SpoolDuration"]) == ([180.0], [50.0])
    assert "secret" not in json.dumps(line)


def test_drained_messages_are_counted_by_result(capsys: pytest.CaptureFixture[str]) -> None:
    EmfMetrics("drain").record_counts({"stored": 7, "dropped": 1}, 0.25)

    line, _ = read_lines(capsys)
    assert (line["Stored"], line["Dropped"], line["DrainDuration"]) == ([7.0], [1.0], [250.0])
