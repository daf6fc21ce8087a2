"""The training loop of both networks."""

from collections.abc import Callable
from typing import Any, Protocol

import jax
import numpy as np
import optax

from training.networks.batches import TrainingSet, count_batches, iterate_batches
from training.networks.optimisers import cross_entropy
from training.progress import ProgressCallback, ignore_progress

Parameters = dict[str, Any]

Logits = Callable[[Parameters, jax.Array, jax.Array, jax.Array], jax.Array]
"""Computes logits [batch, labels] of parameters, ids and mask [batch, tokens], a random key."""


class FittingHyperparameters(Protocol):
    """The hyperparameters that the loop itself needs."""

    @property
    def epochs(self) -> int: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def seed(self) -> int: ...


def fit_by_batches(
    parameters: Parameters,
    logits: Logits,
    optimiser: optax.GradientTransformationExtraArgs,
    training_set: TrainingSet,
    hyperparameters: FittingHyperparameters,
    on_batch: ProgressCallback = ignore_progress,
) -> Parameters:
    """Minimise the cross entropy from `parameters` on, and return the fitted parameters.

    The same seed gives the same parameters. `on_batch` is called after each batch.
    """

    @jax.jit
    def step(parameters: Parameters, state: Any, batch: Any, key: jax.Array) -> Any:
        ids, mask, targets = batch

        def loss(parameters: Parameters) -> jax.Array:
            return cross_entropy(logits(parameters, ids, mask, key), targets)

        updates, state = optimiser.update(jax.grad(loss)(parameters), state, parameters)
        return optax.apply_updates(parameters, updates), state

    state = optimiser.init(parameters)
    random = np.random.default_rng(hyperparameters.seed)
    key = jax.random.key(hyperparameters.seed, impl="rbg")
    total = hyperparameters.epochs * count_batches(training_set, hyperparameters.batch_size)
    done = 0
    for _ in range(hyperparameters.epochs):
        for batch in iterate_batches(training_set, hyperparameters.batch_size, random):
            arrays = (batch.ids, batch.mask, batch.targets)
            parameters, state = step(parameters, state, arrays, jax.random.fold_in(key, done))
            done += 1
            on_batch(done, total)
    return parameters
