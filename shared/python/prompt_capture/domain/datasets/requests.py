"""Export requests and responses. A request names the kind of its dataset."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    GetPydanticSchema,
    ValidationError,
    model_validator,
)
from pydantic_core import core_schema

from prompt_capture.domain.datasets.kinds import KINDS, MODES, POLICIES, DatasetKind
from prompt_capture.domain.datasets.lines import Criteria, DatasetCounts, Tier
from prompt_capture.domain.errors import InvalidExport
from prompt_capture.domain.predictions import Source
from prompt_capture.domain.review_files import ReviewFormat
from prompt_capture.domain.types import (
    FrozenModel,
    Label,
    Probability,
    Timestamp,
    plain_reason,
    reject_non_numbers,
)


def _one_of(names: Sequence[str]) -> GetPydanticSchema:
    """Validate that a string is one of some names."""
    return GetPydanticSchema(lambda source, handler: core_schema.literal_schema(list(names)))


Mode = Annotated[str, _one_of(MODES)]
Policy = Annotated[str, _one_of(POLICIES)]


Name = TypeVar("Name", bound=str)


def _sorted_names(names: tuple[Name, ...]) -> tuple[Name, ...]:
    return tuple(sorted(set(names)))


Labels = Annotated[tuple[Label, ...], AfterValidator(_sorted_names)]
Sources = Annotated[tuple[Source, ...], AfterValidator(_sorted_names)]


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
    sources: Sources = ()
    since_last: bool = False
    floor: Annotated[Probability, BeforeValidator(reject_non_numbers)] = 0.9
    anonymize: bool | None = None
    users_per_cluster: Annotated[int, Field(ge=1, le=1000), BeforeValidator(reject_non_numbers)] = 3
    scheduled_at: AwareDatetime | None = None
    format: ReviewFormat = "json"

    @model_validator(mode="after")
    def _reject_impossible_anonymization(self) -> Self:
        if self.anonymize and not self.kind.is_anonymizable:
            raise ValueError(
                "anonymize needs a dataset with one line per text: the policy audited, or the mode "
                "gold or labelled"
            )
        return self

    @classmethod
    def from_event(cls, event: object) -> Self:
        """Read a Lambda event. Raise `InvalidExport`, whose message says what to send.

        An EventBridge schedule event with an empty `detail` requests a retraining dataset.
        """
        try:
            return cls.model_validate(_request_fields(event))
        except ValidationError as error:
            problems = "; ".join(
                f"{_field_name(problem)}: {plain_reason(problem['msg'])}"
                for problem in error.errors(include_input=False, include_url=False)
            )
            raise InvalidExport(
                f'{problems}. Send for example {{"mode": "retraining", "days": 7}}. The keys are '
                f"{', '.join(cls.model_fields)}; only mode is required."
            ) from None

    @property
    def kind(self) -> DatasetKind:
        """The kind of dataset that the mode and the policy name."""
        return next(
            kind for kind in KINDS if kind.mode == self.mode and kind.policy in {None, self.policy}
        )

    @property
    def threshold(self) -> float:
        """The requested confidence threshold, or the default of the kind."""
        if self.confidence_threshold is not None:
            return self.confidence_threshold
        return self.kind.default_threshold

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

    def warnings(self, counts: DatasetCounts) -> Iterator[str]:
        """Yield what filters select nothing in a dataset; changes may well have nothing of them."""
        if self.since_last:
            return
        filters = {"intents": (self.intents, counts.by_intent)}
        if counts.by_model_version or not counts.lines:  # entries of review files have none
            filters["model versions"] = (self.model_versions, counts.by_model_version)
        for name, (requested, found) in filters.items():
            if lacking := [each for each in requested if each not in found]:
                yield (
                    f"The dataset has no line of the {name} {', '.join(lacking)}. They are "
                    "compared as written."
                )

    def criteria(
        self,
        now: datetime,
        admitted_tiers: frozenset[Tier],
        audits_complete_before: datetime | None,
    ) -> Criteria:
        """Return what the lines of the dataset must meet."""
        return Criteria(
            self.threshold,
            self.intents,
            self.sources,
            self.model_versions,
            self.since(now),
            audits_complete_before,
            admitted_tiers,
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
