"""What an export asks for, and the lines it is made of."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError

from prompt_capture.domain.errors import InvalidExport
from prompt_capture.domain.prompts import LabelledPrompt, ReviewablePrompt
from prompt_capture.domain.values import Probability, Timestamp, Value, only_numbers

Mode = Literal["retraining", "review"]

DEFAULT_THRESHOLDS: Mapping[Mode, float] = {"retraining": 0.85, "review": 0.7}
"""The mission's rule: above 0.85 a prediction is training data, below 0.7 a person should look."""


class ExportRequest(Value):
    """Which dataset to export: its mode, how far back, and the confidence that decides."""

    mode: Mode
    days: Annotated[int, Field(ge=1, le=3650), BeforeValidator(only_numbers)] | None = None
    confidence_threshold: Annotated[Probability, BeforeValidator(only_numbers)] | None = None

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
                '"confidence_threshold"?: 0 to 1}.'
            ) from None

    @property
    def threshold(self) -> float:
        """The confidence asked for, or the mode's own."""
        if self.confidence_threshold is not None:
            return self.confidence_threshold
        return DEFAULT_THRESHOLDS[self.mode]

    def since(self, now: datetime) -> datetime | None:
        """The start of the window, or None for all there is."""
        return now - timedelta(days=self.days) if self.days else None


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
    return {"mode": "retraining"} | detail if isinstance(detail, dict) else detail


def _json_or_itself(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


class ExportedDataset(Value):
    """A dataset that was written: where, how many examples, and what it was asked to hold."""

    mode: Mode
    url: str
    bucket: str
    key: str
    rows: int
    confidence_threshold: float
    since: Timestamp | None
    exported_at: Timestamp


def dataset_key(prefix: str, mode: Mode, exported_at: datetime) -> str:
    """Name a dataset's object by mode, day and moment (UTC)."""
    moment = exported_at.astimezone(UTC)
    suffix = "jsonl" if mode == "retraining" else "json"
    return f"{prefix}/{mode}/{moment:%Y/%m/%d}/{mode}-{moment:%Y%m%dT%H%M%S%fZ}.{suffix}"


_ENDS_OF_LINES = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
"""What some readers take for the end of a line, and so of a JSON line: written as escapes."""


def training_line(prompt: LabelledPrompt) -> str:
    """Write one line of a retraining dataset."""
    return json.dumps(
        {
            "text": prompt.prompt,
            "label": prompt.label,
            "confidence": prompt.confidence,
            "source": "production",
            "corrected": prompt.corrected_intent is not None,
        },
        ensure_ascii=False,
    ).translate(_ENDS_OF_LINES)


def review_entry(prompt: ReviewablePrompt) -> str:
    """Write one entry of a review dataset, with the fields that the reviewer fills in."""
    return json.dumps(
        prompt.model_dump(mode="json") | {"corrected_intent": None, "notes": None},
        ensure_ascii=False,
    )
