"""The last object of a dataset, by which the others count: what it holds, and how to check it."""

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
    "There is a dataset if there is this manifest. Read the objects it lists and no others; each "
    "has the size in bytes and the SHA-256 that stand here, before it is uncompressed."
)

Kind = Literal["lines", "tombstoned"]


class DatasetObject(FrozenModel):
    """An object of a dataset: lines, or the ids of lines that no longer stand."""

    key: str
    kind: Kind
    split: str | None = None
    lines: int
    bytes: int
    sha256: str


class Counts(BaseModel):
    """How many lines a dataset has, and of what kind."""

    model_config = ConfigDict(extra="forbid")

    lines: int = 0
    messages: int = 0
    by_intent: Counter[str] = Field(default_factory=Counter)
    by_tier: Counter[str] = Field(default_factory=Counter)
    by_split: Counter[str] = Field(default_factory=Counter)
    by_model_version: Counter[str] = Field(default_factory=Counter)

    def add(self, drafts: Sequence[CandidateLine], with_split: bool) -> None:
        """Count lines that are about to be written."""
        self.lines += len(drafts)
        self.messages += sum(draft.times_sent for draft in drafts)
        self.by_intent.update(draft.label for draft in drafts)
        self.by_tier.update(draft.tier or "confident" for draft in drafts)
        self.by_model_version.update(draft.model_version for draft in drafts)
        if with_split:
            self.by_split.update(draft.split for draft in drafts)

    def add_entry(self, entry: Mapping[str, Any]) -> None:
        """Count a line, or an entry of a review file, that is read."""
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
            by_rule = "person" if entry["corrected"] else "confident"
            self.by_tier[entry.get("tier") or by_rule] += 1


class Manifest(FrozenModel):
    """What a dataset is; `ids` says what a line's `id` stands for."""

    schema_version: int = SCHEMA_VERSION
    how_to_verify: str = HOW_TO_VERIFY
    request: ExportRequest
    series: str
    window: Window
    opened_at: Timestamp
    exported_at: Timestamp
    confidence_threshold: float
    since: Timestamp | None
    ids: Literal["row", "text", "salted row", "salted text"]
    bucket: str
    objects: tuple[DatasetObject, ...]
    counts: Counts
    tiers: dict[str, Precision] = Field(default_factory=dict)
    excluded_tiers: dict[str, str] = Field(default_factory=dict)
    excluded: dict[str, int] = Field(default_factory=dict)
    erased_rows: int = 0
    warnings: tuple[str, ...] = ()

    def answer(self, manifest_key: str, url: str, is_repeat: bool = False) -> ExportedDataset:
        """Answer what whoever asked for the dataset is told; `url` is its first object's."""
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
