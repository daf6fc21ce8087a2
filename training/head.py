"""The classification head: put one on an encoder's graph, or in the place of another."""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_PREFIX = "head/"


def attach_head(
    model: onnx.ModelProto, weights: NDArray[np.float32], bias: NDArray[np.float32]
) -> onnx.ModelProto:
    """Answer the graph with `probabilities = softmax(embedding @ weights + bias)`.

    `weights` is [width, labels], `bias` [labels], both already divided by the temperature. A head
    that the graph has is replaced; the encoder stays as it is.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    _keep(graph.node, lambda node: not node.name.startswith(_PREFIX))
    _keep(graph.initializer, lambda tensor: not tensor.name.startswith(_PREFIX))
    _keep(graph.output, lambda output: output.name == "embedding")
    graph.initializer.extend(
        [
            numpy_helper.from_array(weights.astype(np.float32), f"{_PREFIX}weights"),
            numpy_helper.from_array(bias.astype(np.float32), f"{_PREFIX}bias"),
        ]
    )
    steps = [
        ("MatMul", ["embedding", f"{_PREFIX}weights"], f"{_PREFIX}product"),
        ("Add", [f"{_PREFIX}product", f"{_PREFIX}bias"], f"{_PREFIX}logits"),
        ("Softmax", [f"{_PREFIX}logits"], "probabilities"),
    ]
    graph.node.extend(
        helper.make_node(operator, inputs, [output], name=f"{_PREFIX}{operator}")
        for operator, inputs, output in steps
    )
    graph.output.append(
        helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, len(bias)])
    )
    return result


def _keep(field: object, wanted: object) -> None:
    kept = [item for item in field if wanted(item)]  # type: ignore[attr-defined,operator]
    del field[:]  # type: ignore[attr-defined]
    field.extend(kept)  # type: ignore[attr-defined]
