"""Metrics for CloudWatch, written to a function's log in the embedded metric format (EMF)."""

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

from prompt_capture.domain.captures import Capture, ClassifiedMessage

NAMESPACE = "PromptCapture"

_DURATION = "Duration"
"""Metrics with this suffix are in milliseconds. All others are counts."""

LineShape = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
"""What lines with different values have in common: metrics, dimensions, and dimension values."""


class EmfMetrics:
    """Writes one line per message and one per capture. No line contains a message.

    The library creates the first line of each shape, which takes as long as everything else that
    the function does for a message. Later lines reuse it with other values.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self._templates: dict[LineShape, dict[str, Any]] = {}
        self._is_cold = True

    def record_classification(self, classified: ClassifiedMessage) -> None:
        """Record a message, by intent and by model version, and the duration of classification."""
        prediction = classified.prediction
        values = {"Messages": 1.0, "ClassifyDuration": _milliseconds(classified.seconds)}
        if classified.captured == "skipped":
            values["Skipped"] = 1
        self._write(values, intent=prediction.intent, model_version=prediction.model_version)
        self._record_cold_start()

    def record_capture(self, capture: Capture) -> None:
        """Record a capture by its result, and the duration of its steps."""
        self._write({capture.captured.capitalize(): 1, **_durations(capture.seconds)})

    def record_model_change(self, change: str) -> None:
        """Record a switch to another model, or the fallback to the packaged one."""
        self._write({change: 1})

    def record_counts(self, counts: Mapping[str, int], drain_seconds: float | None = None) -> None:
        """Record counts by name, and the duration of a drain."""
        values: dict[str, float] = {name.capitalize(): count for name, count in counts.items()}
        if drain_seconds is not None:
            values |= _durations({"Drain": drain_seconds})
        if values:
            self._write(values)
        self._record_cold_start()

    def _record_cold_start(self) -> None:
        if self._is_cold:
            self._is_cold = False
            self._write({"ColdStart": 1})

    def _write(self, values: Mapping[str, float], **dimensions: str) -> None:
        shape = tuple(values), tuple(dimensions), tuple(dimensions.values())
        if shape not in self._templates:
            self._templates[shape] = self._create_template(values, dimensions)
        line = self._templates[shape]
        line["_aws"]["Timestamp"] = int(time.time() * 1000)
        line |= {name: [float(value)] for name, value in values.items()}
        sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")

    def _create_template(
        self, values: Mapping[str, float], dimensions: Mapping[str, str]
    ) -> dict[str, Any]:
        line = AmazonCloudWatchEMFProvider(namespace=NAMESPACE, service=self._service)
        for name, value in values.items():
            unit = MetricUnit.Milliseconds if name.endswith(_DURATION) else MetricUnit.Count
            line.add_metric(name, unit, value)
        for dimension, label in dimensions.items():
            line.add_dimensions(service=self._service, **{dimension: label})
        return {**line.serialize_metric_set()}


def _durations(seconds: Mapping[str, float]) -> dict[str, float]:
    return {
        f"{step.capitalize()}{_DURATION}": _milliseconds(duration)
        for step, duration in seconds.items()
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
