"""What an export asks for, and the lines it is made of."""

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
from prompt_capture.domain.types import FrozenModel, Label, Probability, Timestamp, only_numbers

Mode = Literal["retraining", "review", "gold", "labelled"]
Policy = Literal["confidence", "audited"]

DEFAULT_THRESHOLDS: Mapping[Mode, float] = {
    "retraining": 0.85,
    "review": 0.7,
    "gold": 0.85,
    "labelled": 0.85,
}
"""The mission's rule: above 0.85 a prediction is training data, below 0.7 a person should look."""


def _sorted_labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(labels)))


Labels = Annotated[tuple[Label, ...], AfterValidator(_sorted_labels)]


class ExportRequest(FrozenModel):
    """Which dataset to export.

    `scheduled_at` names the run: a schedule's tick makes one dataset, however often it runs.
    `since_last` reads what changed since the last dataset that was asked for alike; otherwise it
    is all there is, or what was captured in the last `days`. `users_per_cluster` counts only where
    the dataset is anonymised, `format` only for a review file.
    """

    mode: Mode
    policy: Policy = "confidence"
    days: Annotated[int, Field(ge=1, le=3650), BeforeValidator(only_numbers)] | None = None
    confidence_threshold: Annotated[Probability, BeforeValidator(only_numbers)] | None = None
    intents: Labels = ()
    model_versions: Labels = ()
    sources: Labels = ()
    since_last: bool = False
    floor: Annotated[Probability, BeforeValidator(only_numbers)] = 0.9
    anonymize: bool | None = None
    users_per_cluster: Annotated[int, Field(ge=1, le=1000), BeforeValidator(only_numbers)] = 3
    scheduled_at: AwareDatetime | None = None
    format: ReviewFormat = "json"

    @classmethod
    def from_event(cls, event: object) -> Self:
        """Read a Lambda event; raises `InvalidExport`, which says what to send instead.

        A bare EventBridge schedule, whose `detail` is empty, asks for a retraining dataset.
        """
        try:
            return cls.model_validate(_asked_for(event))
        except ValidationError as error:
            faults = "; ".join(
                f"{_field(fault)}: {fault['msg']}"
                for fault in error.errors(include_input=False, include_url=False)
            )
            raise InvalidExport(
                f'{faults}. Send {{"mode": "retraining" or "review", "days"?: 1 to 3650, '
                '"confidence_threshold"?: 0 to 1, "policy"?: "confidence" or "audited"}.'
            ) from None

    @property
    def threshold(self) -> float:
        """The confidence asked for, or the mode's own."""
        if self.confidence_threshold is not None:
            return self.confidence_threshold
        return DEFAULT_THRESHOLDS[self.mode]

    @property
    def is_by_text(self) -> bool:
        """Whether a line stands for a text with all its copies, and not for a message."""
        return self.mode in {"gold", "labelled"} or (
            self.mode == "retraining" and self.policy == "audited"
        )

    @property
    def series(self) -> str:
        """What is asked for, but for when: datasets of one series follow one another."""
        asked = self.model_dump(
            mode="json", exclude={"scheduled_at", "since_last"}, exclude_none=True
        )
        return json.dumps(asked, sort_keys=True, ensure_ascii=False)

    def since(self, now: datetime) -> datetime | None:
        """The start of the window, or None for all there is."""
        return now - timedelta(days=self.days) if self.days else None

    def wants(self, row: ExportRow) -> bool:
        """Whether the filters of source and model version let a row through."""
        return (not self.sources or row.source in self.sources) and (
            not self.model_versions or row.model_version in self.model_versions
        )


def _field(fault: Any) -> str:
    """Name the field at fault, unless its name is the sender's own text."""
    if fault["type"] == "extra_forbidden":
        return "an unknown key"
    return ".".join(str(part) for part in fault["loc"]) or "event"


def _asked_for(event: object) -> object:
    if not isinstance(event, dict) or "detail-type" not in event:
        return event
    detail = event.get("detail") or {}
    if isinstance(detail, str):
        detail = _json_or_itself(detail)
    asked = {"mode": "retraining"} | ({"scheduled_at": event["time"]} if "time" in event else {})
    return asked | detail if isinstance(detail, dict) else detail


def _json_or_itself(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


class ExportedDataset(FrozenModel):
    """A dataset that is there: where, how many examples, and what it was asked to hold.

    `key` is its first object, `manifest` the object that lists them all. `is_repeat` says that
    this run's dataset was there already, and nothing was written.
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


_ENDS_OF_LINES = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
"""What some readers take for the end of a line, and so of a JSON line: written as escapes."""


def training_line(draft: CandidateLine) -> str:
    """Write one line of the mission's retraining dataset."""
    return one_line(_common_fields(draft) | {"id": draft.id})


def audited_line(draft: CandidateLine, precision: float | None, at_least: float | None) -> str:
    """Write one line of a trusted dataset: the mission's fields, and how far to trust them."""
    return one_line(
        _common_fields(draft)
        | {
            "id": draft.id,
            "tier": draft.tier,
            "precision": precision,
            "precision_ci_lower": at_least,
            "split": draft.split,
            "count": draft.times_sent,
            "model_version": draft.model_version,
        }
    )


def _common_fields(draft: CandidateLine) -> dict[str, object]:
    return {
        "text": draft.text,
        "label": draft.label,
        "confidence": draft.confidence,
        "source": "production",
        "corrected": draft.corrected,
    }


def one_line(fields: dict[str, object]) -> str:
    """Write fields as JSON that no reader takes for two lines."""
    line = to_json(fields).decode()
    return line if line.isascii() else line.translate(_ENDS_OF_LINES)


def moment_of(moment: datetime) -> str:
    """Write a moment as it stands in names (UTC)."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
