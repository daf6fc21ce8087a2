"""Build the sentence encoder as an ONNX graph: all-MiniLM-L6-v2, with int8 weights.

The architecture is BERT (Devlin et al. 2019) as MiniLM uses it (Wang et al. 2020): 6 layers, 384
units, 12 heads. Mean pooling scales the average of the tokens to unit length (Reimers and Gurevych
2019). It is applied to the word embeddings and to layers 2, 4 and 6, and the results are
concatenated: the last layer alone has lost much of the wording that separates intents
(docs/decisions has the measurements).
The graph takes one text, without padding: `input_ids` int64 [1, tokens] -> `embedding` float32
[1, 1536]. Dynamic quantisation computes its scales from the whole batch, so that only a batch of
one gives a text the same embedding in training and in service.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

from training.fit.networks.graphs import GraphBuilder, quantise_rows

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
LAYERS = 6
HEADS = 12
WIDTH = 384
POOLED_LAYERS = (0, 2, 4, 6)
EMBEDDING_WIDTH = WIDTH * len(POOLED_LAYERS)
MAX_TOKENS = 128

Array = NDArray[np.float32]


class EncoderBuilder:
    """Builds the encoder's graph from the weights of a BERT checkpoint."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self._weights = weights
        self._graph = GraphBuilder()

    def build(self) -> onnx.ModelProto:
        """Return the graph with float32 layers and an int8 table of word embeddings."""
        states = [self._embeddings()]
        for layer in range(LAYERS):
            states.append(self._layer(states[-1], f"encoder.layer.{layer}"))
        pooled = [self._pool(states[layer]) for layer in POOLED_LAYERS]
        self._graph.add("Concat", *pooled, output="embedding", axis=-1)
        return self._graph.model("sentence_encoder", EMBEDDING_WIDTH)

    def _pool(self, hidden: str) -> str:
        axis = self._graph.constant("axis_tokens", np.array([1], np.int64))
        mean = self._graph.add("ReduceMean", hidden, axis, keepdims=0)
        return self._graph.add("LpNormalization", mean, p=2, axis=-1)

    def _embeddings(self) -> str:
        graph = self._graph
        words, scales = quantise_rows(self._weights["embeddings.word_embeddings.weight"])
        table = graph.constant("word_embeddings", words)
        rows = graph.add("Cast", graph.add("Gather", table, "input_ids"), to=TensorProto.FLOAT)
        scale = graph.add("Gather", graph.constant("word_scales", scales), "input_ids")
        positions = self._weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
        segment = self._weights["embeddings.token_type_embeddings.weight"][0]
        table = graph.constant("position_embeddings", positions + segment)
        summed = graph.add("Add", graph.add("Mul", rows, scale), self._first_rows(table))
        return self._normalise(summed, "embeddings.LayerNorm")

    def _first_rows(self, table: str) -> str:
        graph = self._graph
        zero = graph.constant("zero", np.array([0], np.int64))
        one = graph.constant("one", np.array([1], np.int64))
        length = graph.add("Shape", "input_ids", start=1, end=2)
        return graph.add("Slice", table, zero, length, zero, one)

    def _layer(self, hidden: str, prefix: str) -> str:
        graph = self._graph
        attended = self._attention(hidden, f"{prefix}.attention.self")
        attended = self._dense(attended, f"{prefix}.attention.output.dense")
        attended = graph.add("Add", attended, hidden)
        attended = self._normalise(attended, f"{prefix}.attention.output.LayerNorm")
        wide = graph.add("Gelu", self._dense(attended, f"{prefix}.intermediate.dense"))
        narrow = graph.add("Add", self._dense(wide, f"{prefix}.output.dense"), attended)
        return self._normalise(narrow, f"{prefix}.output.LayerNorm")

    def _attention(self, hidden: str, prefix: str) -> str:
        graph = self._graph
        query = self._heads(self._dense(hidden, f"{prefix}.query"), [0, 2, 1, 3])
        key = self._heads(self._dense(hidden, f"{prefix}.key"), [0, 2, 3, 1])
        value = self._heads(self._dense(hidden, f"{prefix}.value"), [0, 2, 1, 3])
        root = graph.constant("root_of_width", np.array(np.sqrt(WIDTH / HEADS), np.float32))
        scores = graph.add("Div", graph.add("MatMul", query, key), root)
        context = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), value)
        context = graph.add("Transpose", context, perm=[0, 2, 1, 3])
        joined = graph.constant("joined_shape", np.array([0, 0, WIDTH], np.int64))
        return graph.add("Reshape", context, joined)

    def _heads(self, hidden: str, order: list[int]) -> str:
        shape = np.array([0, 0, HEADS, WIDTH // HEADS], np.int64)
        split = self._graph.add("Reshape", hidden, self._graph.constant("heads_shape", shape))
        return self._graph.add("Transpose", split, perm=order)

    def _dense(self, hidden: str, prefix: str) -> str:
        graph = self._graph
        weight = np.ascontiguousarray(self._weights[f"{prefix}.weight"].T)
        product = graph.add("MatMul", hidden, graph.constant(f"{prefix}.weight", weight))
        bias = graph.constant(f"{prefix}.bias", self._weights[f"{prefix}.bias"])
        return graph.add("Add", product, bias)

    def _normalise(self, hidden: str, prefix: str) -> str:
        graph = self._graph
        scale = graph.constant(f"{prefix}.weight", self._weights[f"{prefix}.weight"])
        bias = graph.constant(f"{prefix}.bias", self._weights[f"{prefix}.bias"])
        return graph.add("LayerNormalization", hidden, scale, bias, axis=-1, epsilon=1e-12)


def read_checkpoint(weights_file: Path) -> dict[str, Array]:
    """Read the published weights; raises `ValueError` where the SHA-256 differs."""
    digest = hashlib.sha256(weights_file.read_bytes()).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise ValueError(
            f"{weights_file.name} is not the published file: its SHA-256 is {digest}, "
            f"expected {WEIGHTS_SHA256}."
        )
    weights = load_file(weights_file)
    return {name: value for name, value in weights.items() if value.dtype == np.float32}


def read_weights(model: onnx.ModelProto) -> dict[str, Array]:
    """Return the dequantised weights of an encoder's graph, by their checkpoint names.

    The graph stores the position and the segment embeddings as their sum: the positions have it,
    and the segments are zero. Raises `KeyError` where the graph is not such an encoder.
    """
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    weights = {
        "embeddings.word_embeddings.weight": constants["word_embeddings"]
        * constants["word_scales"],
        "embeddings.position_embeddings.weight": constants["position_embeddings"],
        "embeddings.token_type_embeddings.weight": np.zeros((1, WIDTH), np.float32),
    }
    for name, value in constants.items():
        if name.endswith("_quantized"):
            matrix = name.removesuffix("_quantized")
            centred = value.astype(np.float32) - constants[f"{matrix}_zero_point"]
            weights[matrix] = np.ascontiguousarray((centred * constants[f"{matrix}_scale"]).T)
        elif name.startswith(("encoder.layer.", "embeddings.")) and value.ndim == 1:
            weights.setdefault(name, value)
    return weights


def quantise(model: onnx.ModelProto) -> onnx.ModelProto:
    """Quantise the matrices per output channel to 7 bits, stored as int8 (`reduce_range`).

    With 8 bits, the arithmetic of older x86 processors saturates, and the same artifact would give
    different predictions on different machines.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        onnx.save(model, source)
        quantize_dynamic(
            source,
            target,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(target)
