"""Train the static student: word piece vectors, a weighted sum, and phrases of three (JAX).

A table that starts as the encoder's own view of each piece is trained gently; the answer is linear
in the weighted sum and in each filter's strongest response along the text (Kim 2014). Targets are
distributions: of labels, or what a teacher answers (Hinton et al. 2015) on texts that nobody has
labelled.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from training.networks.batches import TrainingBatch, batch_count
from training.networks.fitting import Parameters, fit_by_batches
from training.networks.optimisers import linear_warmup_decay, scale_rows_by_adam
from training.networks.student_graph import WINDOW, StudentWeights
from training.progress import Told, ignored

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """How to train; the decision record tells how the numbers were found."""

    filters: int = 256
    epochs: int = 12
    batch: int = 64
    rate: float = 4e-3
    table_rate: float = 1e-3
    weight_decay: float = 1e-2
    dropout: float = 0.2
    piece_dropout: float = 0.05
    seed: int = 0


@dataclass(frozen=True)
class Student:
    """What the graph is written from, and its head: `head` [width + filters, labels], `bias`."""

    weights: StudentWeights
    head: Floats
    bias: Floats


def train_student(
    table: Floats,
    lessons: TrainingBatch,
    recipe: Recipe = Recipe(),
    on_batch: Told = ignored,
) -> Student:
    """Fit to the lessons by cross entropy; `table` [pieces, width] is the start.

    The same seed gives the same weights.
    """
    random = np.random.default_rng(recipe.seed)
    parameters = start(table, lessons.targets.shape[1], recipe, random)
    steps = recipe.epochs * batch_count(lessons, recipe.batch)

    def scores(
        parameters: Parameters, ids: jax.Array, mask: jax.Array, key: jax.Array
    ) -> jax.Array:
        return logits(parameters, ids, mask, key, recipe)

    parameters = fit_by_batches(
        parameters, scores, _optimiser(recipe, steps), lessons, recipe, on_batch
    )
    return trained(jax.tree.map(np.asarray, parameters))


def smoothed(labels: NDArray[np.integer], count: int, smoothing: float = 0.1) -> Floats:
    """Answer one row [count] per label that leaves `smoothing` to all labels alike."""
    hard = np.eye(count, dtype=np.float32)[labels]
    targets: Floats = (1 - smoothing) * hard + np.float32(smoothing / count)
    return targets


def trained(parameters: Parameters) -> Student:
    """Answer what parameters, as arrays of numpy, mean to the graph."""
    words, (filters, bias) = parameters["words"], parameters["phrases"]
    weights = StudentWeights(words["table"], words["importance"], filters, bias)
    return Student(weights, *parameters["head"])


def start(table: Floats, labels: int, recipe: Recipe, random: np.random.Generator) -> Parameters:
    """Answer what is trained, as it is before the first step."""
    width = table.shape[1]

    def uniform(rows: int, columns: int) -> Floats:
        return random.uniform(-1, 1, (rows, columns)).astype(np.float32) / np.float32(rows**0.5)

    return {
        "words": {"table": table, "importance": np.ones(len(table), np.float32)},
        "phrases": (
            uniform(WINDOW * width, recipe.filters),
            np.zeros(recipe.filters, np.float32),
        ),
        "head": (uniform(width + recipe.filters, labels), np.zeros(labels, np.float32)),
    }


def _optimiser(recipe: Recipe, steps: int) -> optax.GradientTransformationExtraArgs:
    schedule = linear_warmup_decay(steps)

    def adam(rate: float, decay: float) -> optax.GradientTransformationExtraArgs:
        return optax.chain(
            optax.clip_by_global_norm(1.0),
            optax.adamw(lambda step: rate * schedule(step), b2=0.99, weight_decay=decay),
        )

    return optax.multi_transform(
        {
            "table": optax.chain(
                scale_rows_by_adam(),
                optax.scale_by_learning_rate(lambda step: recipe.table_rate * schedule(step)),
            ),
            "importance": adam(2 * recipe.rate, 0.0),
            "layers": adam(recipe.rate, recipe.weight_decay),
        },
        {
            "words": {"table": "table", "importance": "importance"},
            "phrases": "layers",
            "head": "layers",
        },
    )


def logits(
    parameters: Parameters, ids: jax.Array, mask: jax.Array, key: jax.Array, recipe: Recipe
) -> jax.Array:
    """Score texts [batch, tokens] as logits [batch, labels]."""
    for_pieces, for_features = jax.random.split(key)
    seen = jax.random.bernoulli(for_pieces, 1 - recipe.piece_dropout, mask.shape) * mask
    words = parameters["words"]
    rows = words["table"][ids] * seen[..., None]
    bag = (rows * words["importance"][ids][..., None]).sum(1)
    bag = bag / jnp.sqrt(jnp.maximum(seen.sum(1, keepdims=True), 1))
    padded = jnp.pad(rows, ((0, 0), (1, 1), (0, 0)))
    tokens = ids.shape[1]
    windows = jnp.concatenate([padded[:, at : at + tokens] for at in range(WINDOW)], axis=2)
    filters, bias = parameters["phrases"]
    responses = jax.nn.relu(windows @ filters + bias) * mask[..., None]
    embedding = jnp.concatenate([bag, responses.max(1)], axis=1)
    kept = jax.random.bernoulli(for_features, 1 - recipe.dropout, embedding.shape)
    weights, head_bias = parameters["head"]
    scores: jax.Array = jnp.where(kept, embedding / (1 - recipe.dropout), 0) @ weights + head_bias
    return scores
