"""Metrics as CloudWatch reads them from a function's log (embedded metric format)."""

from collections.abc import Mapping

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import (
    AmazonCloudWatchEMFProvider,
)

from prompt_capture.domain.captures import Capture, Told

NAMESPACE = "PromptCapture"


class EmfMetrics:
    """Writes one line a message and one a capture; figures and labels, nothing of what was said."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._is_cold = True

    def answered(self, told: Told) -> None:
        """Count a message by intent and by model version, and how long its classification took."""
        line = self._line()
        line.add_dimensions(service=self._service, intent=told.prediction.intent)
        line.add_dimensions(service=self._service, model_version=told.prediction.model_version)
        line.add_metric("Messages", MetricUnit.Count, 1)
        if told.captured == "skipped":
            line.add_metric("Skipped", MetricUnit.Count, 1)
        _add_durations(line, {"Classify": told.seconds})
        line.flush_metrics()
        self._tell_cold_start()

    def captured(self, capture: Capture) -> None:
        """Count a capture by what became of it, and how long its parts took."""
        line = self._line()
        line.add_metric(capture.captured.capitalize(), MetricUnit.Count, 1)
        _add_durations(line, {part.capitalize(): took for part, took in capture.seconds.items()})
        line.flush_metrics()

    def counted(self, counts: Mapping[str, int], took: float | None = None) -> None:
        """Count whatever has a name; `took` is in seconds."""
        line = self._line()
        for name, number in counts.items():
            line.add_metric(name.capitalize(), MetricUnit.Count, number)
        _add_durations(line, {"Drain": took} if took is not None else {})
        line.flush_metrics()
        self._tell_cold_start()

    def _tell_cold_start(self) -> None:
        if self._is_cold:
            self._is_cold = False
            line = self._line()
            line.add_metric("ColdStart", MetricUnit.Count, 1)
            line.flush_metrics()

    def _line(self) -> AmazonCloudWatchEMFProvider:
        return AmazonCloudWatchEMFProvider(namespace=NAMESPACE, service=self._service)


def _add_durations(line: AmazonCloudWatchEMFProvider, seconds: Mapping[str, float]) -> None:
    for part, took in seconds.items():
        line.add_metric(f"{part}Duration", MetricUnit.Milliseconds, round(took * 1000, 3))
