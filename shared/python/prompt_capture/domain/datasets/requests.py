"""Export requests and responses, and the lines of a dataset."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, ValidationError
from pydantic_core import to_json

from prompt_capture.domain.datasets.candidate_lines import CandidateLine
from prompt_capture.domain.datasets.rows import ExportRow
from prompt_capture.domain.errors import InvalidExport
from prompt_capture.domain.review_files import ReviewFormat
from prompt_capture.domain.types import (
    FrozenModel,
    Label,
    Probability,
    Timestamp,
    reject_non_numbers,
)

Mode = Literal["retraining", "review", "gold", "labelled"]
Policy = Literal["confidence", "audited"]

DEFAULT_THRESHOLDS: Mapping[Mode, float] = {
    "retraining": 0.85,
    "review": 0.7,
    "gold": 0.85,
    "labelled": 0.85,
}
"""Predictions above 0.85 are training data. Predictions below 0.7 need a review."""


def _sorted_labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(labels)))


Labels = Annotated[tuple[Label, ...], AfterValidator(_sorted_labels)]


class ExportRequest(FrozenModel):
    """The dataset to export.

    - `scheduled_at` identifies the run. Each tick of a schedule makes one dataset, no matter how
      often it runs.
    - `since_last` exports what changed since the last dataset of the same series. Otherwise the
      export covers everything, or what was captured in the last `days`.
    - `users_per_cluster` applies only to anonymised datasets, `format` only to review files.
    """

    mode: Mode
    policy: Policy = "confidence"
    days: Annotated[int, Field(ge=1, le=3650), BeforeValidator(reject_non_numbers)] | None = None
    confidence_threshold: Annotated[Probability, BeforeValidator(reject_non_numbers)] | None = None
    intents: Labels = ()
    model_versions: Labels = ()
    sources: Labels = ()
    since_last: bool = False
    floor: Annotated[Probability, BeforeValidator(reject_non_numbers)] = 0.9
    anonymize: bool | None = None
    users_per_cluster: Annotated[int, Field(ge=1, le=1000), BeforeValidator(reject_non_numbers)] = 3
    scheduled_at: AwareDatetime | None = None
    format: ReviewFormat = "json"

    @classmethod
    def from_event(cls, event: object) -> Self:
        """Read a Lambda event. Raise `InvalidExport`, whose message says what to send.

        An EventBridge schedule event with an empty `detail` requests a retraining dataset.
        """
        try:
            return cls.model_validate(_request_fields(event))
        except ValidationError as error:
            problems = "; ".join(
                f"{_field_name(problem)}: {problem['msg']}"
                for problem in error.errors(include_input=False, include_url=False)
            )
            raise InvalidExport(
                f'{problems}. Send {{"mode": "retraining" or "review", "days"?: 1 to 3650, '
                '"confidence_threshold"?: 0 to 1, "policy"?: "confidence" or "audited"}.'
            ) from None

    @property
    def threshold(self) -> float:
        """The requested confidence threshold, or the default of the mode."""
        if self.confidence_threshold is not None:
            return self.confidence_threshold
        return DEFAULT_THRESHOLDS[self.mode]

    @property
    def is_per_text(self) -> bool:
        """Whether a line represents a text with all its copies, and not one message."""
        return self.mode in {"gold", "labelled"} or (
            self.mode == "retraining" and self.policy == "audited"
        )

    @property
    def series(self) -> str:
        """The request without its time. With `since_last`, each dataset continues its series."""
        identity = self.model_dump(
            mode="json", exclude={"scheduled_at", "since_last"}, exclude_none=True
        )
        return json.dumps(identity, sort_keys=True, ensure_ascii=False)

    def since(self, now: datetime) -> datetime | None:
        """Return the earliest time of capture, or None for no limit."""
        return now - timedelta(days=self.days) if self.days else None

    def matches_filters(self, row: ExportRow) -> bool:
        """Return whether a row passes the filters of source and model version."""
        return (not self.sources or row.source in self.sources) and (
            not self.model_versions or row.model_version in self.model_versions
        )


def _field_name(problem: Any) -> str:
    """Return the name of the invalid field, unless the name itself is the sender's text."""
    if problem["type"] == "extra_forbidden":
        return "an unknown key"
    return ".".join(str(part) for part in problem["loc"]) or "event"


def _request_fields(event: object) -> object:
    if not isinstance(event, dict) or "detail-type" not in event:
        return event
    detail = event.get("detail") or {}
    if isinstance(detail, str):
        detail = _parse_json(detail)
    defaults = {"mode": "retraining"} | ({"scheduled_at": event["time"]} if "time" in event else {})
    return defaults | detail if isinstance(detail, dict) else detail


def _parse_json(text: str) -> object:
    """Parse JSON. Return text that is not JSON as it is, for the validation to reject."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


class ExportedDataset(FrozenModel):
    """The response to an export request: where the dataset is, and its properties.

    `key` is the first object, `manifest` the object that lists all others. `is_repeat`: the
    dataset of this run already existed, and this export wrote nothing.
    """

    mode: Mode
    policy: Policy
    url: str
    bucket: str
    key: str
    manifest: str
    rows: int
    confidence_threshold: float
    since: Timestamp | None
    exported_at: Timestamp
    is_repeat: bool = False
    warnings: tuple[str, ...] = ()


_LINE_SEPARATORS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
"""Characters that some readers treat as line ends. JSON lines must contain them escaped."""


def format_training_line(candidate: CandidateLine) -> str:
    """Return a line of a retraining dataset with the policy `confidence`."""
    return to_json_line(_common_fields(candidate) | {"id": candidate.id})


def format_audited_line(
    candidate: CandidateLine, precision: float | None, precision_ci_lower: float | None
) -> str:
    """Return a line of an audited dataset: the common fields, and the precision of the tier."""
    return to_json_line(
        _common_fields(candidate)
        | {
            "id": candidate.id,
            "tier": candidate.tier,
            "precision": precision,
            "precision_ci_lower": precision_ci_lower,
            "split": candidate.split,
            "count": candidate.times_sent,
            "model_version": candidate.model_version,
        }
    )


def _common_fields(candidate: CandidateLine) -> dict[str, object]:
    return {
        "text": candidate.text,
        "label": candidate.label,
        "confidence": candidate.confidence,
        "source": "production",
        "corrected": candidate.corrected,
    }


def to_json_line(fields: dict[str, object]) -> str:
    """Return fields as JSON that every reader treats as one line."""
    line = to_json(fields).decode()
    return line if line.isascii() else line.translate(_LINE_SEPARATORS)


def format_timestamp(moment: datetime) -> str:
    """Return a time in the form that object keys contain (UTC)."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
