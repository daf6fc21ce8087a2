"""Registered models, and the events that decide which of them serves.

The champion is the model that serves. Where no registered model is the champion, the packaged model
serves.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, StringConstraints

from prompt_capture.domain.changes import Reviewer
from prompt_capture.domain.types import FrozenModel, Label, Note

_VERSION = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"

Version = Annotated[str, StringConstraints(max_length=100, pattern=_VERSION)]
"""The version of a model, which is part of object keys, of paths and of a response header."""

VersionName = Annotated[str, StringConstraints(max_length=91, pattern=_VERSION)]
"""The beginning of a version. Training adds a hyphen and eight hexadecimal digits."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

ObjectVersion = Annotated[str, StringConstraints(max_length=1024, pattern=r"^[!-~]+$")]
"""The VersionId of an object in S3, which is part of a response header."""

TrainingMode = Literal["head", "student", "full"]

EventKind = Literal[
    "registered",
    "verdict",
    "promoted",
    "rolled_back",
    "split_started",
    "split_changed",
    "split_stopped",
    "quarantined",
]

ModelState = Literal["champion", "candidate", "retired", "quarantined"]
"""`candidate`: never promoted. `retired`: promoted once, and not the champion any more."""


def blob_key(sha256: str) -> str:
    """Return the object key of a file of a model, by the SHA-256 of its content."""
    return f"models/blobs/{sha256}"


def manifest_key(version: str) -> str:
    """Return the object key of the manifest of a model."""
    return f"models/manifests/{version}.json"


def card_key(version: str) -> str:
    """Return the object key of the card of a model."""
    return f"models/cards/{version}.html"


class DatasetReference(FrozenModel):
    """A dataset that a model learned from: where it is, and what it held.

    `manifest_sha256` is None for a file without a manifest. `examples_by_tier` counts the examples
    by where their labels come from.
    """

    source: str = Field(max_length=500)
    manifest_sha256: Sha256 | None = None
    examples_by_tier: Mapping[str, int]


class TrainingRecord(FrozenModel):
    """How a model was made. `parent` is the version of the model whose encoders it started from."""

    mode: TrainingMode
    seed: int
    code_version: str = Field(max_length=100)
    parent: Version | None = None
    datasets: tuple[DatasetReference, ...] = ()


class ModelAddress(FrozenModel):
    """Where the manifest of a model is: the key follows from its version.

    `object_version` is the VersionId of the object in S3, or None in a bucket without versions.
    """

    version: Version
    manifest_sha256: Sha256
    object_version: ObjectVersion | None = None


class NewModel(FrozenModel):
    """A model to register. `size_bytes` counts all its files.

    `metrics` stand on the sample that `sample` names, and are empty without one. `latency_ms` holds
    percentiles (`p50`, `p95`) of the time for a message, measured by the publisher.
    """

    address: ModelAddress
    artifact_url: str = Field(max_length=1024)
    training: TrainingRecord
    labels: tuple[Label, ...]
    metrics: Mapping[str, FiniteFloat]
    sample: str | None = Field(None, max_length=100)
    sample_messages: int | None = Field(None, ge=0)
    size_bytes: int = Field(ge=0)
    latency_ms: Mapping[str, FiniteFloat]


class RegisteredModel(NewModel):
    """A model of the registry. `catalogue_version` is that of the intents at its registration."""

    state: ModelState
    registered_at: datetime
    registered_by: str
    catalogue_version: str


class ModelEvent(FrozenModel):
    """An entry of the ledger.

    `version` is the model that the event is about. In `rolled_back` it is the model that serves
    from then on, and None stands for the packaged model. `replaced` is the champion before a change
    of the champion.
    """

    id: int
    at: datetime
    kind: EventKind
    version: Version | None
    replaced: Version | None
    actor: str
    reason: str
    evidence: Mapping[str, object]

    @property
    def is_forced(self) -> bool:
        """Whether this is a promotion that no verdict supported."""
        return self.kind == "promoted" and self.evidence.get("forced") is True


class RegistryDecision(FrozenModel):
    """Who changes which model serves, and why. `evidence` is what the decision rests on.

    The names that no reviewer may have are reserved for operators, too.
    """

    actor: Reviewer
    reason: Note
    evidence: Mapping[str, object] = Field(default_factory=dict)
