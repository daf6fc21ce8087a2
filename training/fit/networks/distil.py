"""Distil a teacher into a static student: its vocabulary, its initial table, its training set."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from tokenizers import Tokenizer

from prompt_capture.domain.text import normalise
from training.config import Progress
from training.fit.encoders import STUDENT, Encoder, FittedStage
from training.fit.heads import Head
from training.fit.networks.augment import augment, join_pieces
from training.fit.networks.batches import TrainingSet
from training.fit.networks.student import StudentHyperparameters, smooth_labels, train_student
from training.fit.networks.student_graph import StudentBuilder
from training.fit.networks.vocabulary import (
    FIRST_WORD_ID,
    nearest_pieces,
    project_pca,
    select_pieces,
    trim_tokenizer,
)

Floats = NDArray[np.float32]

VOCABULARY_SIZE = 11_000
WIDTH = 256
TEACHER_WEIGHT = 0.7
"""The weight of the teacher's prediction in a labelled text's target; the rest is the label's."""
TEXTS_PER_CHUNK = 1_024
"""How many embeddings of the teacher are in memory twice."""
SYNTHETIC_PER_TEXT = 4
"""How many synthetic texts to make per text; unlabelled texts count towards them."""


@dataclass(frozen=True)
class DistillationEffort:
    """How long to train a student.

    `max_synthetic` is the maximum number of synthetic and unlabelled texts. There are `epochs`, or
    at least two that together pass at most `max_passes` texts.
    """

    max_synthetic: int
    epochs: int
    max_passes: int

    def epochs_for(self, texts: int) -> int:
        """Return the number of epochs for a training set of that many texts."""
        return max(2, min(self.epochs, self.max_passes // texts))


THOROUGH = DistillationEffort(max_synthetic=20_000, epochs=12, max_passes=600_000)
QUICK = DistillationEffort(max_synthetic=10_000, epochs=8, max_passes=200_000)
"""The effort for a student that answers together with the encoder: about a minute on a core."""


class Distiller:
    """Distils students of one encoder; they learn from the `unlabelled` texts too."""

    def __init__(
        self,
        encoder: Encoder,
        unlabelled: Sequence[str],
        seed: int,
        progress: Progress,
        effort: DistillationEffort = THOROUGH,
    ) -> None:
        self._encoder = encoder
        self._unlabelled = unlabelled
        self._seed = seed
        self._effort = effort
        self._progress = progress
        self._tokenizer = Tokenizer.from_str(encoder.tokenizer)
        self._tokenizer.no_padding()
        vocabulary = self._tokenizer.get_vocab()
        self._vocabulary = sorted(vocabulary, key=lambda piece: vocabulary[piece])

    def distil(
        self, teacher: FittedStage, texts: Sequence[str], labels: NDArray[np.str_]
    ) -> FittedStage:
        """Train a student on labelled texts, and on the teacher's predictions for other texts."""
        real = [*texts, *self._unlabelled]
        piece_ids = select_pieces(self._tokenizer, real, VOCABULARY_SIZE)
        table = project_pca(self._embed_pieces(piece_ids), WIDTH)
        others = [*self._unlabelled, *self._synthesise(real, piece_ids, table)]
        small = trim_tokenizer(self._tokenizer, piece_ids)
        hard = smooth_labels(np.searchsorted(teacher.head.labels, labels), len(teacher.head.labels))
        soft = self._predict(teacher, [*texts, *others])
        mixed = (1 - TEACHER_WEIGHT) * hard + TEACHER_WEIGHT * soft[: len(texts)]
        normalised = [normalise(text) for text in [*texts, *others]]
        student = train_student(
            table,
            TrainingSet(
                [encoding.ids for encoding in small.encode_batch(normalised)],
                np.concatenate([mixed, soft[len(texts) :]]),
            ),
            StudentHyperparameters(
                epochs=self._effort.epochs_for(len(normalised)), seed=self._seed
            ),
            self._progress.step("Training the student"),
        )
        graph = StudentBuilder(student.weights).build()
        encoder = Encoder(graph, small.to_str(), self._encoder.max_tokens)
        head = Head(teacher.head.labels, student.head, student.bias).round_to_int8()
        return FittedStage(STUDENT, encoder, head)

    def _embed_pieces(self, piece_ids: Sequence[int]) -> Floats:
        """Return the encoder's embedding of each piece alone: [pieces, width]."""
        first, last = (self._vocabulary.index(token) for token in ("[CLS]", "[SEP]"))
        sequences = [(first, piece, last) for piece in piece_ids]
        return self._encoder.embed_ids(sequences, self._progress.step("Embedding the vocabulary"))

    def _synthesise(
        self, texts: Sequence[str], piece_ids: Sequence[int], vectors: Floats
    ) -> list[str]:
        """Make synthetic texts from the words of `texts`; `vectors` embed the pieces."""
        rows = [row for row, piece in enumerate(piece_ids) if piece >= FIRST_WORD_ID]
        words = [self._vocabulary[piece_ids[row]] for row in rows]
        numbers = {piece_ids[row]: number for number, row in enumerate(rows)}
        encoded = self._tokenizer.encode_batch([normalise(text) for text in texts])
        sequences = [[numbers[piece] for piece in text.ids if piece in numbers] for text in encoded]
        count = min(self._effort.max_synthetic, SYNTHETIC_PER_TEXT * len(texts)) - len(
            self._unlabelled
        )
        random = np.random.default_rng(self._seed)
        synthetic = augment(sequences, max(0, count), nearest_pieces(vectors[rows]), random)
        return [join_pieces(text, words) for text in synthetic]

    def _predict(self, teacher: FittedStage, texts: Sequence[str]) -> Floats:
        """Return the teacher's probabilities: [texts, labels]."""
        on_progress = self._progress.step("Running the teacher")
        chunks = []
        for start in range(0, len(texts), TEXTS_PER_CHUNK):
            embeddings = teacher.encoder.embed(texts[start : start + TEXTS_PER_CHUNK])
            chunks.append(softmax(teacher.head.logits(embeddings), axis=1).astype(np.float32))
            on_progress(start + len(embeddings), len(texts))
        return np.concatenate(chunks)
