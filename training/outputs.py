"""Add the probabilities and the scope to the graph of an encoder, or replace existing ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from training.head import Floats, Head
from training.networks.graphs import quantise_columns
from training.scope import ENERGY_SHARPNESS, MIN_SHADING_FACTOR, ScopeScorer

PREFIX = "head/"


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
