"""Write a trained model as the artifact folder that the functions serve."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from prompt_capture.adapters.onnx.model_artifact import (
    MANIFEST_FILE,
    BaseModelInfo,
    CascadeStage,
    ModelManifest,
    file_sha256,
)
from training.calibrate.cascade import CascadeCalibration, StageCalibration
from training.calibrate.predictions import Predictions
from training.calibrate.scope import ENERGY_SHARPNESS, MIN_SHADING_FACTOR, ScopeScorer
from training.calibrate.thresholds import confidence_thresholds
from training.config import ReviewTarget
from training.data.examples import Example, data_digest
from training.data.fingerprint import TrainingFingerprint
from training.fit.encoders import FittedStage
from training.fit.heads import Floats, Head
from training.fit.networks.graphs import quantise_columns
from training.report.evaluation import compute_metrics

PREFIX = "head/"
"""The prefix of the names that `attach_outputs` adds to a graph."""


@dataclass(frozen=True)
class CalibratedStage:
    """A fitted stage with its calibration and its scope scorer."""

    fitted: FittedStage
    calibration: StageCalibration
    scope: ScopeScorer


@dataclass(frozen=True)
class ArtifactMetadata:
    """What a manifest records besides the stages.

    The version starts with `name`. `fingerprint` covers the texts that the encoders were
    fine-tuned on. `review_target` is that of `TrainingConfig`.
    """

    name: str
    base_model: BaseModelInfo
    examples: Sequence[Example]
    fingerprint: TrainingFingerprint
    review_target: ReviewTarget | None = None


def write_artifact(
    out: Path,
    metadata: ArtifactMetadata,
    stages: Sequence[CalibratedStage],
    calibration: CascadeCalibration | None,
) -> ModelManifest:
    """Write graphs, tokenizers and the manifest to `out`, and delete files of an older model."""
    out.mkdir(parents=True, exist_ok=True)
    entries = tuple(_write_stage(out, stage) for stage in stages)
    names = [file for entry in entries for file in entry.files]
    _delete_stale_files(out, {*names, MANIFEST_FILE})
    names.append(metadata.fingerprint.write(out).name)
    files = {file: file_sha256(out / file) for file in names}
    digest = hashlib.sha256("".join(files.values()).encode()).hexdigest()
    manifest = ModelManifest(
        version=f"{metadata.name}-{digest[:8]}",
        labels=stages[-1].fitted.head.labels,
        stages=entries,
        files=files,
        training_examples=len(metadata.examples),
        training_data_sha256=data_digest(metadata.examples),
        metrics=manifest_metrics(calibration.predictions) if calibration else {},
        thresholds=confidence_thresholds(
            calibration.predictions if calibration else None, metadata.review_target
        ),
        clause_calibration=calibration.clause_calibration if calibration else None,
        base_model=metadata.base_model,
    )
    text = json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (out / MANIFEST_FILE).write_text(text + "\n", "utf-8")
    return manifest


def manifest_metrics(predictions: Predictions) -> dict[str, float]:
    """Return the metrics of a manifest, rounded to 4 digits.

    The out-of-scope metrics are missing where the labels are not of both kinds.
    """
    evaluated = compute_metrics(predictions)
    metrics = {
        "accuracy": evaluated.accuracy,
        "macro_f1": evaluated.macro_f1,
        "ece": evaluated.ece,
    }
    if evaluated.oos:
        metrics["oos_found_at_95_kept"] = evaluated.oos.found_at_95_kept
        metrics["oos_false_accept_rate"] = evaluated.oos.false_accept_rate
    return {name: round(value, 4) for name, value in metrics.items()}


def _write_stage(out: Path, stage: CalibratedStage) -> CascadeStage:
    fitted, calibration = stage.fitted, stage.calibration
    entry = CascadeStage(
        name=fitted.name,
        graph=f"{fitted.name}.onnx",
        tokenizer=f"{fitted.name}.tokenizer.json",
        max_tokens=fitted.encoder.max_tokens,
        temperature=round(calibration.temperature, 4),
        min_margin=round(calibration.min_margin, 4),
        min_scope=calibration.min_scope,
    )
    head = fitted.head.divided_by(calibration.temperature)
    graph = attach_outputs(fitted.encoder.model, head, stage.scope)
    (out / entry.graph).write_bytes(graph.SerializeToString(deterministic=True))
    (out / entry.tokenizer).write_text(fitted.encoder.tokenizer, "utf-8")
    return entry


def _delete_stale_files(out: Path, current: set[str]) -> None:
    for suffix in ("*.onnx", "*.tokenizer.json"):
        for file in out.glob(suffix):
            if file.name not in current:
                file.unlink()


def attach_outputs(model: onnx.ModelProto, head: Head, scope: ScopeScorer) -> onnx.ModelProto:
    """Return the graph with `probabilities` float32 [1, labels] and `scope` float32 [1] as outputs.

    `head` is already divided by its temperature. Existing outputs of the kind are replaced;
    the encoder stays unchanged. `model` is not modified.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    _filter_field(graph.node, lambda node: not node.name.startswith(PREFIX))
    _filter_field(graph.initializer, lambda tensor: not tensor.name.startswith(PREFIX))
    _filter_field(graph.output, lambda output: output.name == "embedding")
    writer = _HeadWriter(graph)
    product = writer.add("MatMul", "embedding", writer.int8_matrix("weights", head.weights))
    logits = writer.add("Add", product, writer.constant("bias", head.bias))
    _write_scope(writer, scope, logits)
    _write_probabilities(writer, scope, logits)
    graph.output.extend(
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, len(head.bias)]),
            helper.make_tensor_value_info("scope", TensorProto.FLOAT, [1]),
        ]
    )
    return result


