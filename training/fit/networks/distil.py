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
    encode_texts,
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

    `max_synthetic` is the maximum number of synthetic and unlabelled texts, and fewer synthetic
    ones are made where there would be more than `max_texts` in all. There are `epochs`, or at least
    two that together pass at most `max_passes` texts.
    """

    max_synthetic: int
    max_texts: int
    epochs: int
    max_passes: int

    def epochs_for(self, texts: int) -> int:
        """Return the number of epochs for a training set of that many texts."""
        return max(2, min(self.epochs, self.max_passes // texts))


THOROUGH = DistillationEffort(max_synthetic=20_000, max_texts=50_000, epochs=12, max_passes=600_000)
QUICK = DistillationEffort(max_synthetic=10_000, max_texts=12_500, epochs=8, max_passes=100_000)
"""The effort for a student that answers together with the encoder: about a minute on a core."""


@dataclass(frozen=True)
class SourcedText:
    """A synthetic text, and the texts that it is made of."""

    text: str
    sources: frozenset[str]


class Distiller:
    """Distils students of one encoder; they learn from the `unlabelled` texts too.

    `texts` are those that any student learns the labels of. All students share the vocabulary and
    its initial table, which depend on no label, and a student learns from those synthetic texts
    that are made of texts that it may see. So the teachers embed each synthetic text once.
    """

    def __init__(
        self,
        encoder: Encoder,
        texts: Sequence[str],
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
        tokenizer = Tokenizer.from_str(encoder.tokenizer)
        tokenizer.no_padding()
        real = [*texts, *unlabelled]
        piece_ids = select_pieces(tokenizer, real, VOCABULARY_SIZE)
        self._tokenizer = trim_tokenizer(tokenizer, piece_ids)
        self._table = project_pca(self._embed_pieces(tokenizer, piece_ids), WIDTH)
        self.synthetic = self._synthesise(real, piece_ids)

    def distil(
        self, teacher: FittedStage, texts: Sequence[str], labels: NDArray[np.str_]
    ) -> FittedStage:
        """Train a student on labelled texts, and on the teacher's predictions for other texts."""
        known = {*texts, *self._unlabelled}
        synthetic = [one.text for one in self.synthetic if one.sources <= known]
        others = [*self._unlabelled, *synthetic]
        hard = smooth_labels(np.searchsorted(teacher.head.labels, labels), len(teacher.head.labels))
        soft = self._predict(teacher, [*texts, *others])
        mixed = (1 - TEACHER_WEIGHT) * hard + TEACHER_WEIGHT * soft[: len(texts)]
        normalised = [normalise(text) for text in [*texts, *others]]
        student = train_student(
            self._table,
            TrainingSet(
                list(encode_texts(self._tokenizer, normalised)),
                np.concatenate([mixed, soft[len(texts) :]]),
            ),
            StudentHyperparameters(
                epochs=self._effort.epochs_for(len(normalised)),
                seed=self._seed,
            ),
            self._progress.step("Training the student"),
        )
        graph = StudentBuilder(student.weights).build()
        encoder = Encoder(graph, self._tokenizer.to_str(), self._encoder.max_tokens)
        head = Head(teacher.head.labels, student.head, student.bias).round_to_int8()
        return FittedStage(STUDENT, encoder, head)

    def _embed_pieces(self, tokenizer: Tokenizer, piece_ids: Sequence[int]) -> Floats:
        """Return the encoder's embedding of each piece alone: [pieces, width]."""
        vocabulary = tokenizer.get_vocab()
        first, last = (vocabulary[token] for token in ("[CLS]", "[SEP]"))
        sequences = [(first, piece, last) for piece in piece_ids]
        return self._encoder.embed_ids(sequences, self._progress.step("Embedding the vocabulary"))

    def _synthesise(self, texts: Sequence[str], piece_ids: Sequence[int]) -> list[SourcedText]:
        """Make synthetic texts from the words of `texts`."""
        count = min(
            min(self._effort.max_synthetic, SYNTHETIC_PER_TEXT * len(texts))
            - len(self._unlabelled),
            self._effort.max_texts - len(texts),
        )
        encoded = list(encode_texts(self._tokenizer, [normalise(text) for text in texts]))
        used = np.unique(np.concatenate(encoded))
        words = np.flatnonzero(np.array(piece_ids) >= FIRST_WORD_ID)
        # The words of the texts come first: only they need replacements.
        words = np.concatenate([words[np.isin(words, used)], words[~np.isin(words, used)]])
        numbers = {row: number for number, row in enumerate(words.tolist())}
        sequences = [[numbers[row] for row in ids if row in numbers] for ids in encoded]
        synthetic = augment(
            sequences,
            max(0, count),
            nearest_pieces(self._table[words], int(np.isin(words, used).sum())),
            np.random.default_rng(self._seed),
        )
        vocabulary = {row: piece for piece, row in self._tokenizer.get_vocab().items()}
        pieces = [vocabulary[row] for row in words.tolist()]
        return [
            SourcedText(
                join_pieces(one.pieces, pieces), frozenset(texts[index] for index in one.sources)
            )
            for one in synthetic
        ]

    def _predict(self, teacher: FittedStage, texts: Sequence[str]) -> Floats:
        """Return the teacher's probabilities: [texts, labels]."""
        on_progress = self._progress.step("Running the teacher")
        chunks = []
        for start in range(0, len(texts), TEXTS_PER_CHUNK):
            embeddings = teacher.encoder.embed(texts[start : start + TEXTS_PER_CHUNK])
            chunks.append(softmax(teacher.head.logits(embeddings), axis=1).astype(np.float32))
            on_progress(start + len(embeddings), len(texts))
        return np.concatenate(chunks)
