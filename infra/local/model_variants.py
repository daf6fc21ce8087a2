"""Copies of the packaged model under other versions, for tests and benchmarks of the registry."""

import hashlib
import json
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import onnx

from infra.local.paths import MODEL

HEADS = ("student.head.onnx", "encoder.head.onnx")
"""The files that differ where heads alone are fitted again."""

NEW_STUDENT = ("student.onnx", *HEADS)
"""The files that differ where a student of another domain is distilled too."""


def write_variant(folder: Path, version: str, changed: Collection[str] = HEADS) -> Path:
    """Copy the packaged model as `version`, with other bytes in the `changed` graphs.

    It predicts the same. Returns `folder`.
    """
    shutil.copytree(MODEL, folder)
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    files = manifest["files"]
    for name in sorted(changed, key=lambda name: ".head." in name):
        graph = onnx.load(folder / name)
        graph.doc_string = version
        if ".head." in name:
            _refer_to_encoder(graph, files, name.split(".")[0])
        content = graph.SerializeToString(deterministic=True)
        (folder / name).write_bytes(content)
        files[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    manifest["version"] = version
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def _refer_to_encoder(head: onnx.ModelProto, files: dict[str, Any], stage: str) -> None:
    """Make a head name the encoder of its stage, whose file may have changed."""
    parts = (files[f"{stage}.onnx"]["sha256"], files[f"{stage}.tokenizer.json"]["sha256"])
    properties = {entry.key: entry.value for entry in head.metadata_props}
    properties["encoder_sha256"] = hashlib.sha256(" ".join(parts).encode()).hexdigest()
    onnx.helper.set_model_props(head, properties)
