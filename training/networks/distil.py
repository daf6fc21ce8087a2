"""Make a static student of a teacher: its vocabulary, its start, what it learns from."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from tokenizers import Tokenizer

from prompt_capture.domain.text import normalise
from training.encoder import Encoder
from training.head import Head
from training.networks.augment import augment, spelled
from training.networks.batches import TrainingBatch
from training.networks.pieces import nearest_pieces, principal_rows
from training.networks.student import Recipe, smoothed, train_student
from training.networks.student_graph import StudentBuilder
from training.networks.vocabulary import FIRST_WORD, pieces_to_keep, trim
from training.progress import Progress
from training.stages import FittedStage

Floats = NDArray[np.float32]

VOCABULARY_SIZE = 11_000
WIDTH = 256
TEACHERS_SHARE = 0.7
"""How much of a labelled text's target is the teacher's answer, and not the label."""
MAX_MADE_UP, MADE_UP_SHARE = 20_000, 4
"""Texts that the teacher answers beside the labelled ones: so many for each, less those given."""


class Distiller:
    """Makes students that start from one encoder; `unlabelled` texts are learned from as well."""

    def __init__(
        self, encoder: Encoder, unlabelled: Sequence[str], seed: int, progress: Progress
    ) -> None:
        self._encoder = encoder
        self._unlabelled = unlabelled
        self._seed = seed
        self._progress = progress
        self._tokenizer = Tokenizer.from_str(encoder.tokenizer)
        self._tokenizer.no_padding()
        vocabulary = self._tokenizer.get_vocab()
        self._vocabulary = sorted(vocabulary, key=lambda piece: vocabulary[piece])

    def student_of(
        self, teacher: FittedStage, texts: Sequence[str], labels: NDArray[np.str_]
    ) -> FittedStage:
        """Train a student on labelled texts, and on what the teacher answers on others."""
        own = [*texts, *self._unlabelled]
        kept = pieces_to_keep(self._tokenizer, own, VOCABULARY_SIZE)
        vectors = self._piece_vectors(kept)
        others = [*self._unlabelled, *self._made_up(own, kept, vectors)]
        small = trim(self._tokenizer, kept)
        hard = smoothed(np.searchsorted(teacher.head.labels, labels), len(teacher.head.labels))
        soft = self._answers(teacher, [*texts, *others])
        mixed = (1 - TEACHERS_SHARE) * hard + TEACHERS_SHARE * soft[: len(texts)]
        learned = [normalise(text) for text in [*texts, *others]]
        student = train_student(
            principal_rows(vectors, WIDTH),
            TrainingBatch(
                [encoding.ids for encoding in small.encode_batch(learned)],
                np.concatenate([mixed, soft[len(texts) :]]),
            ),
            Recipe(seed=self._seed),
            self._progress.step("Training the student"),
        )
        graph = StudentBuilder(student.weights).build()
        encoder = Encoder(graph, small.to_str(), self._encoder.max_tokens)
        head = Head(teacher.head.labels, student.head, student.bias).in_steps()
        return FittedStage("student", encoder, head)

    def _piece_vectors(self, kept: Sequence[int]) -> Floats:
        """Answer what the encoder makes of each of these pieces alone: [kept, width]."""
        first, last = (self._vocabulary.index(token) for token in ("[CLS]", "[SEP]"))
        alone = [(first, piece, last) for piece in kept]
        return self._encoder.embed_ids(alone, self._progress.step("Reading the vocabulary"))

    def _made_up(self, texts: Sequence[str], kept: Sequence[int], vectors: Floats) -> list[str]:
        words = [place for place, piece in enumerate(kept) if piece >= FIRST_WORD]
        spellings = [self._vocabulary[kept[place]] for place in words]
        places = {kept[place]: word for word, place in enumerate(words)}
        encoded = self._tokenizer.encode_batch([normalise(text) for text in texts])
        pieces = [[places[piece] for piece in text.ids if piece in places] for text in encoded]
        wanted = min(MAX_MADE_UP, MADE_UP_SHARE * len(texts)) - len(self._unlabelled)
        random = np.random.default_rng(self._seed)
        made = augment(pieces, max(0, wanted), nearest_pieces(vectors[words]), random)
        return [spelled(text, spellings) for text in made]

    def _answers(self, teacher: FittedStage, texts: Sequence[str]) -> Floats:
        embeddings = teacher.encoder.embed(texts, self._progress.step("Asking the teacher"))
        answers: Floats = softmax(teacher.head.logits(embeddings), axis=1).astype(np.float32)
        return answers
