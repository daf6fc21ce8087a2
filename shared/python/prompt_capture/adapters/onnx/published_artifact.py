"""Fetch a published model as a local artifact."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from prompt_capture.adapters.onnx.model_artifact import (
    FINGERPRINT_FILE,
    MANIFEST_FILE,
    MAX_MANIFEST_BYTES,
    FileName,
    ModelArtifact,
    ModelFile,
    ModelManifest,
    read_manifest,
)
from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.models import ModelAddress
from prompt_capture.ports.models import PublishedFiles

_MAX_KEPT_BYTES = 160_000_000
"""What the folder holds between two fetches at most. A rollback then needs no download."""


async def fetch_artifact(
    address: ModelAddress, files: PublishedFiles, packaged: ModelArtifact, folder: Path
) -> ModelArtifact:
    """Return a published model to serve, whose files are in `folder` or in the package.

    Several calls may fetch at the same time. The manifest and every downloaded file match their
    SHA-256. Raise `InvalidArtifact`, before any download of a file where the manifest shows it, and
    `ModelFilesUnavailable`.
    """
    target = folder / address.manifest_sha256
    manifest = await _fetch_manifest(address, files, target)
    needed = {
        name: manifest.files[name]
        for name in manifest.served_files
        if packaged.manifest.files.get(name) != manifest.files[name]
    }
    await _fetch_files(needed, files, folder, target)
    _remove_old_files(folder, keep={*(file.sha256 for file in needed.values()), target.name})
    try:
        return ModelArtifact.load(target, packaged=packaged)
    except InvalidArtifact:
        _remove([target, *(folder / file.sha256 for file in needed.values())])
        raise


async def fetch_whole_artifact(
    address: ModelAddress, files: PublishedFiles, folder: Path
) -> ModelArtifact:
    """Return a published model to train from: with every file, the fingerprint included.

    Raise as `fetch_artifact` does.
    """
    target = folder / address.manifest_sha256
    manifest = await _fetch_manifest(address, files, target)
    await _fetch_files(manifest.files, files, folder, target)
    artifact = ModelArtifact.load(target)
    artifact.check(FINGERPRINT_FILE)
    return artifact


async def _fetch_manifest(
    address: ModelAddress, files: PublishedFiles, target: Path
) -> ModelManifest:
    content = await files.read_manifest(address, MAX_MANIFEST_BYTES)
    target.mkdir(parents=True, exist_ok=True)
    _write(target / MANIFEST_FILE, content)
    manifest = read_manifest(target)
    if manifest.version != address.version:
        raise InvalidArtifact(f"The manifest is that of {manifest.version}.")
    return manifest


async def _fetch_files(
    needed: Mapping[FileName, ModelFile], files: PublishedFiles, folder: Path, target: Path
) -> None:
    """Put files into `target`, from `folder` where that holds them under their SHA-256."""
    await _download_missing(set(needed.values()), files, folder)
    for name, file in needed.items():
        with suppress(FileExistsError):
            os.link(folder / file.sha256, target / name)


async def _download_missing(
    needed: Iterable[ModelFile], files: PublishedFiles, folder: Path
) -> None:
    """Download what `folder` does not hold, each file under its SHA-256."""
    try:
        async with asyncio.TaskGroup() as downloads:
            for file in needed:
                if not _is_complete(folder / file.sha256, file):
                    downloads.create_task(_download(file, files, folder))
    except ExceptionGroup as group:
        raise group.exceptions[0] from None


async def _download(file: ModelFile, files: PublishedFiles, folder: Path) -> None:
    part = _temporary_file(folder)
    try:
        await files.download(file.sha256, file.bytes, part)
        part.replace(folder / file.sha256)
    finally:
        part.unlink(missing_ok=True)


def _is_complete(path: Path, file: ModelFile) -> bool:
    if not path.is_file() or path.stat().st_size != file.bytes:
        return False
    os.utime(path)
    return True


def _write(path: Path, content: bytes) -> None:
    """Write a file that other threads read whole, before or after."""
    part = _temporary_file(path.parent)
    part.write_bytes(content)
    part.replace(path)


def _temporary_file(folder: Path) -> Path:
    handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
    os.close(handle)
    return Path(name)


def _remove_old_files(folder: Path, keep: set[str]) -> None:
    """Remove what was used least recently, until the folder is small enough."""
    blobs = [path for path in folder.iterdir() if path.is_file()]
    total = sum(path.stat().st_size for path in blobs)
    oldest_first = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for path in oldest_first:
        if total <= _MAX_KEPT_BYTES:
            break
        if path.name not in keep:
            total -= path.stat().st_size if path.is_file() else 0
            _remove([path])


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
