"""Run the model of an artifact."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from prompt_capture.adapters.onnx.graphs import Floats, HeadGraph, SharedGraphs, TextGraph
from prompt_capture.adapters.onnx.model_artifact import (
    ENCODER_PROPERTY,
    LABELS_PROPERTY,
    MANIFEST_FILE,
    Blend,
    CascadeStage,
    ModelArtifact,
    ModelManifest,
    labels_sha256,
)
from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.predictions import OUT_OF_SCOPE_LABELS, Prediction, RunnerUp

_SMALLEST_PROBABILITY = np.float32(1e-12)
"""Logarithms are of at least this much, so that a probability of 0 has one too."""

MAX_UNSHOWN_CONFIDENCE = 0.8499
"""The confidence in an intent for messages unlike the sample: below that of a predicted label."""
SECOND_PLACE = 0.99
"""The most that an out-of-scope label gets of the best intent's probability, if in scope."""

_WARM_UP_TOKENS = 2
"""A run with this many tokens is enough to initialise a graph."""


_ENCODERS = SharedGraphs[TextGraph]()
_HEADS = SharedGraphs[HeadGraph]()


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
        self._stages = [_LoadedStage.open(artifact, stage) for stage in manifest.stages]

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
        for stage in self._stages:
            output = stage.run(text, output, self._is_intent)
            if not _escalates(stage.settings, output):
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


@dataclass(frozen=True)
class _LoadedStage:
    """A stage, and its graphs."""

    settings: CascadeStage
    encoder: TextGraph
    head: HeadGraph

    @classmethod
    def open(cls, artifact: ModelArtifact, stage: CascadeStage) -> Self:
        """Open the graphs of a stage, or share those of another model.

        Raise `InvalidArtifact`.
        """
        manifest = artifact.manifest
        files = manifest.files

        def open_encoder() -> TextGraph:
            tokenizer = Tokenizer.from_file(str(artifact.path(stage.tokenizer)))
            graph = TextGraph(str(artifact.path(stage.graph)), tokenizer, stage.max_tokens)
            is_checked = artifact.has_checked_length(stage)
            _check_length(graph, stage, _WARM_UP_TOKENS if is_checked else stage.max_tokens)
            return graph

        def open_head() -> HeadGraph:
            return HeadGraph(str(artifact.path(stage.head)))

        encoder_files = (files[stage.graph].sha256, files[stage.tokenizer].sha256)
        try:
            encoder = _ENCODERS.get((*encoder_files, stage.max_tokens), open_encoder)
            head = _HEADS.get((files[stage.head].sha256,), open_head)
        except InvalidArtifact:
            raise
        except Exception as error:  # noqa: BLE001 - the libraries raise various types
            raise InvalidArtifact(
                f"{artifact.folder} cannot be loaded: {stage.name} ({type(error).__name__})."
            ) from None
        _check_head(head, stage, encoder, manifest)
        return cls(stage, encoder, head)

    def run(
        self, text: str, earlier: ModelOutput | None, is_intent: NDArray[np.bool_]
    ) -> ModelOutput:
        """Answer a text, together with the stage before where there is a blend."""
        stage = self.settings
        probabilities, scope = self.head.answer(self.encoder.embed(text))
        if not math.isfinite(probabilities.sum() + scope):  # as all of the terms are then
            raise InvalidArtifact(f"{stage.head} outputs values that are not finite.")
        if stage.blend is not None and earlier is not None:
            most = MAX_UNSHOWN_CONFIDENCE if scope < stage.typical_scope else 1.0
            probabilities = blend_probabilities(
                stage.blend, probabilities, earlier.probabilities, is_intent, most
            )
        return ModelOutput(probabilities, float(scope), stage.name)


def _escalates(stage: CascadeStage, output: ModelOutput) -> bool:
    second, first = np.partition(output.probabilities, -2)[-2:]
    return not (first - second >= stage.min_margin and output.scope >= stage.min_scope)


def _check_length(graph: TextGraph, stage: CascadeStage, tokens: int) -> None:
    """Warm up the session. Raise `InvalidArtifact` where the graph cannot process that length."""
    try:
        graph.embed_ids([0] * tokens)
    except Exception as error:  # noqa: BLE001 - the library raises various types
        raise InvalidArtifact(
            f"{stage.graph} cannot process {tokens} tokens, which {MANIFEST_FILE} allows "
            f"({type(error).__name__})."
        ) from None


def _check_head(
    head: HeadGraph, stage: CascadeStage, encoder: TextGraph, manifest: ModelManifest
) -> None:
    """Raise `InvalidArtifact` unless a head belongs to the encoder and to the labels."""
    if head.properties.get(ENCODER_PROPERTY) != manifest.encoder_sha256(stage):
        raise InvalidArtifact(
            f"{stage.head} was fitted to another encoder than {stage.graph} with "
            f"{stage.tokenizer}. Copy the whole folder of the model again."
        )
    if head.properties.get(LABELS_PROPERTY) != labels_sha256(manifest.labels):
        raise InvalidArtifact(
            f"{stage.head} was fitted to other labels than the {len(manifest.labels)} in "
            f"{MANIFEST_FILE}, or to another order of them. Copy the whole folder of the model "
            "again."
        )
    try:
        probabilities, _scope = head.answer(np.ones((1, encoder.width), np.float32))
    except Exception as error:  # noqa: BLE001 - the library raises various types
        raise InvalidArtifact(
            f"{stage.head} cannot process the embeddings of {stage.graph} ({type(error).__name__})."
        ) from None
    if len(probabilities) != len(manifest.labels):
        raise InvalidArtifact(
            f"{stage.head} does not output the probabilities of the {len(manifest.labels)} labels "
            f"in {MANIFEST_FILE}."
        )
