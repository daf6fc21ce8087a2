"""The object keys of a dataset."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from prompt_capture.domain.datasets.requests import ExportRequest, format_timestamp
from prompt_capture.domain.review_files import SUFFIXES

_RUN = re.compile(r"^.*/[a-z]+-\d{8}T\d{12}Z(?:-[0-9a-f]{8}(?![0-9a-f]))?")

LINES_PER_PART = 100_000
"""Several machines or threads can read the parts of a dataset in parallel."""


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
        cls, request: ExportRequest, moment: datetime, prefixes: tuple[str, str], build_id: str
    ) -> Self:
        """Return the keys of a build.

        `prefixes` are the prefix of datasets and the prefix of retained datasets (gold, labelled).
        """
        is_single_file = request.mode == "retraining" and not request.is_per_text
        name = "audited" if request.mode == "retraining" and not is_single_file else request.mode
        prefix = prefixes[request.mode in {"gold", "labelled"}]
        day = moment.astimezone(UTC)
        identity = f"{request.since_last} {request.series}".encode()
        digest = hashlib.sha256(identity).hexdigest()[:8]
        timestamp = format_timestamp(moment)
        run = f"{timestamp}-{digest}" if request.scheduled_at else timestamp
        suffix = "jsonl" if is_single_file else ""
        if request.mode == "review":
            suffix = SUFFIXES[request.format]
        return cls(
            f"{prefix}/{name}/{day:%Y/%m/%d}/{name}-{run}",
            f"-{build_id}" if request.scheduled_at else "",
            suffix,
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

    def tombstones(self) -> str:
        """Return the key of the object that lists the ids of removed lines."""
        return f"{self.base}{self.build}/tombstones.jsonl.gz"


def manifest_key_of(key: str) -> str | None:
    """Return the key of the manifest for an object's key, or None for any other key."""
    run = _RUN.match(key)
    return f"{run.group()}.manifest" if run else None
