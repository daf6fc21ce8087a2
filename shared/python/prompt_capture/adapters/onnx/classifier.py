"""Run the model. No other module opens ONNX sessions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from prompt_capture.adapters.onnx.model_artifact import (
    MANIFEST_FILE,
    Blend,
    CascadeStage,
    ModelArtifact,
)
from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.predictions import OUT_OF_SCOPE_LABELS, Prediction, RunnerUp
from prompt_capture.domain.text import normalise

Floats = NDArray[np.floating]

_SMALLEST_PROBABILITY = np.float32(1e-12)
"""Logarithms are of at least this much, so that a probability of 0 has one too."""

MAX_UNSHOWN_CONFIDENCE = 0.8499
"""The confidence in an intent for messages unlike the sample: below that of a predicted label."""
SECOND_PLACE = 0.99
"""The most that an out-of-scope label gets of the best intent's probability, if in scope."""

_WARM_UP_TOKENS = 2
"""A run with this many tokens is enough to initialise a graph."""


class TextGraph:
    """An ONNX graph over the tokens of one text: `input_ids` int64 [1, tokens].

    `model` is the path or the content of the ONNX file. A run uses the calling thread only, and
    several threads can share a graph. Texts are normalised, and truncated after `max_tokens` tokens
    to bound time and memory. The two libraries raise errors of their own for invalid files.
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
        """Return outputs of the graph for one text, each as a vector."""
        return self.run_ids(self.token_ids(text), *outputs)

    def token_ids(self, text: str) -> list[int]:
        """Return the token ids of a text."""
        ids: list[int] = self._tokenizer.encode(normalise(text)).ids
        return ids

    def run_ids(self, ids: Sequence[int], *outputs: str) -> list[Floats]:
        """Return outputs of the graph for the token ids of one text."""
        results = self._session.run(outputs, {"input_ids": np.array([ids], np.int64)})
        return [result.reshape(-1) for result in results]

    def output_width(self, output: str) -> int | None:
        """Return the length of an output's vector, or None where the graph has no such output."""
        shapes = {node.name: node.shape for node in self._session.get_outputs()}
        return shapes[output][-1] if output in shapes else None


@dataclass(frozen=True)
class ModelOutput:
    """The calibrated probability of each label, in order, and the scope.

    At least 95% of the messages for this assistant have a scope of 0.5 or more. `stage` is the name
    of the stage that decided.
    """

    probabilities: Floats
    scope: float
    stage: str


class OnnxClassifier:
    """The intent model of an artifact. It implements the port `Classifier`."""

    def __init__(self, artifact: ModelArtifact) -> None:
        manifest = artifact.manifest
        self.version = manifest.version
        self.labels = manifest.labels
        self._is_intent = intent_mask(self.labels)
        self._clause_calibration = manifest.clause_calibration
        self._stages = [(stage, self._open(artifact, stage)) for stage in manifest.stages]

    def _open(self, artifact: ModelArtifact, stage: CascadeStage) -> TextGraph:
        try:
            tokenizer = Tokenizer.from_file(str(artifact.folder / stage.tokenizer))
            graph = TextGraph(str(artifact.folder / stage.graph), tokenizer, stage.max_tokens)
        except Exception as error:  # noqa: BLE001 - the libraries raise various types
            raise InvalidArtifact(
                f"{artifact.folder} cannot be loaded: {stage.name} ({type(error).__name__})."
            ) from None
        if (
            graph.output_width("probabilities") != len(self.labels)
            or graph.output_width("scope") != 1
        ):
            raise InvalidArtifact(
                f"{stage.graph} does not output the scope and the probabilities of the "
                f"{len(self.labels)} labels in {MANIFEST_FILE}."
            )
        _check_length(graph, stage, _WARM_UP_TOKENS if artifact.is_packaged else stage.max_tokens)
        return graph

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """Return one prediction per text, in order."""
        return [self._prediction(self.predict(text)) for text in texts]

    def classify_clauses(self, clauses: Sequence[str]) -> list[Prediction]:
        """Return one prediction per clause, calibrated for clauses where the artifact allows it."""
        predictions = self.classify(clauses)
        calibration = self._clause_calibration
        if calibration is None:
            return predictions
        return [
            one.model_copy(update={"confidence": round(calibration.calibrate(one.confidence), 6)})
            for one in predictions
        ]

    def predict(self, text: str) -> ModelOutput:
        """Run the stages of the cascade until one does not escalate."""
        output: ModelOutput | None = None
        for stage, graph in self._stages:
            output = _run_stage(stage, graph, text, output, self._is_intent)
            if not _escalates(stage, output):
                break
        assert output is not None  # noqa: S101 - a manifest has at least one stage
        return output

    def _prediction(self, output: ModelOutput) -> Prediction:
        best, *others = np.argsort(-output.probabilities, kind="stable")[:2]
        return Prediction(
            intent=self.labels[best],
            confidence=_confidence(output, best),
            runner_up=next(
                (
                    RunnerUp(intent=self.labels[n], confidence=_confidence(output, n))
                    for n in others
                ),
                None,
            ),
            scope=round(output.scope, 6),
            source="model",
            model_version=self.version,
        )


