"""Run the model: the one module that opens ONNX sessions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from prompt_capture.adapters.model_artifact import MANIFEST_FILE, ModelArtifact, Stage
from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.predictions import Prediction, RunnerUp
from prompt_capture.domain.text import normalise

Floats = NDArray[np.float32]

_WARM_UP = 2
"""So many tokens are enough to have a graph ready."""


class TextGraph:
    """An ONNX graph over the tokens of one text: `input_ids` int64 [1, tokens].

    `model` is the file's path or its content, `tokenizer` likewise, in the format of the
    `tokenizers` library. Runs on the calling thread alone; several threads may share it. Texts are
    normalised, and cut after `max_tokens` tokens, so that time and memory are bounded. Raises
    whatever the two libraries do where they cannot read what they are given.
    """

    def __init__(self, model: str | bytes, tokenizer: Tokenizer, max_tokens: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)

    def run(self, text: str, *outputs: str) -> list[Floats]:
        """Answer outputs of the graph for one text, each as a vector."""
        return self.run_ids(self.tokens(text), *outputs)

    def tokens(self, text: str) -> list[int]:
        """Answer the ids of a text's tokens, as the graph takes them."""
        ids: list[int] = self._tokenizer.encode(normalise(text)).ids
        return ids

    def run_ids(self, ids: Sequence[int], *outputs: str) -> list[Floats]:
        """Answer outputs of the graph for one text's tokens."""
        results = self._session.run(outputs, {"input_ids": np.array([ids], np.int64)})
        return [result.reshape(-1) for result in results]

    def width(self, output: str) -> int | None:
        """Answer how long an output's vector is, or None where the graph has no such output."""
        shapes = {node.name: node.shape for node in self._session.get_outputs()}
        return shapes[output][-1] if output in shapes else None


@dataclass(frozen=True)
class Answer:
    """The calibrated probability of each label, in order, and whether the message is for us.

    `scope` lies between 0 and 1: of messages in scope, at least 95% have a half or more.
    `stage` says which model of the cascade answered.
    """

    probabilities: Floats
    scope: float
    stage: str


class OnnxClassifier:
    """The intent model of an artifact; meets the port `Classifier`."""

    def __init__(self, artifact: ModelArtifact) -> None:
        manifest = artifact.manifest
        self.version = manifest.version
        self.labels = manifest.labels
        self._clauses = manifest.clauses
        self._stages = [(stage, self._open(artifact, stage)) for stage in manifest.stages]

    def _open(self, artifact: ModelArtifact, stage: Stage) -> TextGraph:
        try:
            tokenizer = Tokenizer.from_file(str(artifact.folder / stage.tokenizer))
            graph = TextGraph(str(artifact.folder / stage.graph), tokenizer, stage.max_tokens)
        except Exception as error:  # noqa: BLE001 - the libraries raise what they like
            raise InvalidArtifact(
                f"{artifact.folder} cannot be loaded: {stage.name} ({type(error).__name__})."
            ) from None
        if graph.width("probabilities") != len(self.labels) or graph.width("scope") != 1:
            raise InvalidArtifact(
                f"{stage.graph} does not answer a scope and the {len(self.labels)} labels of the "
                "manifest."
            )
        _check_length(graph, stage, _WARM_UP if artifact.is_packaged else stage.max_tokens)
        return graph

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Answer one prediction per text, in order."""
        return [self._predict(self.answer(text)) for text in texts]

    def classify_clauses(self, clauses: Sequence[str]) -> list[Prediction]:
        """Answer one prediction per clause; without a calibration of clauses, as of messages."""
        predictions = self.classify(clauses)
        if self._clauses is None:
            return predictions
        return [
            one.model_copy(update={"confidence": round(self._clauses.of(one.confidence), 6)})
            for one in predictions
        ]

    def answer(self, text: str) -> Answer:
        """Ask one stage after the other until one is sure of its answer."""
        for stage, graph in self._stages[:-1]:
            probabilities, scope = graph.run(text, "probabilities", "scope")
            if _is_sure(stage, probabilities, float(scope[0])):
                return _answer(stage, probabilities, scope)
        stage, graph = self._stages[-1]
        return _answer(stage, *graph.run(text, "probabilities", "scope"))

    def _predict(self, answer: Answer) -> Prediction:
        best, *others = np.argsort(-answer.probabilities, kind="stable")[:2]
        return Prediction(
            intent=self.labels[best],
            confidence=_confidence(answer, best),
            runner_up=next(
                (
                    RunnerUp(intent=self.labels[n], confidence=_confidence(answer, n))
                    for n in others
                ),
                None,
            ),
            scope=round(answer.scope, 6),
            source="model",
            model_version=self.version,
        )


def _confidence(answer: Answer, place: int) -> float:
    return round(min(1.0, float(answer.probabilities[place])), 6)


def _is_sure(stage: Stage, probabilities: Floats, scope: float) -> bool:
    second, first = np.partition(probabilities, -2)[-2:]
    return bool(first - second >= stage.min_margin and scope >= stage.min_scope)


def _answer(stage: Stage, probabilities: Floats, scope: Floats) -> Answer:
    if not (np.isfinite(probabilities).all() and np.isfinite(scope).all()):
        raise InvalidArtifact(f"{stage.graph} answers what is no probability.")
    return Answer(probabilities, float(scope[0]), stage.name)


def _check_length(graph: TextGraph, stage: Stage, tokens: int) -> None:
    """Refuse a graph that cannot take so long a text; also warms the session up."""
    try:
        graph.run_ids([0] * tokens, "probabilities", "scope")
    except Exception as error:  # noqa: BLE001 - the library raises what it likes
        raise InvalidArtifact(
            f"{stage.graph} cannot take {tokens} tokens, which {MANIFEST_FILE} allows "
            f"({type(error).__name__})."
        ) from None
