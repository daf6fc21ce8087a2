"""Learners that change more than a head; they need JAX."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.encoder import Encoder
from training.head import Head, fit_head
from training.networks.batches import TrainingBatch
from training.networks.distil import Distiller
from training.networks.finetune import Recipe, fine_tune
from training.networks.minilm import EncoderBuilder, quantise, weights_of
from training.networks.student import smoothed
from training.progress import Progress
from training.stages import FittedStage
from training.unlabelled import guesses

FIRST_HEADS_REGULARISATION = 1.0
EPOCHS, EPOCHS_OF_MANY, MANY_TEXTS = 4, 3, 12_000


class _DeepLearner:
    """Starts from an encoder; `unlabelled` are texts that the student learns from as well."""

    trials = 1
    at_once = 1
    tunes = True

    def __init__(
        self, encoder: Encoder, unlabelled: Sequence[str], seed: int, progress: Progress
    ) -> None:
        self._encoder = encoder
        self._unlabelled = unlabelled
        self._seed = seed
        self._progress = progress
        self._distiller = Distiller(encoder, unlabelled, seed, progress)

    def _read(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._encoder.embed(texts, self._progress.step("Reading the examples"))


class StudentLearner(_DeepLearner):
    """A static student of a head on the encoder as it is."""

    def fit(self, texts: Sequence[str], labels: NDArray[np.str_]) -> list[FittedStage]:
        """Fit the teacher's head, then the student."""
        head = fit_head(self._read(texts), labels)
        return [
            self._distiller.student_of(FittedStage("teacher", self._encoder, head), texts, labels)
        ]


class FullLearner(_DeepLearner):
    """The encoder tuned together with its head, and a static student of both before it."""

    def fit(self, texts: Sequence[str], labels: NDArray[np.str_]) -> list[FittedStage]:
        """Tune, then fit the student, which answers first."""
        tuned = self._tune(texts, labels)
        return [self._distiller.student_of(tuned, texts, labels), tuned]

    def _tune(self, texts: Sequence[str], labels: NDArray[np.str_]) -> FittedStage:
        embeddings = self._read(texts)
        start = fit_head(embeddings, labels, inverse_regularisation=FIRST_HEADS_REGULARISATION)
        targets = smoothed(np.searchsorted(start.labels, labels), len(start.labels))
        if self._unlabelled:
            others = self._read(self._unlabelled)
            head = fit_head(embeddings, labels)
            targets = np.concatenate([targets, guesses(head, embeddings, labels, others)])
        tuned = fine_tune(
            weights_of(self._encoder.model),
            (start.weights.astype(np.float32), start.bias.astype(np.float32)),
            TrainingBatch(self._encoder.tokens([*texts, *self._unlabelled]), targets),
            Recipe(EPOCHS_OF_MANY if len(targets) > MANY_TEXTS else EPOCHS, seed=self._seed),
            self._progress.step("Tuning the encoder"),
        )
        graph = quantise(EncoderBuilder(tuned.weights).build())
        encoder = Encoder(graph, self._encoder.tokenizer, self._encoder.max_tokens)
        head = Head(start.labels, tuned.head, tuned.bias).in_steps()
        return FittedStage("encoder", encoder, head)
