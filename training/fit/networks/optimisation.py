"""The training loop of both networks: the loss, the learning rate schedule, and the optimiser."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax

from training.config import ProgressCallback, ignore_progress
from training.fit.networks.batches import TrainingSet, count_batches, iterate_batches

Parameters = dict[str, Any]

Logits = Callable[[Parameters, jax.Array, jax.Array, jax.Array], jax.Array]
"""Computes logits [batch, labels] of parameters, ids and mask [batch, tokens], a random key."""

WARMUP_FRACTION = 0.1


def cross_entropy(logits: jax.Array, targets: jax.Array) -> jax.Array:
    """Return the mean cross entropy over rows [n, labels]; targets of zeros are padding."""
    rows = jnp.maximum(targets.sum(), 1.0)
    return -(targets * jax.nn.log_softmax(logits)).sum() / rows


def linear_warmup_decay(steps: int) -> optax.Schedule:
    """Return a schedule: linear warm-up to 1 over the first tenth, then linear decay to 0."""
    warmup_steps = max(1, round(steps * WARMUP_FRACTION))
    return optax.schedules.join_schedules(
        [
            optax.schedules.linear_schedule(1 / warmup_steps, 1.0, warmup_steps),
            optax.schedules.linear_schedule(1.0, 0.0, max(1, steps - warmup_steps)),
        ],
        [warmup_steps],
    )


class RowMoments(NamedTuple):
    """The number of steps, and the first and second moments of the tables."""

    steps: jax.Array
    first: Any
    second: Any


def scale_rows_by_adam(
    decay: float = 0.9, second_decay: float = 0.99, epsilon: float = 1e-8
) -> optax.GradientTransformation:
    """Return an Adam for tables [rows, width] with sparse row gradients ("lazy" Adam).

    A row without a gradient keeps its moments and its values. With plain Adam, the row of a rare
    word piece would drift for many steps after the one text that has it.
    """

    def init(tables: Any) -> RowMoments:
        zeros = jax.tree.map(jnp.zeros_like, tables)
        return RowMoments(jnp.zeros((), jnp.int32), zeros, zeros)

    def update(gradients: Any, state: RowMoments, tables: Any = None) -> tuple[Any, RowMoments]:
        steps = state.steps + 1

        def moving_average(rate: float, old: Any, new: Any) -> Any:
            return jax.tree.map(
                lambda one, other, gradient: jnp.where(
                    _has_gradient(gradient), rate * one + (1 - rate) * other, one
                ),
                old,
                new,
                gradients,
            )

        first = moving_average(decay, state.first, gradients)
        second = moving_average(second_decay, state.second, jax.tree.map(jnp.square, gradients))

        def scale(gradient: jax.Array, one: jax.Array, two: jax.Array) -> jax.Array:
            root = jnp.sqrt(two / (1 - second_decay**steps))
            return jnp.where(
                _has_gradient(gradient), one / (1 - decay**steps) / (root + epsilon), 0
            )

        return jax.tree.map(scale, gradients, first, second), RowMoments(steps, first, second)

    return optax.GradientTransformation(init, update)


def _has_gradient(gradient: jax.Array) -> jax.Array:
    return jnp.any(gradient != 0, axis=1, keepdims=True)


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
