"""Learners that train networks; they need JAX."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.config import Progress
from training.fit.encoders import Encoder, FittedStage
from training.fit.heads import Head, fit_head, pseudo_label
from training.fit.networks.batches import TrainingSet
from training.fit.networks.distil import Distiller
from training.fit.networks.finetune import FineTuningHyperparameters, fine_tune
from training.fit.networks.minilm import EncoderBuilder, quantise, read_weights
from training.fit.networks.student import smooth_labels

INITIAL_HEAD_INVERSE_REGULARISATION = 1.0
MIN_EPOCHS, MAX_EPOCHS, TEXTS_SEEN = 2, 4, 45_000
"""Fine-tuning takes as many epochs as show it this many texts, within these limits."""


class _DeepLearner:
    """Starts from an encoder; the student also learns from the `unlabelled` texts."""

    calibration_folds = 1
    tunes_encoder = True

    def __init__(
        self,
        encoder: Encoder,
        texts: Sequence[str],
        unlabelled: Sequence[str],
        seed: int,
        progress: Progress,
    ) -> None:
        self._encoder = encoder
        self._unlabelled = unlabelled
        self._seed = seed
        self._progress = progress
        self._distiller = Distiller(encoder, texts, unlabelled, seed, progress)

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encoder.embed(texts, self._progress.step("Embedding the examples"))


class StudentLearner(_DeepLearner):
    """Distils a static student; its teacher is a new head on the unchanged encoder."""

    def fit(self, texts: Sequence[str], labels: NDArray[np.str_]) -> list[FittedStage]:
        """Fit the teacher's head, then the student."""
        head = fit_head(self._embed(texts), labels)
        teacher = FittedStage("encoder", self._encoder, head)
        return [self._distiller.distil(teacher, texts, labels)]


class FullLearner(_DeepLearner):
    """Fine-tunes the encoder with its head, and distils them into a student."""

    def fit(self, texts: Sequence[str], labels: NDArray[np.str_]) -> list[FittedStage]:
        """Fine-tune, then fit the student, which becomes the first stage."""
        tuned = self._fine_tune(texts, labels)
        return [self._distiller.distil(tuned, texts, labels), tuned]

    def _fine_tune(self, texts: Sequence[str], labels: NDArray[np.str_]) -> FittedStage:
        embeddings = self._embed(texts)
        initial = fit_head(
            embeddings, labels, inverse_regularisation=INITIAL_HEAD_INVERSE_REGULARISATION
        )
        targets = smooth_labels(np.searchsorted(initial.labels, labels), len(initial.labels))
        if self._unlabelled:
            others = self._embed(self._unlabelled)
            head = fit_head(embeddings, labels)
            targets = np.concatenate([targets, pseudo_label(head, embeddings, labels, others)])
        epochs = min(MAX_EPOCHS, max(MIN_EPOCHS, round(TEXTS_SEEN / len(targets))))
        tuned = fine_tune(
            read_weights(self._encoder.model),
            (initial.weights.astype(np.float32), initial.bias.astype(np.float32)),
            TrainingSet(self._encoder.tokenise([*texts, *self._unlabelled]), targets),
            FineTuningHyperparameters(epochs, seed=self._seed),
            self._progress.step("Fine-tuning the encoder"),
        )
        graph = quantise(EncoderBuilder(tuned.weights).build())
        encoder = Encoder(graph, self._encoder.tokenizer, self._encoder.max_tokens)
        head = Head(initial.labels, tuned.head, tuned.bias).round_to_int8()
        return FittedStage("encoder", encoder, head)
