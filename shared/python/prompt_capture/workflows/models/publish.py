"""Publish a model: its files, then its manifest, then its entry in the registry."""

from collections.abc import Callable
from dataclasses import dataclass

from prompt_capture.domain.model_folders import ModelFolder
from prompt_capture.domain.models import RegisteredModel
from prompt_capture.ports.models import ModelObjects, ModelRegistry
from prompt_capture.workflows.models.decisions import decision_of


@dataclass(frozen=True)
class PublishedModel:
    """A registered model. `new_bytes` counts what its files added to those of earlier models."""

    model: RegisteredModel
    new_bytes: int


class PublishModel:
    """Publishes a model as a candidate.

    Each step writes what only the next one makes visible, and none overwrites anything. A call that
    was interrupted anywhere is completed by the same call again.
    """

    def __init__(self, objects: ModelObjects, registry: ModelRegistry) -> None:
        self._objects = objects
        self._registry = registry

    async def __call__(
        self,
        folder: ModelFolder,
        actor: str,
        reason: str,
        report: Callable[[int, int], None] = lambda done, total: None,
    ) -> PublishedModel:
        """Publish a model. `report` receives the completed and the total number of bytes.

        Raise `ModelConflict`, `InvalidArtifact`, `DatasetsUnavailable` or `StoreUnavailable`.
        """
        new_bytes = done = 0
        report(done, folder.size_bytes)
        for file in folder.files:
            is_there = self._objects.has_blob(file.sha256, file.size_bytes)
            if not is_there and self._objects.put_blob(file.sha256, file.read()):
                new_bytes += file.size_bytes
            done += file.size_bytes
            report(done, folder.size_bytes)
        object_version = self._objects.put_manifest(folder.version, folder.manifest)
        url = self._objects.manifest_url(folder.version)
        model = await self._registry.register(
            folder.registered_at(url, object_version), decision_of(actor, reason)
        )
        return PublishedModel(model, new_bytes)
