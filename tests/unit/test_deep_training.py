"""The networks in JAX match the served graphs, and training fits the data."""

import tracemalloc
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
from training.fit.networks import finetune, student
from training.fit.networks.augment import augment, join_pieces
from training.fit.networks.batches import (
    LENGTHS,
    TrainingBatch,
    TrainingSet,
    count_batches,
    iterate_batches,
)
from training.fit.networks.minilm import WIDTH, EncoderBuilder, quantise, read_weights
from training.fit.networks.optimisation import linear_warmup_decay, scale_rows_by_adam
from training.fit.networks.student_graph import StudentBuilder
from training.fit.networks.vocabulary import (
    nearest_pieces,
    project_pca,
    select_pieces,
    trim_tokenizer,
)

SHIPPED = Path(__file__).parents[2] / "model_artifacts" / "assistant"
LABELS = 3
IDS = [[1, 5, 9, 2], [1, 7, 2], [1, 5, 8, 9, 11, 2], [1, 2]]


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(SHIPPED / "encoder.tokenizer.json"))


def _run_graph(model: ModelProto, ids: list[int]) -> np.ndarray:
    run: Any = ReferenceEvaluator(model).run
    return np.asarray(run(["embedding"], {"input_ids": np.array([ids])})[0][0])


def _batch(random: np.random.Generator) -> TrainingBatch:
    targets = student.smooth_labels(np.zeros(len(IDS), int), LABELS)
    (batch,) = iterate_batches(TrainingSet(IDS, targets), len(IDS), random)
    return batch


def test_the_fine_tuned_network_matches_the_served_graph(random: np.random.Generator) -> None:
    """The tolerance is the rounding of the table to int8 in the graph."""
    weights = random_weights(random)
    head = (
        random.normal(0, 0.5, (4 * WIDTH, LABELS)).astype(np.float32),
        np.arange(LABELS, dtype=np.float32),
    )
    batch = _batch(random)

    parameters = finetune.initial_parameters(weights, head, np.arange(50))
    logits = finetune.compute_logits(
        parameters, jnp.array(batch.ids), jnp.array(batch.mask), jax.random.key(0), dropout=0
    )

    model = EncoderBuilder(weights).build()
    lengths = batch.mask.sum(axis=1).astype(int)
    for row, (ids, length) in enumerate(zip(batch.ids, lengths, strict=True)):
        served = _run_graph(model, ids[:length].tolist()) @ head[0] + head[1]
        assert np.abs(logits[row] - served).max() < 0.02


def test_the_weights_of_a_graph_can_be_read(random: np.random.Generator) -> None:
    weights = random_weights(random)

    read = read_weights(quantise(EncoderBuilder(weights).build()))

    comparable = {name for name in weights if "position" not in name}
    for name in comparable - {"embeddings.token_type_embeddings.weight"}:
        step = np.abs(weights[name]).max() / 63
        assert np.abs(read[name] - weights[name]).max() <= step


def test_fine_tuning_fits_the_data_and_changes_only_the_words_of_the_texts(
    random: np.random.Generator,
) -> None:
    weights = random_weights(random)
    head = (np.zeros((4 * WIDTH, 2), np.float32), np.zeros(2, np.float32))
    ids = [[1, 3 + n % 2, 5 + n % 7, 2] for n in range(64)]
    labels = np.arange(64) % 2

    hyperparameters = finetune.FineTuningHyperparameters(
        epochs=8, batch_size=16, head_learning_rate=0.05
    )
    tuned = finetune.fine_tune(
        weights, head, TrainingSet(ids, student.smooth_labels(labels, 2)), hyperparameters
    )

    model = EncoderBuilder(tuned.weights).build()
    predicted = [(_run_graph(model, text) @ tuned.head + tuned.bias).argmax() for text in ids[:10]]
    assert predicted == list(labels[:10])
    words = "embeddings.word_embeddings.weight"
    assert (tuned.weights[words][20:] == weights[words][20:]).all()
    assert (tuned.weights[words][5] != weights[words][5]).any()


def test_the_student_matches_the_served_graph(random: np.random.Generator) -> None:
    """The tolerance is the rounding of the table and the filters to int8 in the graph."""
    hyperparameters = student.StudentHyperparameters(filters=4, dropout=0.0, piece_dropout=0.0)
    table = random.normal(0, 0.5, (12, 6)).astype(np.float32)
    batch = _batch(random)
    parameters = student.initial_parameters(table, LABELS, hyperparameters, random)

    logits = student.compute_logits(
        parameters, jnp.array(batch.ids), jnp.array(batch.mask), jax.random.key(0), hyperparameters
    )

    trained = student.student_from_parameters(parameters)
    model = StudentBuilder(trained.weights).build()
    for row in range(len(IDS)):
        length = int(batch.mask[row].sum())
        embedding = _run_graph(model, batch.ids[row, :length].tolist())
        assert np.abs(logits[row] - (embedding @ trained.head + trained.bias)).max() < 0.05


