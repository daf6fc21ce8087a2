"""Run the model: the one module that opens ONNX sessions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from prompt_capture.adapters.model_artifact import MANIFEST_FILE, MODEL_FILE, ModelArtifact
from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.text import normalise


class TextGraph:
    """An ONNX graph over the tokens of one text: `input_ids` int64 [1, tokens].

    Runs on the calling thread alone; several threads may share it. Texts are normalised, and cut
    after `max_tokens` tokens, so that time and memory are bounded.
    """

    def __init__(self, model_file: Path, tokenizer_file: Path, max_tokens: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
            self._session = onnxruntime.InferenceSession(
                str(model_file), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # noqa: BLE001 - the libraries raise what they like
            raise InvalidArtifact(
                f"{model_file.parent} cannot be loaded ({type(error).__name__})."
            ) from None
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)

    def run(self, text: str, output: str) -> NDArray[np.float32]:
        """Answer one output of the graph for one text, as a vector."""
        ids = np.array([self._tokenizer.encode(normalise(text)).ids], np.int64)
        (result,) = self._session.run([output], {"input_ids": ids})
        vector: NDArray[np.float32] = result[0]
        return vector

    def check_length(self, tokens: int) -> None:
        """Raise `InvalidArtifact` where the graph cannot take texts of so many tokens."""
        try:
            self._session.run(None, {"input_ids": np.zeros((1, tokens), np.int64)})
        except Exception as error:  # noqa: BLE001 - the library raises what it likes
            raise InvalidArtifact(
                f"{MODEL_FILE} cannot take the {tokens} tokens that {MANIFEST_FILE} allows "
                f"({type(error).__name__})."
            ) from None

    def width(self, output: str) -> int | None:
        """Answer how long an output's vector is, or None where the graph has no such output."""
        shapes = {node.name: node.shape for node in self._session.get_outputs()}
        return shapes[output][-1] if output in shapes else None


class OnnxClassifier:
    """The intent model of an artifact; meets the port `Classifier`."""

    def __init__(self, artifact: ModelArtifact) -> None:
        manifest = artifact.manifest
        self.version = manifest.version
        self.labels = manifest.labels
        self._graph = TextGraph(artifact.model_file, artifact.tokenizer_file, manifest.max_tokens)
        if self._graph.width("probabilities") != len(self.labels):
            raise InvalidArtifact(
                f"{MODEL_FILE} does not answer the {len(self.labels)} labels of the manifest."
            )
        # Also warms the session up: the first long message costs no more than the second.
        self._graph.check_length(manifest.max_tokens)

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Answer one prediction per text, in order."""
        return [self._predict(self.probabilities(text)) for text in texts]

    def probabilities(self, text: str) -> NDArray[np.float32]:
        """Answer the calibrated probability of each label, in the order of `labels`."""
        probabilities = self._graph.run(text, "probabilities")
        if not np.isfinite(probabilities).all():
            raise InvalidArtifact(f"{MODEL_FILE} answers what is no probability.")
        return probabilities

    def _predict(self, probabilities: NDArray[np.float32]) -> Prediction:
        best = int(probabilities.argmax())
        return Prediction(
            intent=self.labels[best],
            confidence=round(min(1.0, float(probabilities[best])), 6),
            source="model",
            model_version=self.version,
        )