def _write_probabilities(writer: "_HeadWriter", scope: ScopeScorer, logits: str) -> None:
    """Write the nodes that compute `softmax` and `shade`."""
    if len(scope.out_of_scope):
        writer.add("Softmax", logits, output="probabilities")
        return
    shade = writer.constant("shade", np.array([MIN_SHADING_FACTOR]))
    shaded = writer.add("Add", "scope", shade)
    factor = writer.add("Min", shaded, writer.constant("all", np.ones(1)))
    writer.add("Mul", writer.add("Softmax", logits), factor, output="probabilities")


def _write_scope(writer: "_HeadWriter", scope: ScopeScorer, logits: str) -> None:
    """Write the nodes that compute `ScopeScorer.score`."""
    rows = writer.constant("rows", np.array([1], np.int64))
    sharpness = writer.constant("sharpness", np.array(ENERGY_SHARPNESS))
    in_scope = writer.add("Gather", logits, writer.constant("inside", scope.in_scope), axis=1)
    scaled = writer.add("Mul", in_scope, sharpness)
    energy = writer.add("ReduceLogSumExp", scaled, rows, keepdims=1)
    unit = writer.add("LpNormalization", "embedding", p=2, axis=-1)
    similarity = writer.add("MatMul", unit, writer.int8_matrix("means", scope.centroids.T))
    features = [
        writer.add("Div", energy, sharpness),
        writer.add("ReduceMax", similarity, rows, keepdims=1),
    ]
    if len(scope.out_of_scope):
        columns = writer.constant("outside", scope.out_of_scope)
        out_of_scope = writer.add("Gather", logits, columns, axis=1)
        features.append(
            writer.add(
                "Sub",
                writer.add("ReduceLogSumExp", in_scope, rows, keepdims=1),
                writer.add("ReduceLogSumExp", out_of_scope, rows, keepdims=1),
            )
        )
    joined = writer.add("Concat", *features, axis=1)
    weighted = writer.add("MatMul", joined, writer.constant("scope_weights", scope.weights))
    shifted = writer.add("Add", weighted, writer.constant("scope_bias", np.array([scope.bias])))
    writer.add("Sigmoid", shifted, output="scope")


class _HeadWriter:
    """Appends nodes and constants to a graph, with names under `PREFIX`."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._count = 0

    def constant(self, name: str, value: Floats | np.ndarray[Any, Any]) -> str:
        """Add a constant as int8, int64 or float32, and return its name."""
        typed = value if value.dtype in (np.int8, np.int64) else value.astype(np.float32)
        self._graph.initializer.append(
            numpy_helper.from_array(np.ascontiguousarray(typed), PREFIX + name)
        )
        return PREFIX + name

    def int8_matrix(self, name: str, matrix: Floats) -> str:
        """Add a matrix as int8 with one scale per column; the runtime widens it once, on load."""
        values, scales = quantise_columns(matrix)
        narrow = self.constant(name, values)
        wide = self.add("Cast", narrow, to=TensorProto.FLOAT)
        return self.add("Mul", wide, self.constant(f"{name}_scales", scales))

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        self._count += 1
        name = f"{PREFIX}{operator}_{self._count}"
        self._graph.node.append(
            helper.make_node(operator, inputs, [output or name], name=name, **attributes)
        )
        return output or name


def _filter_field(field: Any, predicate: Callable[[Any], bool]) -> None:
    """Remove the items of a repeated field for which `predicate` is false."""
    remaining = [item for item in field if predicate(item)]
    del field[:]
    field.extend(remaining)
