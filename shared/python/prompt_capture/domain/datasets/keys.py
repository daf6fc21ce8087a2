"""The names of a dataset's objects."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from prompt_capture.domain.datasets.requests import ExportRequest, moment_of
from prompt_capture.domain.review_files import SUFFIXES

_RUN = re.compile(r"^.*/[a-z]+-\d{8}T\d{12}Z(?:-[0-9a-f]{8}(?![0-9a-f]))?")

LINES_OF_A_PART = 100_000
"""So that several machines, or several threads, can read a dataset side by side."""


@dataclass(frozen=True)
class DatasetKeys:
    """Where a run's objects go.

    The manifest's key follows from the run alone, its tick and what it asks for, so that of many
    attempts one can win it. The other keys hold the attempt's own mark, so that none overwrites
    another's objects. A run that no schedule started has one attempt and needs no mark.
    """

    base: str
    attempt: str
    suffix: str

    @classmethod
    def of(
        cls, request: ExportRequest, moment: datetime, prefixes: tuple[str, str], attempt: str
    ) -> Self:
        """Name the objects of an attempt; `prefixes` are the datasets' own and the kept ones'."""
        by_rule = request.mode == "retraining" and not request.is_by_text
        name = "audited" if request.mode == "retraining" and not by_rule else request.mode
        prefix = prefixes[request.mode in {"gold", "labelled"}]
        day = moment.astimezone(UTC)
        asked = hashlib.sha256(f"{request.since_last} {request.series}".encode()).hexdigest()[:8]
        run = f"{moment_of(moment)}-{asked}" if request.scheduled_at else moment_of(moment)
        suffix = "jsonl" if by_rule else ""
        if request.mode == "review":
            suffix = SUFFIXES[request.format]
        return cls(
            f"{prefix}/{name}/{day:%Y/%m/%d}/{name}-{run}",
            f"-{attempt}" if request.scheduled_at else "",
            suffix,
        )

    @property
    def manifest(self) -> str:
        """The object that makes the dataset."""
        return f"{self.base}.manifest"

    def part(self, split: str, number: int) -> str:
        """Name an object of lines; one file where the mission's format asks for one."""
        if self.suffix:
            return f"{self.base}{self.attempt}.{self.suffix}"
        return f"{self.base}{self.attempt}/split={split}/{split}-{number:05}.jsonl.gz"

    def tombstoned(self) -> str:
        """Name the object that lists what no longer stands."""
        return f"{self.base}{self.attempt}/tombstoned.jsonl.gz"


def manifest_of(key: str) -> str | None:
    """Answer the manifest's key of a dataset's object; None where the name is no such object's."""
    run = _RUN.match(key)
    return f"{run.group()}.manifest" if run else None
