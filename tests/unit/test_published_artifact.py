"""A published model is fetched whole and unchanged, or refused before it is opened."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prompt_capture.adapters.onnx import published_artifact
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import MANIFEST_FILE, ModelArtifact
from prompt_capture.adapters.onnx.published_artifact import fetch_artifact
from prompt_capture.domain.errors import InvalidArtifact, ModelFilesUnavailable
from prompt_capture.domain.models import ModelAddress

SHIPPED = Path(__file__).parents[2] / "model_artifacts" / "assistant"


class FolderFiles:
    """Published files in memory, by the SHA-256 that their address or manifest states."""

    def __init__(self) -> None:
        self.manifests: dict[str, bytes] = {}
        self.blobs: dict[str, bytes] = {}
        self.downloaded: list[str] = []

    async def read_manifest(self, address: ModelAddress, max_bytes: int) -> bytes:
        return self.manifests[address.version]

    async def download(self, sha256: str, size_bytes: int, file: Path) -> None:
        self.downloaded.append(sha256)
        if sha256 not in self.blobs:
            raise ModelFilesUnavailable("The bucket rejected the request (status 403).")
        file.write_bytes(self.blobs[sha256])


def publish(
    files: FolderFiles, change: Callable[[dict[str, Any]], None] = lambda manifest: None
) -> ModelAddress:
    """Publish the shipped model as another version, whose manifest `change` may edit."""
    manifest = json.loads((SHIPPED / MANIFEST_FILE).read_text("utf-8"))
    manifest["version"] = "other-1"
    for name, info in manifest["files"].items():
        files.blobs[info["sha256"]] = (SHIPPED / name).read_bytes()
    change(manifest)
    content = json.dumps(manifest).encode()
    files.manifests["other-1"] = content
    return ModelAddress(version="other-1", manifest_sha256=hashlib.sha256(content).hexdigest())


@pytest.fixture
def files() -> FolderFiles:
    return FolderFiles()


@pytest.fixture(scope="module")
def packaged() -> ModelArtifact:
    return ModelArtifact.load(SHIPPED)


@pytest.fixture
def without_files(packaged: ModelArtifact) -> ModelArtifact:
    """A packaged model without any file in common with the published ones."""
    manifest = packaged.manifest.model_copy(update={"files": {}})
    return ModelArtifact(packaged.folder, manifest)


async def test_files_of_the_packaged_model_are_not_downloaded(
    files: FolderFiles, packaged: ModelArtifact, tmp_path: Path
) -> None:
    address = publish(files)

    artifact = await fetch_artifact(address, files, packaged, tmp_path)

    assert files.downloaded == []
    assert OnnxClassifier(artifact).version == "other-1"


async def test_other_files_are_downloaded_once(
    files: FolderFiles, without_files: ModelArtifact, tmp_path: Path
) -> None:
    address = publish(files)

    first = await fetch_artifact(address, files, without_files, tmp_path)
    await fetch_artifact(address, files, without_files, tmp_path)

    needed = [first.manifest.files[name].sha256 for name in first.manifest.served_files]
    assert sorted(files.downloaded) == sorted(needed)
    (prediction,) = OnnxClassifier(first).classify(["move my dentist appointment to friday"])
    assert (prediction.intent, prediction.model_version) == ("reschedule", "other-1")


async def test_a_manifest_of_another_version_is_refused(
    files: FolderFiles, packaged: ModelArtifact, tmp_path: Path
) -> None:
    address = publish(files, lambda manifest: manifest.update(version="another-2"))

    with pytest.raises(InvalidArtifact, match="another-2"):
        await fetch_artifact(address, files, packaged, tmp_path)


async def test_a_model_of_a_gigabyte_is_refused_before_a_download(
    files: FolderFiles, without_files: ModelArtifact, tmp_path: Path
) -> None:
    def enlarge(manifest: dict[str, Any]) -> None:
        manifest["files"]["encoder.onnx"]["bytes"] = 10**9

    address = publish(files, enlarge)

    with pytest.raises(InvalidArtifact, match=r"bytes"):
        await fetch_artifact(address, files, without_files, tmp_path)

    assert files.downloaded == []


async def test_a_failed_download_leaves_no_file(
    files: FolderFiles, without_files: ModelArtifact, tmp_path: Path
) -> None:
    address = publish(files)
    files.blobs.popitem()
    files.blobs.popitem()

    with pytest.raises(ModelFilesUnavailable):
        await fetch_artifact(address, files, without_files, tmp_path)

    assert not list(tmp_path.glob("*.part"))


async def test_a_file_that_was_cut_off_is_downloaded_again(
    files: FolderFiles, without_files: ModelArtifact, tmp_path: Path
) -> None:
    address = publish(files)
    artifact = await fetch_artifact(address, files, without_files, tmp_path)
    head = artifact.manifest.files["student.head.onnx"].sha256
    (tmp_path / head).write_bytes(b"half")
    files.downloaded.clear()

    with pytest.raises(InvalidArtifact, match="damaged"):
        await fetch_artifact(address, files, without_files, tmp_path)
    again = await fetch_artifact(address, files, without_files, tmp_path)

    assert files.downloaded.count(head) == 2
    OnnxClassifier(again)


async def test_two_threads_may_fetch_the_same_model(
    files: FolderFiles, without_files: ModelArtifact, tmp_path: Path
) -> None:
    address = publish(files)

    artifacts = await asyncio.gather(
        *(fetch_artifact(address, files, without_files, tmp_path) for _ in range(3))
    )

    for artifact in artifacts:
        OnnxClassifier(artifact)


async def test_the_folder_does_not_grow_without_bound(
    files: FolderFiles,
    without_files: ModelArtifact,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(published_artifact, "_MAX_KEPT_BYTES", 1_000)
    (tmp_path / ("0" * 64)).write_bytes(b"x" * 5_000)
    address = publish(files)

    artifact = await fetch_artifact(address, files, without_files, tmp_path)

    assert not (tmp_path / ("0" * 64)).exists()
    OnnxClassifier(artifact)
