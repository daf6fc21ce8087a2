"""What the registry of models needs: the ledger, and the objects of the artifacts."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from prompt_capture.domain.models import (
    ModelAddress,
    ModelEvent,
    NewModel,
    RegisteredModel,
    RegistryDecision,
)
from prompt_capture.domain.splits import ServingModels, SplitResults


class ModelRegistry(Protocol):
    """The registered models and the ledger.

    Every method may raise `StoreUnavailable`, and those that record a decision `ReviewerErased`,
    where the account of the operator was erased.
    """

    async def register(self, model: NewModel, decision: RegistryDecision) -> RegisteredModel:
        """Register a model as a candidate. The same model again changes nothing.

        Raise `ModelConflict` where the version belongs to another model.
        """

    async def promote(
        self, version: str, decision: RegistryDecision, force: bool = False
    ) -> ModelEvent | None:
        """Make a model the champion. Return None where it is the champion already.

        The latest verdict on the model must be `promote`, in a comparison with the present
        champion and under the present catalogue. `force` promotes without it, and the ledger says
        so. `SCHEDULE_ACTOR` may neither force nor end a split that is under way. Raise
        `ModelNotFound`, `ModelQuarantined` or `VerdictMissing`.
        """

    async def roll_back(
        self, decision: RegistryDecision, champion: str | None = None
    ) -> ModelEvent:
        """Return to the model that the champion replaced, or to the packaged one.

        A quarantined model is passed over. With `champion`, that version alone is replaced, and a
        repeated call returns the event of the first one. Raise `NotTheChampion` where it does not
        serve for another reason, and `NothingToRollBack` where the packaged model serves.
        """

    async def quarantine(self, version: str, decision: RegistryDecision) -> ModelEvent | None:
        """Exclude a model from serving for good. The champion is rolled back in the same step.

        Return None where the model is quarantined already. Raise `ModelNotFound`.
        """

    async def split(
        self, challenger: str, share: float, decision: RegistryDecision
    ) -> ModelEvent | None:
        """Let a challenger answer a share of the users, or change that share.

        Return None where it has that share already. Raise `ModelNotFound`, `ModelQuarantined`, or
        `SplitConflict` where the model is the champion or another split is under way.
        """

    async def stop_split(
        self, decision: RegistryDecision, split: int | None = None
    ) -> ModelEvent | None:
        """Return everybody to the champion.

        Return None where no split is under way, or another one than `split`.
        """

    async def split_results(self) -> SplitResults | None:
        """Return the latest split, with its outcomes. Return None where there was none."""

    async def models(self) -> Sequence[RegisteredModel]:
        """Return all models, the newest first."""

    async def model(self, version: str) -> RegisteredModel:
        """Return a model. Raise `ModelNotFound`."""

    async def events(self, version: str | None = None) -> Sequence[ModelEvent]:
        """Return the ledger, or the events of one model, the newest first."""

    async def serving_event(self, at: datetime) -> ModelEvent | None:
        """Return the event that made the champion of that moment serve.

        Return None where no model had been promoted before.
        """


class ServingSource(Protocol):
    """Where a function reads which models serve."""

    async def serving(self) -> ServingModels:
        """Return the champion and the split. Raise `StoreUnavailable`."""


class PublishedFiles(Protocol):
    """The files of published models, by exact keys. Both methods bound what they read.

    They raise `ModelFilesUnavailable` where an object cannot be read, and `InvalidArtifact` where
    it is not the expected one.
    """

    async def read_manifest(self, address: ModelAddress, max_bytes: int) -> bytes:
        """Return a manifest with the SHA-256 of the address."""

    async def download(self, sha256: str, size_bytes: int, file: Path) -> None:
        """Write the content with this SHA-256 and size to `file`. A failure leaves no file."""


class ModelObjects(Protocol):
    """The objects of published models, by the SHA-256 of their content.

    No object is ever overwritten. Every method but `manifest_url` may raise `DatasetsUnavailable`.
    """

    def put_blob(self, sha256: str, content: bytes) -> bool:
        """Write a file unless it exists. Return whether this call wrote it.

        Raise `ModelConflict` where the object has other content than its name says.
        """

    def has_blob(self, sha256: str, size_bytes: int) -> bool:
        """Return whether a file exists, so that its content need not be sent.

        Raise `ModelConflict` as `put_blob` does.
        """

    def put_manifest(self, version: str, content: bytes) -> str | None:
        """Write a manifest unless it exists, and return the VersionId of the object.

        Raise `ModelConflict` where the version has another manifest.
        """

    def put_card(self, version: str, content: bytes) -> str:
        """Write the card of a model unless it has one, and return its URL or path."""

    def manifest_url(self, version: str) -> str:
        """Return the URL or path of a manifest."""
