"""Fetch a published model as a local artifact. Files of the packaged model are not downloaded."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from prompt_capture.adapters.onnx.model_artifact import (
    MANIFEST_FILE,
    ModelFile,
    ModelArtifact,
    parse_manifest,
)
from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.models import ModelAddress
from prompt_capture.ports.models import PublishedFiles

MAX_MANIFEST_BYTES = 1_000_000
MAX_MODEL_BYTES = 64_000_000
_MAX_KEPT_BYTES = 160_000_000
"""What the folder holds at most between two fetches. A rollback needs no download then."""


async def fetch_artifact(
    address: ModelAddress, files: PublishedFiles, packaged: ModelArtifact, folder: Path
) -> ModelArtifact:
    """Return a published model in `folder`, where files that it has already are reused.

    Its manifest and every downloaded file match their SHA-256. Raise `InvalidArtifact` before a
    download where the manifest is not acceptable, and `ModelFilesUnavailable`.
    """
    content = await files.read_manifest(address, MAX_MANIFEST_BYTES)
    manifest = parse_manifest(content, f"The manifest of {address.version}")
    if manifest.version != address.version:
        raise InvalidArtifact(f"The manifest is that of {manifest.version}.")
    needed = {name: manifest.files[name] for stage in manifest.stages for name in stage.files}
    total = sum(info.bytes for info in needed.values())
    if total > MAX_MODEL_BYTES:
        raise InvalidArtifact(
            f"{address.version} has {total:,} bytes, and at most {MAX_MODEL_BYTES:,} are served."
        )
    folder.mkdir(parents=True, exist_ok=True)
    sources = await _provide(needed, files, packaged, folder)
    target = folder / address.manifest_sha256
    _link(target, sources)
    (target / MANIFEST_FILE).write_bytes(content)
    _remove_old_blobs(folder, keep={info.sha256 for info in needed.values()})
    return ModelArtifact(target, manifest, is_packaged=True)


async def _provide(
    needed: Mapping[str, ModelFile], files: PublishedFiles, packaged: ModelArtifact, folder: Path
) -> Mapping[str, Path]:
    """Return a local file for each name. Download what neither the package nor `folder` has."""
    in_package = {info.sha256: packaged.folder / name for name, info in packaged.served_files}
    blobs = {info.sha256: info for info in needed.values() if info.sha256 not in in_package}
    try:
        async with asyncio.TaskGroup() as downloads:
            for info in blobs.values():
                if not _is_complete(folder / info.sha256, info):
                    downloads.create_task(_download(info, files, folder))
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    return {
        name: in_package.get(info.sha256, folder / info.sha256) for name, info in needed.items()
    }


async def _download(info: ModelFile, files: PublishedFiles, folder: Path) -> None:
    """Write a blob under its SHA-256, which the folder has complete or not at all."""
    handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        await files.download(info.sha256, info.bytes, part)
        part.replace(folder / info.sha256)
    finally:
        part.unlink(missing_ok=True)


def _is_complete(file: Path, info: ModelFile) -> bool:
    if not file.is_file() or file.stat().st_size != info.bytes:
        return False
    os.utime(file)
    return True


def _link(target: Path, sources: Mapping[str, Path]) -> None:
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name, source in sources.items():
        (target / name).symlink_to(source)


def _remove_old_blobs(folder: Path, keep: set[str]) -> None:
    """Delete the blobs that were used least recently, until the folder is small enough."""
    blobs = sorted(
        (file for file in folder.iterdir() if file.is_file() and file.name not in keep),
        key=lambda file: file.stat().st_mtime,
    )
    total = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    for file in blobs:
        if total <= _MAX_KEPT_BYTES:
            break
        total -= file.stat().st_size
        file.unlink()
