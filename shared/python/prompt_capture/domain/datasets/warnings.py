"""Warnings about the quality of a dataset's labels."""

from collections.abc import Mapping

from prompt_capture.domain.datasets.manifests import DatasetCounts
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.datasets.tiers import Precision, Tier

LOW_PRECISION = 0.9
"""Below this lower bound, more than one label in ten may be wrong."""


def dataset_warnings(
    request: ExportRequest, precisions: Mapping[Tier, Precision], counts: DatasetCounts
) -> tuple[str, ...]:
    """Return warnings about an empty dataset, and about labels of unknown or low precision."""
    if request.mode != "retraining":
        return ()
    if request.is_per_text:
        return () if counts.lines else ("The dataset is empty: no label reaches the floor.",)
    unreviewed = counts.lines - counts.by_tier["person"]
    precision = precisions["confident"]
    is_precise = precision.ci_lower is not None and precision.ci_lower >= LOW_PRECISION
    if not unreviewed or is_precise:
        return ()
    summary = f"{unreviewed:,} labels are unreviewed predictions. Their precision: {precision}."
    return (f"{summary} The policy `audited` exports only labels of a confirmed precision.",)
