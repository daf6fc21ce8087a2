"""What JAX trains is what onnxruntime serves, and it learns."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from onnx import ModelProto
from onnx.reference import ReferenceEvaluator
from tokenizers import Tokenizer

from tests.unit.test_encoder_numerics import random_weights
from training.networks import finetune, student
from training.networks.augment import augment, spelled
from training.networks.batches import LENGTHS, Batch, TrainingBatch, batch_count, batches
from training.networks.minilm import WIDTH, EncoderBuilder, quantise, weights_of
from training.networks.optimisers import linear_warmup_decay, scale_rows_by_adam
from training.networks.pieces import nearest_pieces, principal_rows
from training.networks.student_graph import StudentBuilder
from training.networks.vocabulary import pieces_to_keep, trim

SHIPPED = Path(__file__).parents[2] / "model_artifacts" / "assistant"
LABELS = 3
IDS = [[1, 5, 9, 2], [1, 7, 2], [1, 5, 8, 9, 11, 2], [1, 2]]


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(SHIPPED / "encoder.tokenizer.json"))


def _served(model: ModelProto, ids: list[int]) -> np.ndarray:
    run: Any = ReferenceEvaluator(model).run
    return np.asarray(run(["embedding"], {"input_ids": np.array([ids])})[0][0])


def _batch(random: np.random.Generator) -> Batch:
    targets = student.smoothed(np.zeros(len(IDS), int), LABELS)
    (batch,) = batches(TrainingBatch(IDS, targets), len(IDS), random)
    return batch


def test_the_tuned_function_is_the_served_graph(random: np.random.Generator) -> None:
    """To the rounding of the table, whose rows the graph keeps in int8."""
    weights = random_weights(random)
    head = (
        random.normal(0, 0.5, (4 * WIDTH, LABELS)).astype(np.float32),
        np.arange(LABELS, dtype=np.float32),
    )
    batch = _batch(random)

    parameters = finetune.start(weights, head, np.arange(50))
    scored = finetune.logits(
        parameters, jnp.array(batch.ids), jnp.array(batch.mask), jax.random.key(0), dropout=0
    )

    model = EncoderBuilder(weights).build()
    lengths = batch.mask.sum(axis=1).astype(int)
    for row, (ids, length) in enumerate(zip(batch.ids, lengths, strict=True)):
        served = _served(model, ids[:length].tolist()) @ head[0] + head[1]
        assert np.abs(scored[row] - served).max() < 0.02


def test_the_weights_of_a_graph_are_read_back(random: np.random.Generator) -> None:
    weights = random_weights(random)

    read = weights_of(quantise(EncoderBuilder(weights).build()))

    whole = {name: value for name, value in weights.items() if "position" not in name}
    for name in whole.keys() - {"embeddings.token_type_embeddings.weight"}:
        step = np.abs(weights[name]).max() / 63
        assert np.abs(read[name] - weights[name]).max() <= step


def test_tuning_learns_and_changes_only_what_the_texts_use(random: np.random.Generator) -> None:
    weights = random_weights(random)
    head = (np.zeros((4 * WIDTH, 2), np.float32), np.zeros(2, np.float32))
    ids = [[1, 3 + n % 2, 5 + n % 7, 2] for n in range(64)]
    labels = np.arange(64) % 2

    recipe = finetune.Recipe(epochs=8, batch=16, head_rate=0.05)
    tuned = finetune.fine_tune(
        weights, head, TrainingBatch(ids, student.smoothed(labels, 2)), recipe
    )

    model = EncoderBuilder(tuned.weights).build()
    answers = [(_served(model, text) @ tuned.head + tuned.bias).argmax() for text in ids[:10]]
    assert answers == list(labels[:10])
    words = "embeddings.word_embeddings.weight"
    assert (tuned.weights[words][20:] == weights[words][20:]).all()
    assert (tuned.weights[words][5] != weights[words][5]).any()


def test_the_students_function_is_the_served_graph(random: np.random.Generator) -> None:
    """To the rounding of the table and the filters, which the graph keeps in int8."""
    recipe = student.Recipe(filters=4, dropout=0.0, piece_dropout=0.0)
    table = random.normal(0, 0.5, (12, 6)).astype(np.float32)
    batch = _batch(random)
    parameters = student.start(table, LABELS, recipe, random)

    scored = student.logits(
        parameters, jnp.array(batch.ids), jnp.array(batch.mask), jax.random.key(0), recipe
    )

    made = student.trained(parameters)
    model = StudentBuilder(made.weights).build()
    for row in range(len(IDS)):
        length = int(batch.mask[row].sum())
        embedding = _served(model, batch.ids[row, :length].tolist())
        assert np.abs(scored[row] - (embedding @ made.head + made.bias)).max() < 0.05


def test_a_student_learns_words_and_their_order(random: np.random.Generator) -> None:
    first, second = [1, 4, 5, 2], [1, 5, 4, 2]
    ids = [first, second] * 40
    table = random.normal(0, 1, (12, 8)).astype(np.float32)
    targets = student.smoothed(np.arange(80) % 2, 2)

    made = student.train_student(
        table, TrainingBatch(ids, targets), student.Recipe(filters=16, epochs=30)
    )

    model = StudentBuilder(made.weights).build()
    scores = [_served(model, text) @ made.head + made.bias for text in (first, second)]
    assert [int(score.argmax()) for score in scores] == [0, 1]


def test_every_text_is_in_one_batch_and_padding_counts_for_nothing(
    random: np.random.Generator,
) -> None:
    ids = [[n] * (1 + n % 90) for n in range(1, 101)]
    targets = student.smoothed(np.zeros(100, int), 2)

    lessons = TrainingBatch(ids, targets)
    made = list(batches(lessons, 32, random))

    assert len(made) == batch_count(lessons, 32) == 4
    assert {batch.ids.shape[1] for batch in made} <= set(LENGTHS)
    firsts = [batch.ids[row, 0] for batch in made for row in range(32) if batch.targets[row].any()]
    assert sorted(firsts) == list(range(1, 101))
    assert sum(batch.targets.sum() for batch in made) == pytest.approx(100)


def test_rows_that_no_text_holds_stay_as_they_are() -> None:
    adam = scale_rows_by_adam()
    table = np.ones((3, 2), np.float32)
    state = adam.init(table)
    touched = np.array([[1, -1], [0, 0], [0, 0]], np.float32)

    first, state = adam.update(touched, state)
    second, _ = adam.update(np.roll(touched, 1, axis=0), state)

    assert np.allclose(first[0], [1, -1], atol=1e-3)
    assert not np.asarray(first[1:]).any()
    assert not np.asarray(second[0]).any()


def test_the_rate_rises_and_falls() -> None:
    rates = [float(linear_warmup_decay(100)(step)) for step in range(101)]

    assert max(rates) == rates[10] == 1
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == 0


def test_a_trimmed_vocabulary_spells_what_it_lacks(tokenizer: Tokenizer) -> None:
    texts = ["move my dentist to friday", "study plan"]

    kept = pieces_to_keep(tokenizer, texts, 2_500)
    small = trim(tokenizer, kept)

    assert len(kept) == small.get_vocab_size() == 2_500
    for text in texts:
        assert small.encode(text).tokens == tokenizer.encode(text).tokens
    rare = small.encode("zymurgy")
    assert "[UNK]" not in rare.tokens
    assert "".join(rare.tokens[1:-1]).replace("##", "") == "zymurgy"
    assert [kept[number] for number in small.encode(texts[0]).ids] == (
        tokenizer.encode(texts[0]).ids
    )


def test_made_up_texts_are_made_of_the_texts_and_of_neighbours(random: np.random.Generator) -> None:
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], np.float32)

    nearest = nearest_pieces(vectors, count=1)
    made = augment([[0, 0], [2]], 50, nearest, random)

    assert nearest[:, 0].tolist() == [1, 0, 3, 2]
    assert len(made) == 50
    assert {piece for text in made for piece in text} == {0, 1, 2, 3}
    assert spelled([0, 1, 2], ["re", "##mind", "me"]) == "remind me"


def test_principal_rows_keep_what_varies_most(random: np.random.Generator) -> None:
    wide = random.normal(0, 1, (200, 1)) * np.array([[3.0, 0.1, 0.1]])

    rows = principal_rows(wide.astype(np.float32), 1)

    assert abs(np.corrcoef(rows[:, 0], wide[:, 0])[0, 1]) > 0.99
    assert (rows**2).sum(axis=1).mean() == pytest.approx(1, rel=1e-4)
