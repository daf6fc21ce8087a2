"""Put a head and a scope score on an encoder's graph, or in the place of others."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from training.head import Floats, Head
from training.networks.graphs import int8_columns
from training.scope import ENERGY_SHARPNESS, SHADE, Scope

PREFIX = "head/"


def attach_outputs(model: onnx.ModelProto, head: Head, scope: Scope) -> onnx.ModelProto:
    """Answer the graph with `probabilities` float32 [1, labels] and `scope` float32 [1].

    The head is already divided by its temperature. What the graph had of the kind is replaced;
    the encoder stays as it is.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    _keep(graph.node, lambda node: not node.name.startswith(PREFIX))
    _keep(graph.initializer, lambda tensor: not tensor.name.startswith(PREFIX))
    _keep(graph.output, lambda output: output.name == "embedding")
    writer = _Writer(graph)
    product = writer.add("MatMul", "embedding", writer.narrow("weights", head.weights))
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


def _write_probabilities(writer: "_Writer", scope: Scope, logits: str) -> None:
    """Write what `shaded` computes."""
    if len(scope.outside):
        writer.add("Softmax", logits, output="probabilities")
        return
    shade = writer.constant("shade", np.array([SHADE]))
    left = writer.add("Min", writer.add("Add", "scope", shade), writer.constant("all", np.ones(1)))
    writer.add("Mul", writer.add("Softmax", logits), left, output="probabilities")


def _write_scope(writer: "_Writer", scope: Scope, logits: str) -> None:
    """Write what `Scope.score` computes."""
    rows = writer.constant("rows", np.array([1], np.int64))
    sharpness = writer.constant("sharpness", np.array(ENERGY_SHARPNESS))
    inside = writer.add("Gather", logits, writer.constant("inside", scope.inside), axis=1)
    sharp = writer.add("ReduceLogSumExp", writer.add("Mul", inside, sharpness), rows, keepdims=1)
    unit = writer.add("LpNormalization", "embedding", p=2, axis=-1)
    likeness = writer.add("MatMul", unit, writer.narrow("means", scope.means.T))
    found = [
        writer.add("Div", sharp, sharpness),
        writer.add("ReduceMax", likeness, rows, keepdims=1),
    ]
    if len(scope.outside):
        outside = writer.add("Gather", logits, writer.constant("outside", scope.outside), axis=1)
        found.append(
            writer.add(
                "Sub",
                writer.add("ReduceLogSumExp", inside, rows, keepdims=1),
                writer.add("ReduceLogSumExp", outside, rows, keepdims=1),
            )
        )
    joined = writer.add("Concat", *found, axis=1)
    weighted = writer.add("MatMul", joined, writer.constant("scope_weights", scope.weights))
    shifted = writer.add("Add", weighted, writer.constant("scope_bias", np.array([scope.bias])))
    writer.add("Sigmoid", shifted, output="scope")


class _Writer:
    """Appends nodes and constants under the head's prefix."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._count = 0

    def constant(self, name: str, value: Floats | np.ndarray[Any, Any]) -> str:
        kept = value if value.dtype in (np.int8, np.int64) else value.astype(np.float32)
        self._graph.initializer.append(
            numpy_helper.from_array(np.ascontiguousarray(kept), PREFIX + name)
        )
        return PREFIX + name

    def narrow(self, name: str, matrix: Floats) -> str:
        """Write a matrix in 255 steps a column; the runtime widens it once, as it loads."""
        steps, scales = int8_columns(matrix)
        held = self.constant(name, steps)
        wide = self.add("Cast", held, to=TensorProto.FLOAT)
        return self.add("Mul", wide, self.constant(f"{name}_scales", scales))

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        self._count += 1
        name = f"{PREFIX}{operator}_{self._count}"
        self._graph.node.append(
            helper.make_node(operator, inputs, [output or name], name=name, **attributes)
        )
        return output or name


def _keep(field: Any, wanted: Callable[[Any], bool]) -> None:
    """Leave only the wanted items in a repeated field."""
    kept = [item for item in field if wanted(item)]
    del field[:]
    field.extend(kept)
