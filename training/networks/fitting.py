"""The loop that both trained networks go through: batches, gradients, steps."""

from collections.abc import Callable
from typing import Any, Protocol

import jax
import numpy as np
import optax

from training.networks.batches import TrainingBatch, batch_count, batches
from training.networks.optimisers import cross_entropy
from training.progress import Told, ignored

Parameters = dict[str, Any]

Logits = Callable[[Parameters, jax.Array, jax.Array, jax.Array], jax.Array]
"""Scores texts: of parameters, ids and mask [batch, tokens] and a random key, [batch, labels]."""


class Recipe(Protocol):
    """How often to go through the texts, how many at a time, and what chance starts from."""

    @property
    def epochs(self) -> int: ...
    @property
    def batch(self) -> int: ...
    @property
    def seed(self) -> int: ...


def fit_by_batches(
    parameters: Parameters,
    logits: Logits,
    optimiser: optax.GradientTransformationExtraArgs,
    lessons: TrainingBatch,
    recipe: Recipe,
    on_batch: Told = ignored,
) -> Parameters:
    """Answer the parameters that fit the lessons by cross entropy."""

    @jax.jit
    def step(parameters: Parameters, state: Any, batch: Any, key: jax.Array) -> Any:
        ids, mask, targets = batch

        def loss(parameters: Parameters) -> jax.Array:
            return cross_entropy(logits(parameters, ids, mask, key), targets)

        updates, state = optimiser.update(jax.grad(loss)(parameters), state, parameters)
        return optax.apply_updates(parameters, updates), state

    state = optimiser.init(parameters)
    random = np.random.default_rng(recipe.seed)
    key = jax.random.key(recipe.seed, impl="rbg")
    total = recipe.epochs * batch_count(lessons, recipe.batch)
    done = 0
    for _ in range(recipe.epochs):
        for batch in batches(lessons, recipe.batch, random):
            arrays = (batch.ids, batch.mask, batch.targets)
            parameters, state = step(parameters, state, arrays, jax.random.fold_in(key, done))
            done += 1
            on_batch(done, total)
    return parameters
