"""Train the static student in JAX: word piece vectors and a convolution over three pieces.

The logits are linear in two features: the weighted sum of the vectors of a text, and each filter's
maximum response along the text (Kim 2014). The table of vectors starts as the encoder's embeddings
and has a learning rate of its own, which is low. Targets are distributions: smoothed labels, or the
predictions of a teacher for other texts (Hinton et al. 2015).
"""

from dataclasses import dataclass, replace
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from training.config import ProgressCallback, ignore_progress
from training.fit.networks.batches import TrainingSet
from training.fit.networks.optimisation import (
    Parameters,
    TrainingStep,
    fit_by_batches,
    scale_rows_by_adam,
)
from training.fit.networks.student_graph import WINDOW, StudentWeights

Floats = NDArray[np.float32]

_ROWS_PER_BLOCK = 1_024
"""The table is filled up to a multiple of this: fits to similar texts share what is compiled."""


@dataclass(frozen=True)
class StudentHyperparameters:
    """How to train; docs/decisions describes how the values were chosen."""

    filters: int = 256
    epochs: int = 12
    batch_size: int = 128
    learning_rate: float = 4e-3
    table_learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    dropout: float = 0.2
    piece_dropout: float = 0.05
    seed: int = 0


@dataclass(frozen=True)
class Student:
    """The weights of the graph, and the head: `head` [width + filters, labels], `bias` [labels]."""

    weights: StudentWeights
    head: Floats
    bias: Floats


def train_student(
    table: Floats,
    training_set: TrainingSet,
    hyperparameters: StudentHyperparameters = StudentHyperparameters(),
    on_batch: ProgressCallback = ignore_progress,
) -> Student:
    """Minimise the cross entropy on the training set, starting from `table` [pieces, width].

    The same seed gives the same weights.
    """
    random = np.random.default_rng(hyperparameters.seed)
    used_ids = np.unique(np.concatenate([np.asarray(text) for text in training_set.ids]))
    compact = _renumber(training_set, used_ids, len(table))
    filling = np.zeros((-len(used_ids) % _ROWS_PER_BLOCK, table.shape[1]), np.float32)
    parameters = initial_parameters(
        np.concatenate([table[used_ids], filling]),
        training_set.targets.shape[1],
        hyperparameters,
        random,
    )
    step = _training_step(replace(hyperparameters, epochs=0, seed=0))
    parameters = fit_by_batches(parameters, step, compact, hyperparameters, on_batch)
    fitted = jax.tree.map(np.asarray, parameters)
    words = {"table": table.copy(), "importance": np.ones(len(table), np.float32)}
    for name, rows in words.items():
        rows[used_ids] = fitted["words"][name][: len(used_ids)]
    return student_from_parameters({**fitted, "words": words})


@lru_cache(maxsize=4)
def _training_step(hyperparameters: StudentHyperparameters) -> TrainingStep:
    """Return the step for hyperparameters, those aside that only the loop uses."""

    def logits(
        parameters: Parameters, ids: jax.Array, mask: jax.Array, key: jax.Array
    ) -> jax.Array:
        return compute_logits(parameters, ids, mask, key, hyperparameters)

    return TrainingStep(logits, _optimiser(hyperparameters))


def _renumber(training_set: TrainingSet, used_ids: NDArray[np.integer], pieces: int) -> TrainingSet:
    """Number only the pieces that the texts use: the others would cost time and never change."""
    rows = np.zeros(pieces, np.int32)
    rows[used_ids] = np.arange(len(used_ids))
    return TrainingSet(
        [rows[np.asarray(text)].tolist() for text in training_set.ids], training_set.targets
    )


def smooth_labels(labels: NDArray[np.integer], count: int, smoothing: float = 0.1) -> Floats:
    """Return label-smoothed targets [texts, count]; `smoothing` is shared by all labels."""
    hard = np.eye(count, dtype=np.float32)[labels]
    targets: Floats = (1 - smoothing) * hard + np.float32(smoothing / count)
    return targets


def student_from_parameters(parameters: Parameters) -> Student:
    """Convert parameters, as NumPy arrays, to a student."""
    words, (filters, bias) = parameters["words"], parameters["phrases"]
    weights = StudentWeights(words["table"], words["importance"], filters, bias)
    return Student(weights, *parameters["head"])


def initial_parameters(
    table: Floats,
    labels: int,
    hyperparameters: StudentHyperparameters,
    random: np.random.Generator,
) -> Parameters:
    """Return the trainable parameters before the first step; `labels` is the number of labels."""
    width = table.shape[1]

    def uniform(rows: int, columns: int) -> Floats:
        return random.uniform(-1, 1, (rows, columns)).astype(np.float32) / np.float32(rows**0.5)

    return {
        "words": {"table": table, "importance": np.ones(len(table), np.float32)},
        "phrases": (
            uniform(WINDOW * width, hyperparameters.filters),
            np.zeros(hyperparameters.filters, np.float32),
        ),
        "head": (uniform(width + hyperparameters.filters, labels), np.zeros(labels, np.float32)),
    }


def _optimiser(
    hyperparameters: StudentHyperparameters,
) -> optax.GradientTransformationExtraArgs:
    rate = hyperparameters.learning_rate

    def adam(rate: float, decay: float) -> optax.GradientTransformationExtraArgs:
        return optax.chain(
            optax.clip_by_global_norm(1.0),
            optax.adamw(rate, b2=0.99, weight_decay=decay),
        )

    return optax.multi_transform(
        {
            "table": optax.chain(
                scale_rows_by_adam(),
                optax.scale_by_learning_rate(hyperparameters.table_learning_rate),
            ),
            "importance": adam(2 * rate, 0.0),
            "layers": adam(rate, hyperparameters.weight_decay),
        },
        {
            "words": {"table": "table", "importance": "importance"},
            "phrases": "layers",
            "head": "layers",
        },
    )


def compute_logits(
    parameters: Parameters,
    ids: jax.Array,
    mask: jax.Array,
    key: jax.Array,
    hyperparameters: StudentHyperparameters,
) -> jax.Array:
    """Compute logits [batch, labels] of texts [batch, tokens], with dropout."""
    piece_key, feature_key = jax.random.split(key)
    kept_pieces = jax.random.bernoulli(piece_key, 1 - hyperparameters.piece_dropout, mask.shape)
    kept_pieces = kept_pieces * mask
    words = parameters["words"]
    rows = words["table"][ids] * kept_pieces[..., None]
    bag = (rows * words["importance"][ids][..., None]).sum(1)
    bag = bag / jnp.sqrt(jnp.maximum(kept_pieces.sum(1, keepdims=True), 1))
    filters, bias = parameters["phrases"]
    products = jax.lax.conv_general_dilated(
        rows,
        filters.reshape(WINDOW, rows.shape[2], -1),
        window_strides=(1,),
        padding="SAME",
        dimension_numbers=("NWC", "WIO", "NWC"),
    )
    responses = jax.nn.relu(products + bias) * mask[..., None]
    embedding = jnp.concatenate([bag, responses.max(1)], axis=1)
    kept = jax.random.bernoulli(feature_key, 1 - hyperparameters.dropout, embedding.shape)
    weights, head_bias = parameters["head"]
    features = jnp.where(kept, embedding / (1 - hyperparameters.dropout), 0)
    logits: jax.Array = features @ weights + head_bias
    return logits
