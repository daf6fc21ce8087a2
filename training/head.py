"""The classification head: fit one, and put it on an encoder's graph or in another's place."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression

INVERSE_REGULARISATION = 10.0
Floats = NDArray[np.floating]

_PREFIX = "head/"


@dataclass(frozen=True)
class Head:
    """A linear classifier: `weights` [width, labels], `bias` [labels]."""

    labels: tuple[str, ...]
    weights: Floats
    bias: Floats

    def logits(self, embeddings: Floats) -> Floats:
        """Score embeddings [n, width] as logits [n, labels]."""
        scores: Floats = embeddings @ self.weights + self.bias
        return scores


def fit_head(embeddings: Floats, labels: NDArray[np.str_]) -> Head:
    """Fit a multinomial logistic regression; two labels get a column each, as more would."""
    classifier = LogisticRegression(C=INVERSE_REGULARISATION, max_iter=500)
    classifier.fit(embeddings, labels)
    weights, bias = classifier.coef_.T, classifier.intercept_
    if weights.shape[1] == 1:
        weights, bias = np.hstack([-weights / 2, weights / 2]), np.hstack([-bias / 2, bias / 2])
    return Head(tuple(str(label) for label in classifier.classes_), weights, bias)


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


def _keep(field: Any, wanted: Callable[[Any], bool]) -> None:
    """Leave only the wanted items in a repeated field."""
    kept = [item for item in field if wanted(item)]
    del field[:]
    field.extend(kept)
