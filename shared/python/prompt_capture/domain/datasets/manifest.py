"""The object keys of a dataset, and its manifest: the object that is written last."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import Field

from prompt_capture.domain.datasets.audits import Precision
from prompt_capture.domain.datasets.lines import DatasetCounts
from prompt_capture.domain.datasets.requests import ExportedDataset, ExportRequest
from prompt_capture.domain.datasets.rows import Window
from prompt_capture.domain.types import FrozenModel, Timestamp

SCHEMA_VERSION = 1

FIRST_NORMAL_FORM = 1
"""The version of the normal form in manifests that do not state it."""

HOW_TO_VERIFY = (
    "The dataset is complete if this manifest exists. Read only the objects that it lists. Each "
    "object has the listed size in bytes and SHA-256, both before decompression."
)

_RUN = re.compile(r"^.*/[a-z]+-\d{8}T\d{12}Z(?:-[0-9a-f]{8}(?![0-9a-f]))?")

ObjectKind = Literal["lines", "tombstones"]


@dataclass(frozen=True)
class DatasetKeys:
    """The object keys of one build of a dataset.

    The key of the manifest follows from the run alone: from its schedule tick and its request. So
    of several builds of one run, one can win. The other keys contain the build's own id, so no
    build overwrites the objects of another. A run that no schedule started has one build, and
    needs no id.
    """

    base: str
    build: str
    suffix: str

    @classmethod
    def for_build(
        cls, request: ExportRequest, moment: datetime, prefix: str, build_id: str
    ) -> Self:
        """Return the keys of a build."""
        name = request.kind.name
        day = moment.astimezone(UTC)
        identity = f"{request.since_last} {request.series}".encode()
        digest = hashlib.sha256(identity).hexdigest()[:8]
        timestamp = f"{day:%Y%m%dT%H%M%S%fZ}"
        run = f"{timestamp}-{digest}" if request.scheduled_at else timestamp
        return cls(
            f"{prefix}/{name}/{day:%Y/%m/%d}/{name}-{run}",
            f"-{build_id}" if request.scheduled_at else "",
            request.kind.suffix(request.format),
        )

    @property
    def manifest(self) -> str:
        """The key of the manifest."""
        return f"{self.base}.manifest"

    def part(self, split: str, number: int) -> str:
        """Return the key of an object of lines. A format that is one file has one key."""
        if self.suffix:
            return f"{self.base}{self.build}.{self.suffix}"
        return f"{self.base}{self.build}/split={split}/{split}-{number:05}.jsonl.gz"

    @property
    def tombstones(self) -> str:
        """The key of the object that lists the ids of removed lines."""
        return f"{self.base}{self.build}/tombstones.jsonl.gz"


def manifest_key_of(key: str) -> str | None:
    """Return the key of the manifest for an object's key, or None for any other key."""
    run = _RUN.match(key)
    return f"{run.group()}.manifest" if run else None


class DatasetObject(FrozenModel):
    """An object of a dataset: lines, or tombstones (the ids of removed lines)."""

    key: str
    kind: ObjectKind
    split: str | None = None
    lines: int
    bytes: int
    sha256: str


class Manifest(FrozenModel):
    """The description of a dataset. `id_type` is what the `id` of a line identifies.

    `normal_form` is the version of the form by which texts are equal and have a split.
    `audits_complete_before` is the cut-off of the audit; None: no audit is complete.
    """

    schema_version: int = SCHEMA_VERSION
    normal_form: int = FIRST_NORMAL_FORM
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
    audits_complete_before: Timestamp | None = None
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
