"""What whoever trains on a dataset should be told before they do."""

from collections.abc import Mapping

from prompt_capture.domain.datasets.manifests import Counts
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.datasets.tiers import Precision, Tier

LOW_PRECISION = 0.9
"""Below it, more than one label in ten is perhaps wrong."""


def warnings_about(
    request: ExportRequest, precisions: Mapping[Tier, Precision], counts: Counts
) -> tuple[str, ...]:
    """Say what is unknown or low of the labels that nobody checked."""
    if request.mode != "retraining":
        return ()
    if request.is_by_text:
        return () if counts.lines else ("No label reached the floor: the dataset is empty.",)
    unchecked = counts.lines - counts.by_tier["person"]
    found = precisions["confident"]
    is_known_good = found.at_least is not None and found.at_least >= LOW_PRECISION
    if not unchecked or is_known_good:
        return ()
    told = f"{unchecked:,} labels are the model's own. How many of them are right: {found}."
    return (f"{told} The policy `audited` takes labels that an audit found right.",)
