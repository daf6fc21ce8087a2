"""The recording of outcomes."""

from prompt_capture.adapters.aws.metrics import EmfMetrics
from prompt_capture.bootstrap.stores import service_store
from prompt_capture.workflows.record_outcome import RecordOutcome


def record_outcome() -> RecordOutcome:
    """Wire the recording of outcomes. Raise `InvalidSettings`."""
    return RecordOutcome(service_store(), EmfMetrics("record-outcome").record_counts)
