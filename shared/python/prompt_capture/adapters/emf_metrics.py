"""Metrics as CloudWatch reads them from a function's log (embedded metric format)."""

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

from prompt_capture.domain.captures import Capture, Told

NAMESPACE = "PromptCapture"

_DURATION = "Duration"
"""What names end in that are in milliseconds; all others are counts."""

Shape = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""A line without its figures: the metrics, the labels beside the service, and their values."""


class EmfMetrics:
    """Writes one line a message and one a capture; figures and labels, nothing of what was said.

    The library makes the first line of each shape, which takes it as long as the function has for
    all else around a message; later ones are that line with other figures.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self._made: dict[Shape, dict[str, Any]] = {}
        self._is_cold = True

    def answered(self, told: Told) -> None:
        """Count a message by intent and by model version, and how long its classification took."""
        prediction = told.prediction
        figures = {"Messages": 1.0, "ClassifyDuration": _milliseconds(told.seconds)}
        if told.captured == "skipped":
            figures["Skipped"] = 1
        self._write(figures, intent=prediction.intent, model_version=prediction.model_version)
        self._tell_cold_start()

    def captured(self, capture: Capture) -> None:
        """Count a capture by what became of it, and how long its parts took."""
        self._write({capture.captured.capitalize(): 1, **_durations(capture.seconds)})

    def counted(self, counts: Mapping[str, int], took: float | None = None) -> None:
        """Count whatever has a name; `took` is in seconds."""
        figures: dict[str, float] = {name.capitalize(): number for name, number in counts.items()}
        if took is not None:
            figures |= _durations({"Drain": took})
        if figures:
            self._write(figures)
        self._tell_cold_start()

    def _tell_cold_start(self) -> None:
        if self._is_cold:
            self._is_cold = False
            self._write({"ColdStart": 1})

    def _write(self, figures: Mapping[str, float], **labels: str) -> None:
        shape = tuple(figures), tuple(labels), tuple(labels.values())
        if shape not in self._made:
            self._made[shape] = self._make(figures, labels)
        line = self._made[shape]
        line["_aws"]["Timestamp"] = int(time.time() * 1000)
        line |= {name: [float(figure)] for name, figure in figures.items()}
        sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")

    def _make(self, figures: Mapping[str, float], labels: Mapping[str, str]) -> dict[str, Any]:
        line = AmazonCloudWatchEMFProvider(namespace=NAMESPACE, service=self._service)
        for name, figure in figures.items():
            unit = MetricUnit.Milliseconds if name.endswith(_DURATION) else MetricUnit.Count
            line.add_metric(name, unit, figure)
        for label, value in labels.items():
            line.add_dimensions(service=self._service, **{label: value})
        return {**line.serialize_metric_set()}


def _durations(seconds: Mapping[str, float]) -> dict[str, float]:
    return {
        f"{part.capitalize()}{_DURATION}": _milliseconds(took) for part, took in seconds.items()
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