def test_a_student_learns_words_and_their_order(random: np.random.Generator) -> None:
    first, second = [1, 4, 5, 2], [1, 5, 4, 2]
    ids = [first, second] * 40
    table = random.normal(0, 1, (12, 8)).astype(np.float32)
    targets = student.smooth_labels(np.arange(80) % 2, 2)

    trained = student.train_student(
        table,
        TrainingSet(ids, targets),
        student.StudentHyperparameters(filters=16, epochs=30),
    )

    model = StudentBuilder(trained.weights).build()
    scores = [_run_graph(model, text) @ trained.head + trained.bias for text in (first, second)]
    assert [int(score.argmax()) for score in scores] == [0, 1]


def test_every_text_is_in_one_batch_and_padding_has_no_target(
    random: np.random.Generator,
) -> None:
    ids = [[n] * (1 + n % 90) for n in range(1, 101)]
    targets = student.smooth_labels(np.zeros(100, int), 2)

    training_set = TrainingSet(ids, targets)
    batches = list(iterate_batches(training_set, 32, random))

    assert len(batches) == count_batches(training_set, 32) == 4
    assert {batch.ids.shape[1] for batch in batches} <= set(LENGTHS)
    firsts = [
        batch.ids[row, 0] for batch in batches for row in range(32) if batch.targets[row].any()
    ]
    assert sorted(firsts) == list(range(1, 101))
    assert sum(batch.targets.sum() for batch in batches) == pytest.approx(100)


def test_adam_leaves_rows_without_a_gradient_unchanged() -> None:
    adam = scale_rows_by_adam()
    table = np.ones((3, 2), np.float32)
    state = adam.init(table)
    gradient = np.array([[1, -1], [0, 0], [0, 0]], np.float32)

    first, state = adam.update(gradient, state)
    second, _ = adam.update(np.roll(gradient, 1, axis=0), state)

    assert np.allclose(first[0], [1, -1], atol=1e-3)
    assert not np.asarray(first[1:]).any()
    assert not np.asarray(second[0]).any()


def test_the_learning_rate_warms_up_and_decays() -> None:
    rates = [linear_warmup_decay(step, 100) for step in range(101)]

    assert max(rates) == rates[10] == 1
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == 0


def test_a_trimmed_vocabulary_splits_removed_words_into_pieces(tokenizer: Tokenizer) -> None:
    texts = ["move my dentist to friday", "study plan"]

    kept_ids = select_pieces(tokenizer, texts, 2_500)
    small = trim_tokenizer(tokenizer, kept_ids)

    assert len(kept_ids) == small.get_vocab_size() == 2_500
    for text in texts:
        assert small.encode(text).tokens == tokenizer.encode(text).tokens
    rare = small.encode("zymurgy")
    assert "[UNK]" not in rare.tokens
    assert "".join(rare.tokens[1:-1]).replace("##", "") == "zymurgy"
    assert [kept_ids[number] for number in small.encode(texts[0]).ids] == (
        tokenizer.encode(texts[0]).ids
    )


def test_synthetic_texts_consist_of_the_pieces_and_their_nearest_pieces(
    random: np.random.Generator,
) -> None:
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], np.float32)

    nearest = nearest_pieces(vectors, 3, count=1)
    synthetic = augment([[0, 0], [2]], 50, nearest, random)

    assert nearest[:, 0].tolist() == [1, 0, 3]
    assert len(synthetic) == 50
    assert {piece for text in synthetic for piece in text.pieces} == {0, 1, 2, 3}
    assert all(set(text.pieces) <= {0, 1} for text in synthetic if text.sources == {0})
    assert all(set(text.pieces) <= {2, 3} for text in synthetic if text.sources == {1})
    assert {text.sources for text in synthetic} == {frozenset(one) for one in ({0}, {1}, {0, 1})}
    assert join_pieces([0, 1, 2], ["re", "##mind", "me"]) == "remind me"


def test_the_nearest_pieces_need_little_memory(random: np.random.Generator) -> None:
    vectors = random.normal(0, 1, (3_000, 4)).astype(np.float32)

    tracemalloc.start()
    nearest = nearest_pieces(vectors, len(vectors), count=2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert nearest.shape == (3_000, 2)
    assert peak < len(vectors) ** 2 * 4


def test_pca_keeps_the_direction_of_most_variance(random: np.random.Generator) -> None:
    wide = random.normal(0, 1, (200, 1)) * np.array([[3.0, 0.1, 0.1]])

    rows = project_pca(wide.astype(np.float32), 1)

    assert abs(np.corrcoef(rows[:, 0], wide[:, 0])[0, 1]) > 0.99
    assert (rows**2).sum(axis=1).mean() == pytest.approx(1, rel=1e-4)