def intent_mask(labels: Sequence[str] | NDArray[np.str_]) -> NDArray[np.bool_]:
    """Return which labels are intents, and not out of scope: [labels]."""
    return ~np.isin(labels, list(OUT_OF_SCOPE_LABELS))


def _confidence(output: ModelOutput, label: int) -> float:
    return round(min(1.0, float(output.probabilities[label])), 6)


def blend_probabilities(
    blend: Blend,
    own: Floats,
    earlier: Floats,
    is_intent: NDArray[np.bool_],
    most: Floats | float = 1.0,
) -> Floats:
    """Blend the probabilities [..., labels] of a stage with those of the stage before it.

    Only intents are blended: whether a message is out of scope is the stage's own decision.
    `is_intent` [labels] is false for out-of-scope labels. The intents together keep what they have
    in `own`, unless one of them would get more than `most` [...].
    """
    intents = own[..., is_intent]
    logarithms = blend.own * _logarithm(intents)
    logarithms += blend.earlier * _logarithm(earlier[..., is_intent])
    weights = np.exp(logarithms - logarithms.max(axis=-1, keepdims=True))
    factor = intents.sum(axis=-1, keepdims=True) / weights.sum(axis=-1, keepdims=True)
    limit = np.asarray(most)[..., None] / weights.max(axis=-1, keepdims=True)
    blended: Floats = own.copy()
    blended[..., is_intent] = weights * np.minimum(factor, limit)
    if not is_intent.all():
        others = own[..., ~is_intent]
        decides_intent = intents.max(axis=-1) >= others.max(axis=-1)
        second = SECOND_PLACE * blended[..., is_intent].max(axis=-1)
        limit = np.where(decides_intent, second, 1.0)[..., None]
        blended[..., ~is_intent] = np.minimum(others, limit)
    return blended


def _logarithm(probabilities: Floats) -> Floats:
    logarithm: Floats = np.log(np.maximum(probabilities, _SMALLEST_PROBABILITY))
    return logarithm


def _run_stage(
    stage: CascadeStage,
    graph: TextGraph,
    text: str,
    earlier: ModelOutput | None,
    is_intent: NDArray[np.bool_],
) -> ModelOutput:
    probabilities, scope = graph.run(text, "probabilities", "scope")
    if not (np.isfinite(probabilities).all() and np.isfinite(scope).all()):
        raise InvalidArtifact(f"{stage.graph} outputs values that are not finite.")
    if stage.blend is not None and earlier is not None:
        most = MAX_UNSHOWN_CONFIDENCE if scope[0] < stage.typical_scope else 1.0
        probabilities = blend_probabilities(
            stage.blend, probabilities, earlier.probabilities, is_intent, most
        )
    return ModelOutput(probabilities, float(scope[0]), stage.name)


def _escalates(stage: CascadeStage, output: ModelOutput) -> bool:
    second, first = np.partition(output.probabilities, -2)[-2:]
    return not (first - second >= stage.min_margin and output.scope >= stage.min_scope)


def _check_length(graph: TextGraph, stage: CascadeStage, tokens: int) -> None:
    """Warm up the session. Raise `InvalidArtifact` where the graph cannot process that length."""
    try:
        graph.run_ids([0] * tokens, "probabilities", "scope")
    except Exception as error:  # noqa: BLE001 - the library raises various types
        raise InvalidArtifact(
            f"{stage.graph} cannot process {tokens} tokens, which {MANIFEST_FILE} allows "
            f"({type(error).__name__})."
        ) from None
