"""Copies of the packaged model under other versions, for tests and benchmarks of the registry."""

import json
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import onnx

from infra.local.paths import MODEL
from prompt_capture.adapters.onnx.model_artifact import (
    ENCODER_PROPERTY,
    MANIFEST_FILE,
    describe_file,
    encoder_sha256,
)

HEADS = ("student.head.onnx", "encoder.head.onnx")
"""The files that differ where heads alone are fitted again."""

NEW_STUDENT = ("student.onnx", *HEADS)
"""The files that differ where a student of another domain is distilled too."""


def write_variant(folder: Path, version: str, changed: Collection[str] = HEADS) -> Path:
    """Copy the packaged model as `version`, with other bytes in the `changed` graphs.

    It predicts the same. Returns `folder`.
    """
    shutil.copytree(MODEL, folder)
    manifest: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
    files = manifest["files"]
    for name in sorted(changed, key=lambda name: ".head." in name):
        graph = onnx.load(folder / name)
        graph.doc_string = version
        if ".head." in name:
            _refer_to_encoder(graph, files, name.split(".")[0])
        content = graph.SerializeToString(deterministic=True)
        (folder / name).write_bytes(content)
        files[name] = describe_file(folder / name).model_dump()
    manifest["version"] = version
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest), "utf-8")
    return folder


def _refer_to_encoder(head: onnx.ModelProto, files: dict[str, Any], stage: str) -> None:
    """Make a head name the encoder of its stage, whose file may have changed."""
    graph, tokenizer = files[f"{stage}.onnx"], files[f"{stage}.tokenizer.json"]
    properties = {entry.key: entry.value for entry in head.metadata_props}
    properties[ENCODER_PROPERTY] = encoder_sha256(graph["sha256"], tokenizer["sha256"])
    onnx.helper.set_model_props(head, properties)
