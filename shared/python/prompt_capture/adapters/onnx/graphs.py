"""ONNX graphs and their sessions. No other module opens ONNX sessions."""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Final, Generic, TypeVar
from weakref import WeakValueDictionary

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from prompt_capture.domain.text import normalise

Floats = NDArray[np.floating]

_EMBEDDING: Final = ("embedding",)
_ANSWER: Final = ("probabilities", "scope")

Graph = TypeVar("Graph")


class TextGraph:
    """An encoder: `input_ids` int64 [1, tokens] to `embedding` float32 [1, width].

    `model` is the path or the content of the ONNX file. A run uses the calling thread only, and
    several threads can share a graph. Texts are normalised, and truncated after `max_tokens` tokens
    to bound time and memory. The two libraries raise errors of their own for invalid files.
    """

    def __init__(self, model: str | bytes, tokenizer: Tokenizer, max_tokens: int) -> None:
        self._session = _open_session(model)
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        shapes = {node.name: node.shape for node in self._session.get_outputs()}
        self.width: int = shapes["embedding"][-1]

    def embed(self, text: str) -> Floats:
        """Return the embedding of a text [1, width]."""
        return self.embed_ids(self.token_ids(text))

    def token_ids(self, text: str) -> list[int]:
        """Return the token ids of a text."""
        ids: list[int] = self._tokenizer.encode(normalise(text)).ids
        return ids

    def embed_ids(self, ids: Sequence[int]) -> Floats:
        """Return the embedding of the token ids of a text [1, width]."""
        embedding: Floats
        (embedding,) = self._session.run(_EMBEDDING, {"input_ids": np.array([ids], np.int64)})
        return embedding


class HeadGraph:
    """A head: `embedding` float32 [1, width] to `probabilities` [1, labels] and `scope` [1].

    `properties` are those of the file. Several threads can share a head.
    """

    def __init__(self, model: str | bytes) -> None:
        self._session = _open_session(model)
        self.properties: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map

    def answer(self, embedding: Floats) -> tuple[Floats, np.floating]:
        """Return the probabilities [labels] and the scope for an embedding [1, width]."""
        probabilities, scope = self._session.run(_ANSWER, {"embedding": embedding})
        return probabilities[0], scope[0]


class SharedGraphs(Generic[Graph]):
    """The graphs of this process by the identity of their files, as long as anything uses them.

    Models that have an encoder in common then have its session in common.
    """

    def __init__(self) -> None:
        self._graphs: WeakValueDictionary[tuple[str | int, ...], Graph] = WeakValueDictionary()
        self._lock = Lock()

    def get(self, identity: tuple[str | int, ...], open_graph: Callable[[], Graph]) -> Graph:
        """Return the graph of that identity, and open it if nothing uses it yet.

        Threads that ask at the same time get the same graph.
        """
        with self._lock:
            graph = self._graphs.get(identity)
            if graph is None:
                graph = self._graphs[identity] = open_graph()
            return graph


def _open_session(model: str | bytes) -> onnxruntime.InferenceSession:
    """Open a session of an ONNX file. It has no custom operators, as nothing registers any."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Another format of the runtime would escape the check of the file.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
