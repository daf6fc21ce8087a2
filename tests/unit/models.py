"""Changed copies of a model's folder."""

import json
from pathlib import Path
from typing import Any

from prompt_capture.adapters.onnx.model_artifact import MANIFEST_FILE, describe_file


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a model."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
    return manifest


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a model."""
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest), "utf-8")


def change_manifest(folder: Path, **changes: object) -> None:
    """Change keys of the manifest, and describe in it the files as they are now."""
    manifest = read_manifest(folder)
    files = {name: describe_file(folder / name).model_dump() for name in manifest["files"]}
    write_manifest(folder, manifest | {"files": files} | changes)
