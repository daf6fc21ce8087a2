"""The recording of corrections."""

from prompt_capture.adapters.aws.metrics import EmfMetrics
from prompt_capture.bootstrap.stores import service_store
from prompt_capture.workflows.correct import Correct


def correct() -> Correct:
    """Wire the recording of corrections. Raise `InvalidSettings`."""
    return Correct(service_store(), EmfMetrics("correct").record_counts)
