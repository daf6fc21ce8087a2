"""Published models as artifacts in a local folder."""

import hashlib
from pathlib import Path

from prompt_capture.adapters.onnx.model_artifact import (
    FINGERPRINT_FILE,
    MANIFEST_FILE,
    ModelArtifact,
    read_manifest,
)
from prompt_capture.domain.errors import InvalidArtifact, ModelFilesUnavailable
from prompt_capture.domain.models import ModelAddress, blob_key, manifest_key
from prompt_capture.ports.exports import DatasetStore


def fetch_model(bucket: DatasetStore, address: ModelAddress, folder: Path) -> ModelArtifact:
    """Write a published model to `folder`, and load it.

    Raise `ModelFilesUnavailable` where the bucket lacks a file, `DatasetsUnavailable`, and
    `InvalidArtifact` where a file is not the registered one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = _read(bucket, manifest_key(address.version))
    if hashlib.sha256(content).hexdigest() != address.manifest_sha256:
        raise InvalidArtifact(
            f"The manifest of {address.version} in the bucket is not the registered one. "
            "Publish the model again under another name."
        )
    (folder / MANIFEST_FILE).write_bytes(content)
    for name, file in read_manifest(folder).files.items():
        (folder / name).write_bytes(_read(bucket, blob_key(file.sha256)))
    artifact = ModelArtifact.load(folder)
    artifact.check(FINGERPRINT_FILE)
    return artifact


def _read(bucket: DatasetStore, key: str) -> bytes:
    content = bucket.read(key)
    if not content:
        raise ModelFilesUnavailable(f"{bucket.url(key)} is missing. Publish the model again.")
    return content
