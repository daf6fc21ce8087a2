"""Write the ONNX graph of a head: from an embedding to the probabilities and the scope."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from prompt_capture.adapters.onnx.classifier import MAX_UNSHOWN_CONFIDENCE, SECOND_PLACE
from prompt_capture.adapters.onnx.model_artifact import (
    ENCODER_PROPERTY,
    LABELS_PROPERTY,
    labels_sha256,
)
from prompt_capture.domain.predictions import MIN_SCOPE
from training.calibrate.prototypes import NEAREST
from training.calibrate.scope import (
    ENERGY_SHARPNESS,
    MIN_SHADING_FACTOR,
    SMALLEST,
    ScopeScorer,
    split_columns,
)
from training.fit.heads import Floats, Head
from training.fit.networks.graphs import IR_VERSION, OPSET, quantise_columns


def head_graph(head: Head, scope: ScopeScorer, encoder_sha256: str) -> onnx.ModelProto:
    """Return the graph of a head, with the identities of its encoder and of its labels.

    `embedding` float32 [1, width] -> `probabilities` float32 [1, labels] and `scope` float32 [1].
    `head` is already divided by its temperature.
    """
    width, labels = head.weights.shape
    graph = helper.make_graph(
        [],
        "head",
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, width])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, labels]),
            helper.make_tensor_value_info("scope", TensorProto.FLOAT, [1]),
        ],
    )
    writer = _HeadWriter(graph)
    product = writer.add("MatMul", "embedding", writer.int8_matrix("weights", head.weights))
    logits = writer.add("Add", product, writer.constant("bias", head.bias))
    _write_scope(writer, scope, logits)
    _write_probabilities(writer, scope, logits)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    helper.set_model_props(
        model,
        {ENCODER_PROPERTY: encoder_sha256, LABELS_PROPERTY: labels_sha256(head.labels)},
    )
    return model


def _write_probabilities(writer: "_HeadWriter", scope: ScopeScorer, logits: str) -> None:
    """Write the nodes that compute `label_probabilities`."""
    inside, outside = split_columns(scope.labels)
    rows = "rows"
    one = writer.constant("one", np.ones(1))
    if not len(outside):
        shade = writer.constant("shade", np.array([MIN_SHADING_FACTOR]))
        factor = writer.add("Min", writer.add("Add", "scope", shade), one)
        intents = writer.add("Mul", writer.add("Softmax", logits), factor)
    elif scope.weights.is_calibrated:
        intents = writer.add("Mul", writer.add("Softmax", "inside_logits"), "scope")
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
        others = writer.add("Mul", writer.add("Softmax", "outside_logits"), share)
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
    start = writer.constant("first_of_width", np.array([-scope.prototypes.width], np.int64))
    end = writer.constant("end_of_width", np.array([np.iinfo(np.int64).max], np.int64))
    last = writer.add("Slice", "embedding", start, end, rows)
    unit = writer.add("LpNormalization", last, p=2, axis=-1)
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
    """Appends nodes and constants to a graph."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._count = 0

    def constant(self, name: str, value: Floats | np.ndarray[Any, Any]) -> str:
        """Add a constant as int8, int64 or float32, and return its name."""
        typed = value if value.dtype in (np.int8, np.int64) else value.astype(np.float32)
        self._graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(typed), name))
        return name

    def int8_matrix(self, name: str, matrix: Floats) -> str:
        """Add a matrix as int8 with one scale per column; the runtime widens it once, on load."""
        values, scales = quantise_columns(matrix)
        narrow = self.constant(name, values)
        wide = self.add("Cast", narrow, to=TensorProto.FLOAT)
        return self.add("Mul", wide, self.constant(f"{name}_scales", scales))

    def gather(self, values: str, columns: NDArray[np.intp], name: str) -> str:
        """Add the selection of columns of `values`, and return the name of the output."""
        indices = self.constant(f"{name}_columns", columns)
        return self.add("Gather", values, indices, output=name, axis=1)

    def nearest(self, unit: str, prototypes: Floats, name: str) -> str:
        """Add the mean of the largest cosines of a unit vector and the prototypes [any, width]."""
        products = self.add("MatMul", unit, self.int8_matrix(name, prototypes.T))
        count = np.array([min(NEAREST, len(prototypes))], np.int64)
        largest = f"{name}_cosines"
        outputs = [largest, f"{name}_numbers"]
        inputs = [products, self.constant(f"{name}_count", count)]
        self._graph.node.append(helper.make_node("TopK", inputs, outputs, name=largest, axis=1))
        return self.add("ReduceMean", largest, "rows", keepdims=1)

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        self._count += 1
        name = f"{operator.lower()}_{self._count}"
        self._graph.node.append(
            helper.make_node(operator, inputs, [output or name], name=name, **attributes)
        )
        return output or name
