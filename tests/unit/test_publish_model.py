"""Publishing a model: by content, once, and completed by repeating it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prompt_capture.adapters.local_models import LocalModelObjects
from prompt_capture.adapters.onnx.model_folder import read_model_folder
from prompt_capture.domain.errors import InvalidArtifact, ModelConflict, StoreUnavailable
from prompt_capture.domain.model_folders import ModelFolder
from prompt_capture.domain.models import NewModel, RegisteredModel, RegistryDecision
from prompt_capture.ports.models import ModelObjects
from prompt_capture.workflows.models.publish import PublishModel
from tests.fakes.model_registry import InMemoryModelRegistry
from tests.unit.registered_models import make_folder, sha256

SHIPPED_MODEL = Path(__file__).parents[2] / "model_artifacts" / "assistant"


class Killed(BaseException):
    """The process was killed."""


class Interrupting:
    """Passes calls on, and kills the process before or after the n-th one."""

    def __init__(self, kill_at: int, is_after: bool) -> None:
        self._left, self._is_after = kill_at, is_after

    def call(self, method: Callable[..., Any], *arguments: Any) -> Any:
        self._left -= 1
        if self._left == 0 and not self._is_after:
            raise Killed
        result = method(*arguments)
        if self._left == 0:
            raise Killed
        return result


class InterruptedObjects:
    """Objects whose writes may be the last thing that the process does."""

    def __init__(self, objects: ModelObjects, interrupting: Interrupting) -> None:
        self._objects, self._interrupting = objects, interrupting
        self.has_blob = objects.has_blob
        self.put_card = objects.put_card
        self.manifest_url = objects.manifest_url

    def put_blob(self, sha256: str, content: bytes) -> bool:
        written: bool = self._interrupting.call(self._objects.put_blob, sha256, content)
        return written

    def put_manifest(self, version: str, content: bytes) -> str | None:
        identifier: str | None = self._interrupting.call(
            self._objects.put_manifest, version, content
        )
        return identifier


class InterruptedRegistry(InMemoryModelRegistry):
    """A registry that cannot be reached, once the model is in the bucket."""

    async def register(self, model: NewModel, decision: RegistryDecision) -> RegisteredModel:
        raise StoreUnavailable("The store did not respond.")


@pytest.fixture
def objects(tmp_path: Path) -> LocalModelObjects:
    return LocalModelObjects(tmp_path / "bucket")


@pytest.fixture
def folder(tmp_path: Path) -> ModelFolder:
    return make_folder(tmp_path / "model")


def written_files(tmp_path: Path) -> dict[str, bytes]:
    bucket = tmp_path / "bucket"
    files = [file for file in bucket.rglob("*") if file.is_file()] if bucket.exists() else []
    return {file.relative_to(bucket).as_posix(): file.read_bytes() for file in files}


async def test_a_published_model_is_a_candidate_with_its_files_by_content(
    objects: LocalModelObjects, folder: ModelFolder, tmp_path: Path
) -> None:
    registry = InMemoryModelRegistry()

    published = await PublishModel(objects, registry)(folder, "grace", "asked by ada@example.com")

    assert (published.model.state, published.model.registered_by) == ("candidate", "grace")
    assert published.model.address.manifest_sha256 == sha256(folder.manifest)
    assert published.model.size_bytes == published.new_bytes == folder.size_bytes
    assert published.model.latency_ms == folder.latency_ms
    [event] = await registry.events()
    assert (event.kind, event.reason) == ("registered", "asked by <EMAIL>")
    files = written_files(tmp_path)
    assert files.pop("models/manifests/assistant-1.json") == folder.manifest
    assert files == {f"models/blobs/{sha256(content)}": content for content in files.values()}
    assert {file.sha256 for file in folder.files} == {key.rpartition("/")[2] for key in files}


async def test_only_what_the_bucket_lacks_is_sent(
    objects: LocalModelObjects, folder: ModelFolder, tmp_path: Path
) -> None:
    publish = PublishModel(objects, InMemoryModelRegistry())
    await publish(folder, "grace", "first")
    retrained = make_folder(tmp_path / "next", version="assistant-2", head=b"a better head")
    reports: list[tuple[int, int]] = []

    published = await publish(
        retrained, "grace", "second", lambda done, total: reports.append((done, total))
    )

    assert published.new_bytes == len(b"a better head")
    assert reports[0] == (0, retrained.size_bytes)
    assert reports[-1] == (retrained.size_bytes, retrained.size_bytes)
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("kill_at", [1, 2, 3])
async def test_publishing_again_completes_what_was_killed_at_any_write(
    objects: LocalModelObjects,
    folder: ModelFolder,
    tmp_path: Path,
    kill_at: int,
    is_after: bool,
) -> None:
    registry = InMemoryModelRegistry()
    interrupted = InterruptedObjects(objects, Interrupting(kill_at, is_after))

    with pytest.raises(Killed):
        await PublishModel(interrupted, registry)(folder, "grace", "first")
    assert not await registry.models()

    published = await PublishModel(objects, registry)(folder, "grace", "first")
    assert published.model.state == "candidate"
    assert len(written_files(tmp_path)) == 3
    assert [event.kind for event in await registry.events()] == ["registered"]


async def test_publishing_again_completes_what_the_registry_did_not_take(
    objects: LocalModelObjects, folder: ModelFolder
) -> None:
    with pytest.raises(StoreUnavailable):
        await PublishModel(objects, InterruptedRegistry())(folder, "grace", "first")

    published = await PublishModel(objects, InMemoryModelRegistry())(folder, "grace", "first")

    assert (published.model.state, published.new_bytes) == ("candidate", 0)


async def test_publishing_a_model_twice_changes_nothing(
    objects: LocalModelObjects, folder: ModelFolder
) -> None:
    registry = InMemoryModelRegistry()
    publish = PublishModel(objects, registry)
    first = await publish(folder, "grace", "first")

    again = await publish(folder, "ada", "again")

    assert (again.model, again.new_bytes) == (first.model, 0)
    assert len(await registry.events()) == 1


async def test_a_version_is_never_given_to_another_model(
    objects: LocalModelObjects, folder: ModelFolder, tmp_path: Path
) -> None:
    registry = InMemoryModelRegistry()
    publish = PublishModel(objects, registry)
    await publish(folder, "grace", "first")

    with pytest.raises(ModelConflict, match="train --name"):
        await publish(make_folder(tmp_path / "other", head=b"another"), "grace", "second")

    assert written_files(tmp_path)["models/manifests/assistant-1.json"] == folder.manifest


async def test_a_file_that_changes_meanwhile_stops_the_publication(
    objects: LocalModelObjects, folder: ModelFolder, tmp_path: Path
) -> None:
    registry = InMemoryModelRegistry()
    folder.files[1].path.write_bytes(b"evil")

    with pytest.raises(InvalidArtifact, match="changed while the model was published"):
        await PublishModel(objects, registry)(folder, "grace", "first")

    assert not await registry.models()
    assert "models/manifests/assistant-1.json" not in written_files(tmp_path)


def test_the_folder_of_a_model_is_checked_and_measured() -> None:
    folder = read_model_folder(SHIPPED_MODEL)

    assert folder.manifest == (SHIPPED_MODEL / "manifest.json").read_bytes()
    assert folder.version.startswith("assistant-")
    assert folder.size_bytes == sum(file.path.stat().st_size for file in folder.files)
    assert 0 < folder.latency_ms["p50"] <= folder.latency_ms["p95"]
    assert (folder.sample, folder.training.mode) == ("seed", "full")


@pytest.mark.parametrize("damaged", ["student.head.onnx", "training_fingerprint.npy"])
def test_a_folder_with_a_damaged_file_is_refused(tmp_path: Path, damaged: str) -> None:
    for file in SHIPPED_MODEL.iterdir():
        if file.is_file():
            (tmp_path / file.name).symlink_to(file)
    content = bytearray((tmp_path / damaged).read_bytes())
    content[-1] ^= 1
    (tmp_path / damaged).unlink()
    (tmp_path / damaged).write_bytes(content)

    with pytest.raises(InvalidArtifact, match=damaged):
        read_model_folder(tmp_path)
