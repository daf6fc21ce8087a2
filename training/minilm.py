"""Build the sentence encoder as an ONNX graph: all-MiniLM-L6-v2, with int8 weights.

The architecture is BERT (Devlin et al. 2019) as MiniLM uses it (Wang et al. 2020): 6 layers, 384
units, 12 heads. The tokens of a layer are averaged and scaled to unit length (Reimers and
Gurevych 2019), for the word embeddings and for layers 2, 4 and 6: the last layer alone has lost
much of the wording that tells one intent from another (docs/decisions has the figures).
The graph takes one text, without padding: `input_ids` int64 [1, tokens] -> `embedding` float32
[1, 1536]. Dynamic quantisation scales by what is in the batch, so that a batch of one is the only
way to score a text alike in training and in service.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
OPSET = 20
IR_VERSION = 10
LAYERS = 6
HEADS = 12
WIDTH = 384
POOLED_LAYERS = (0, 2, 4, 6)
EMBEDDING_WIDTH = WIDTH * len(POOLED_LAYERS)
MAX_TOKENS = 128

Array = NDArray[np.float32]


class GraphBuilder:
    """Collects nodes and constants, and names what lies between them."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        """Add a constant once and answer its name."""
        self.constants.setdefault(name, numpy_helper.from_array(value, name))
        return name

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node and answer the name of its output."""
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name


class EncoderBuilder:
    """Writes the encoder's graph from the weights of a BERT checkpoint."""

    def __init__(self, weights: Mapping[str, Array]) -> None:
        self._weights = weights
        self._graph = GraphBuilder()

    def build(self) -> onnx.ModelProto:
        """Answer the graph with float32 layers and an int8 table of word embeddings."""
        states = [self._embeddings()]
        for layer in range(LAYERS):
            states.append(self._layer(states[-1], f"encoder.layer.{layer}"))
        pooled = [self._pool(states[layer]) for layer in POOLED_LAYERS]
        self._graph.add("Concat", *pooled, output="embedding", axis=-1)
        return self._model()

    def _pool(self, hidden: str) -> str:
        axis = self._graph.constant("axis_tokens", np.array([1], np.int64))
        mean = self._graph.add("ReduceMean", hidden, axis, keepdims=0)
        return self._graph.add("LpNormalization", mean, p=2, axis=-1)

    def _embeddings(self) -> str:
        graph = self._graph
        words, scales = _int8_rows(self._weights["embeddings.word_embeddings.weight"])
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

    def _model(self) -> onnx.ModelProto:
        ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])
        embedding = helper.make_tensor_value_info(
            "embedding", TensorProto.FLOAT, [1, EMBEDDING_WIDTH]
        )
        graph = helper.make_graph(
            self._graph.nodes,
            "sentence_encoder",
            [ids],
            [embedding],
            list(self._graph.constants.values()),
        )
        opset = helper.make_opsetid("", OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)


def build_encoder(weights_file: Path, quantised: bool = True) -> onnx.ModelProto:
    """Read the checkpoint, check that it is the original, and write the graph.

    Weights are quantised per output channel to 7 bits in int8 (`reduce_range`): with 8, older
    x86 processors saturate, and one artifact would answer differently on two machines.
    """
    digest = hashlib.sha256(weights_file.read_bytes()).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise ValueError(f"{weights_file.name} is not the original: its SHA-256 is {digest}.")
    model = EncoderBuilder(load_file(weights_file)).build()
    return _quantise(model) if quantised else model


def _quantise(model: onnx.ModelProto) -> onnx.ModelProto:
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


def _int8_rows(table: Array) -> tuple[NDArray[np.int8], Array]:
    """Quantise each row to int8 with a scale of its own: [rows, width], [rows, 1]."""
    scales = np.abs(table).max(axis=1, keepdims=True) / np.float32(127)
    scales = np.maximum(scales, np.float32(1e-12))
    return np.round(table / scales).astype(np.int8), scales.astype(np.float32)
