"""Write a trained model as the artifact folder that the functions serve."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from prompt_capture.adapters.onnx.classifier import SECOND_PLACE
from prompt_capture.adapters.onnx.model_artifact import (
    MANIFEST_FILE,
    BaseModelInfo,
    CascadeStage,
    MeasuredOn,
    ModelManifest,
    file_sha256,
)
from prompt_capture.domain.predictions import MIN_SCOPE
from training.calibrate.cascade import CascadeCalibration, StageCalibration
from training.calibrate.predictions import Predictions
from training.calibrate.scope import (
    ENERGY_SHARPNESS,
    MAX_UNSHOWN_CONFIDENCE,
    MIN_SHADING_FACTOR,
    SMALLEST,
    ScopeScorer,
    split_columns,
)
from training.calibrate.thresholds import confidence_thresholds
from training.config import ReviewTarget
from training.data.examples import Example, data_digest
from training.data.fingerprint import TrainingFingerprint
from training.fit.encoders import FittedStage
from training.fit.heads import Floats, Head
from training.fit.networks.graphs import quantise_columns
from training.report.evaluation import MIN_ECE_MESSAGES, compute_metrics

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
    fine-tuned on. `is_unbiased` is that of `TrainingResult`, and `review_target` that of
    `TrainingConfig`.
    """

    name: str
    base_model: BaseModelInfo
    examples: Sequence[Example]
    fingerprint: TrainingFingerprint
    is_unbiased: bool
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
        measured_on=_describe_sample(calibration, metadata) if calibration else None,
        base_model=metadata.base_model,
    )
    text = json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (out / MANIFEST_FILE).write_text(text + "\n", "utf-8")
    return manifest


def _describe_sample(calibration: CascadeCalibration, metadata: ArtifactMetadata) -> MeasuredOn:
    messages = len(calibration.predictions.texts)
    return MeasuredOn(
        sample=calibration.sample, messages=messages, is_unbiased=metadata.is_unbiased
    )


def manifest_metrics(predictions: Predictions) -> dict[str, float]:
    """Return the metrics of a manifest, rounded to 4 digits.

    The calibration error is missing where `MIN_ECE_MESSAGES` are not reached, and the out-of-scope
    metrics where the labels are not of both kinds.
    """
    evaluated = compute_metrics(predictions)
    metrics = {"accuracy": evaluated.accuracy, "macro_f1": evaluated.macro_f1}
    if evaluated.n >= MIN_ECE_MESSAGES:
        metrics["ece"] = evaluated.ece
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
        min_scope=round(calibration.min_scope, 4),
        blend=calibration.blend,
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
    """Write the nodes that compute `label_probabilities`."""
    inside, outside = split_columns(scope.labels)
    rows = f"{PREFIX}rows"
    one = writer.constant("one", np.ones(1))
    if not len(outside):
        shade = writer.constant("shade", np.array([MIN_SHADING_FACTOR]))
        factor = writer.add("Min", writer.add("Add", "scope", shade), one)
        intents = writer.add("Mul", writer.add("Softmax", logits), factor)
    elif scope.weights.is_calibrated:
        intents = writer.add("Mul", writer.add("Softmax", f"{PREFIX}inside_logits"), "scope")
    else:
        all_labels = writer.add("Softmax", logits)
        intents = writer.gather(all_labels, inside, "inside_probabilities")
    best = writer.add("ReduceMax", intents, rows, keepdims=1)
    most = writer.constant("most", np.array([MAX_UNSHOWN_CONFIDENCE]))
    typical = writer.constant("typical", np.array([scope.weights.typical]))
    is_unlike = writer.add("Less", "scope", typical)
    shown = writer.add("Where", is_unlike, writer.add("Min", best, most), best)
    smallest = writer.constant("smallest", np.array([SMALLEST]))
    ratio = writer.add("Div", shown, writer.add("Max", best, smallest))
    if not len(outside):
        writer.add("Mul", intents, ratio, output="probabilities")
        return
    intents = writer.add("Mul", intents, ratio)
    if scope.weights.is_calibrated:
        rest = writer.add("Sub", one, "scope")
        second = writer.constant("second", np.array([SECOND_PLACE]))
        less = writer.add("Min", rest, writer.add("Mul", shown, second))
        is_out = writer.add("Less", "scope", writer.constant("min_scope", np.array([MIN_SCOPE])))
        share = writer.add("Where", is_out, rest, less)
        others = writer.add("Mul", writer.add("Softmax", f"{PREFIX}outside_logits"), share)
    else:
        others = writer.gather(all_labels, outside, "outside_probabilities")
    joined = writer.add("Concat", intents, others, axis=1)
    order = writer.constant("order", np.argsort(np.concatenate([inside, outside])))
    writer.add("Gather", joined, order, output="probabilities", axis=1)


def _write_scope(writer: "_HeadWriter", scope: ScopeScorer, logits: str) -> None:
    """Write the nodes that compute `ScopeScorer.score`."""
    rows = writer.constant("rows", np.array([1], np.int64))
    sharpness = writer.constant("sharpness", np.array(ENERGY_SHARPNESS))
    inside, outside = split_columns(scope.labels)
    in_scope = writer.gather(logits, inside, "inside_logits")
    energy = writer.add("ReduceLogSumExp", writer.add("Mul", in_scope, sharpness), rows, keepdims=1)
    unit = writer.add("LpNormalization", "embedding", p=2, axis=-1)
    similarity = writer.nearest(unit, scope.prototypes.inside, "inside_prototypes")
    features = [writer.add("Div", energy, sharpness), similarity]
    if len(outside):
        odds = writer.add(
            "Sub",
            writer.add("ReduceLogSumExp", in_scope, rows, keepdims=1),
            writer.add(
                "ReduceLogSumExp",
                writer.gather(logits, outside, "outside_logits"),
                rows,
                keepdims=1,
            ),
        )
        other = writer.nearest(unit, scope.prototypes.outside, "outside_prototypes")
        features += [odds, writer.add("Sub", similarity, other)]
    joined = writer.add("Concat", *features, axis=1)
    weights = writer.constant("scope_weights", scope.weights.weights)
    weighted = writer.add("MatMul", joined, weights)
    bias = writer.constant("scope_bias", np.array([scope.weights.bias]))
    writer.add("Sigmoid", writer.add("Add", weighted, bias), output="scope")


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

    def gather(self, values: str, columns: NDArray[np.intp], name: str) -> str:
        """Add the selection of columns of `values`, and return the name of the output."""
        indices = self.constant(f"{name}_columns", columns)
        return self.add("Gather", values, indices, output=PREFIX + name, axis=1)

    def nearest(self, unit: str, prototypes: Floats, name: str) -> str:
        """Add the largest cosine of a unit vector and the prototypes [any, width]."""
        products = self.add("MatMul", unit, self.int8_matrix(name, prototypes.T))
        return self.add("ReduceMax", products, f"{PREFIX}rows", keepdims=1)

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
