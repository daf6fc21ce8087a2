"""Build the static student as an ONNX graph with int8 weights.

`input_ids` int64 [1, tokens] -> `embedding` float32 [1, width + filters]. Cast and Mul convert the
int8 constants to float32: onnxruntime folds the filters once when it loads the graph, and converts
only those rows of the table that a text needs.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto

from training.fit.networks.graphs import GraphBuilder, quantise_columns, quantise_rows

Floats = NDArray[np.float32]

WINDOW = 3


@dataclass(frozen=True)
class StudentWeights:
    """`table` [pieces, width], `importance` [pieces], `filters` [3 * width, n], `bias` [n]."""

    table: Floats
    importance: Floats
    filters: Floats
    bias: Floats


class StudentBuilder:
    """Builds the student's graph from its weights."""

    def __init__(self, weights: StudentWeights) -> None:
        self._weights = weights
        self._graph = GraphBuilder()

    def build(self) -> onnx.ModelProto:
        """Return the graph; its only output is `embedding`."""
        rows = self._rows()
        self._graph.add("Concat", self._bag(rows), self._phrases(rows), output="embedding", axis=-1)
        width = self._weights.table.shape[1] + len(self._weights.bias)
        return self._graph.model("static_student", width)

    def _rows(self) -> str:
        graph = self._graph
        words, scales = quantise_rows(self._weights.table)
        table = graph.constant("table", words)
        rows = graph.add("Cast", graph.add("Gather", table, "input_ids"), to=TensorProto.FLOAT)
        scale = graph.add("Gather", graph.constant("table_scales", scales), "input_ids")
        return graph.add("Mul", rows, scale)

    def _bag(self, rows: str) -> str:
        """Add the weighted sum of the rows, divided by the square root of their number."""
        graph = self._graph
        importance = graph.constant("importance", self._weights.importance[:, None])
        weighted = graph.add("Mul", rows, graph.add("Gather", importance, "input_ids"))
        tokens = graph.constant("axis_tokens", np.array([1], np.int64))
        total = graph.add("ReduceSum", weighted, tokens, keepdims=0)
        length = graph.add("Cast", graph.add("Shape", "input_ids", start=1), to=TensorProto.FLOAT)
        return graph.add("Div", total, graph.add("Sqrt", length))

    def _phrases(self, rows: str) -> str:
        """Add each filter's maximum response to a window of three rows."""
        graph = self._graph
        filters, scales = quantise_columns(self._weights.filters)
        narrow = graph.constant("filters", np.ascontiguousarray(filters))
        wide = graph.add("Cast", narrow, to=TensorProto.FLOAT)
        wide = graph.add("Mul", wide, graph.constant("filter_scales", scales.copy()))
        product = graph.add("MatMul", self._windows(rows), wide)
        product = graph.add("Add", product, graph.constant("bias", self._weights.bias))
        tokens = graph.constant("axis_tokens", np.array([1], np.int64))
        return graph.add("Relu", graph.add("ReduceMax", product, tokens, keepdims=0))

    def _windows(self, rows: str) -> str:
        """Concatenate each row with the rows before and after it; pad both ends with zeros."""
        graph = self._graph
        padding = graph.constant("padding", np.array([0, 1, 0, 0, 1, 0], np.int64))
        padded = graph.add("Pad", rows, padding)
        axis = graph.constant("axis_tokens", np.array([1], np.int64))
        length = graph.add("Shape", "input_ids", start=1)
        shifted = []
        for offset in range(WINDOW):
            start = graph.constant(f"start_{offset}", np.array([offset], np.int64))
            shifted.append(graph.add("Slice", padded, start, graph.add("Add", length, start), axis))
        return graph.add("Concat", *shifted, axis=-1)
