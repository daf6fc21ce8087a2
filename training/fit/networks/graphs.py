"""Build ONNX graphs that take the tokens of one text."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
IR_VERSION = 10

Array = NDArray[np.float32]


class GraphBuilder:
    """Collects nodes and constants, and names the values between the nodes."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """Add a constant unless the name exists, and return the name."""
        self.constants.setdefault(name, numpy_helper.from_array(value, name))
        return name

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def model(self, name: str, width: int) -> onnx.ModelProto:
        """Return the graph: `input_ids` int64 [1, tokens] -> `embedding` float32 [1, width]."""
        ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])
        embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, width])
        constants = list(self.constants.values())
        graph = helper.make_graph(self.nodes, name, [ids], [embedding], constants)
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)


def quantise_rows(table: Array) -> tuple[NDArray[np.int8], Array]:
    """Quantise each row to int8; return values [rows, width] and one scale per row [rows, 1]."""
    scales = np.abs(table).max(axis=1, keepdims=True) / np.float32(127)
    scales = np.maximum(scales, np.float32(1e-12))
    return np.round(table / scales).astype(np.int8), scales.astype(np.float32)


def quantise_columns(matrix: Array) -> tuple[NDArray[np.int8], Array]:
    """Quantise each column to int8; return values [rows, columns] and scales [1, columns]."""
    values, scales = quantise_rows(matrix.T)
    return values.T, scales.T
