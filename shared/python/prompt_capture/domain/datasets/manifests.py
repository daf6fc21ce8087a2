"""The manifest of a dataset: the last object that is written, and the list of all others."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from prompt_capture.domain.datasets.candidate_lines import CandidateLine
from prompt_capture.domain.datasets.requests import ExportedDataset, ExportRequest
from prompt_capture.domain.datasets.rows import Window
from prompt_capture.domain.datasets.tiers import Precision
from prompt_capture.domain.types import FrozenModel, Timestamp

SCHEMA_VERSION = 1

HOW_TO_VERIFY = (
    "The dataset is complete if this manifest exists. Read only the objects that it lists. Each "
    "object has the listed size in bytes and SHA-256, both before decompression."
)

ObjectKind = Literal["lines", "tombstones"]


class DatasetObject(FrozenModel):
    """An object of a dataset: lines, or tombstones (the ids of removed lines)."""

    key: str
    kind: ObjectKind
    split: str | None = None
    lines: int
    bytes: int
    sha256: str


class DatasetCounts(BaseModel):
    """The number of lines of a dataset, in total and by property."""

    model_config = ConfigDict(extra="forbid")

    lines: int = 0
    messages: int = 0
    by_intent: Counter[str] = Field(default_factory=Counter)
    by_tier: Counter[str] = Field(default_factory=Counter)
    by_split: Counter[str] = Field(default_factory=Counter)
    by_model_version: Counter[str] = Field(default_factory=Counter)

    def add(self, candidates: Sequence[CandidateLine], with_split: bool) -> None:
        """Count lines before they are written."""
        self.lines += len(candidates)
        self.messages += sum(candidate.times_sent for candidate in candidates)
        self.by_intent.update(candidate.label for candidate in candidates)
        self.by_tier.update(candidate.tier or "confident" for candidate in candidates)
        self.by_model_version.update(candidate.model_version for candidate in candidates)
        if with_split:
            self.by_split.update(candidate.split for candidate in candidates)

    def add_entry(self, entry: Mapping[str, Any]) -> None:
        """Count a written line, or an entry of a review file."""
        self.lines += 1
        self.messages += entry.get("count", 1)
        self.by_intent[entry.get("label") or entry.get("predicted_intent") or ""] += 1
        for counter, field in (
            (self.by_split, "split"),
            (self.by_model_version, "model_version"),
        ):
            if field in entry:
                counter[entry[field]] += 1
        if "corrected" in entry:
            default_tier = "person" if entry["corrected"] else "confident"
            self.by_tier[entry.get("tier") or default_tier] += 1


class Manifest(FrozenModel):
    """The description of a dataset. `id_type` is what the `id` of a line identifies."""

    schema_version: int = SCHEMA_VERSION
    how_to_verify: str = HOW_TO_VERIFY
    request: ExportRequest
    series: str
    window: Window
    opened_at: Timestamp
    exported_at: Timestamp
    confidence_threshold: float
    since: Timestamp | None
    id_type: Literal["row", "text", "salted_row", "salted_text"]
    bucket: str
    objects: tuple[DatasetObject, ...]
    counts: DatasetCounts
    tiers: dict[str, Precision] = Field(default_factory=dict)
    excluded_tiers: dict[str, str] = Field(default_factory=dict)
    excluded: dict[str, int] = Field(default_factory=dict)
    erased_rows: int = 0
    warnings: tuple[str, ...] = ()

    def to_exported_dataset(
        self, manifest_key: str, url: str, is_repeat: bool = False
    ) -> ExportedDataset:
        """Return the response to an export request. `url` is the URL of the first object."""
        return ExportedDataset(
            mode=self.request.mode,
            policy=self.request.policy,
            url=url,
            bucket=self.bucket,
            key=self.objects[0].key,
            manifest=manifest_key,
            rows=self.counts.lines,
            confidence_threshold=self.confidence_threshold,
            since=self.since,
            exported_at=self.exported_at,
            is_repeat=is_repeat,
            warnings=self.warnings,
        )
