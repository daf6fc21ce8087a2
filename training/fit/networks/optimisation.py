"""The training loop of both networks: the loss, the learning rate schedule, and the optimiser."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax

from training.allocator import return_freed_memory
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


def linear_warmup_decay(step: int, steps: int) -> float:
    """Return the factor of the rates: a linear warm-up to 1, then a linear decay to 0."""
    warmup_steps = max(1, round(steps * WARMUP_FRACTION))
    if step < warmup_steps:
        return (1 + step * (1 - 1 / warmup_steps)) / warmup_steps
    return 1 - (step - warmup_steps) / max(1, steps - warmup_steps)


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


class TrainingStep:
    """A step of gradient descent on the cross entropy, compiled once per shape of its arguments.

    The gradient and the update are compiled apart: the length of a batch changes only the gradient.
    A step that several fits share is compiled once for all of them.
    """

    def __init__(self, logits: Logits, optimiser: optax.GradientTransformationExtraArgs) -> None:
        """Take the network's `logits`, and an `optimiser` with the highest rates of the fit."""

        def loss(parameters: Parameters, batch: Any, key: jax.Array) -> jax.Array:
            ids, mask, targets = batch
            return cross_entropy(logits(parameters, ids, mask, key), targets)

        def update(parameters: Parameters, state: Any, gradients: Parameters, rate: float) -> Any:
            updates, state = optimiser.update(gradients, state, parameters)
            scaled = jax.tree.map(lambda one: rate * one, updates)
            return optax.apply_updates(parameters, scaled), state

        self._optimiser = optimiser
        self._gradients = jax.jit(jax.grad(loss))
        # New parameters and moments take the place of the old ones. JAX computes several steps
        # ahead, each of which would otherwise hold a table and its two moments: 0.1 GB.
        self._update = jax.jit(update, donate_argnums=(0, 1))

    def initial_state(self, parameters: Parameters) -> Any:
        """Return the state of the optimiser before the first batch."""
        # A buffer can be given up once, and both moments may be the same zeros.
        return jax.tree.map(jnp.copy, self._optimiser.init(parameters))

    def take(
        self, parameters: Parameters, state: Any, batch: Any, key: jax.Array, rate: float
    ) -> tuple[Parameters, Any]:
        """Return the parameters and the state of the optimiser after a batch.

        The `state`, and `parameters` that an earlier step returned, cannot be used any more.
        `rate` is the factor of the learning rates, from 0 to 1.
        """
        gradients = self._gradients(parameters, batch, key)
        updated: tuple[Parameters, Any] = self._update(parameters, state, gradients, rate)
        return updated


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
    step: TrainingStep,
    training_set: TrainingSet,
    hyperparameters: FittingHyperparameters,
    on_batch: ProgressCallback = ignore_progress,
) -> Parameters:
    """Minimise the cross entropy from `parameters` on, and return the fitted parameters.

    The learning rates warm up and decay. The same seed gives the same parameters. `on_batch` is
    called after each batch.
    """
    state = step.initial_state(parameters)
    random = np.random.default_rng(hyperparameters.seed)
    key = jax.random.key(hyperparameters.seed, impl="rbg")
    total = hyperparameters.epochs * count_batches(training_set, hyperparameters.batch_size)
    done = 0
    for _ in range(hyperparameters.epochs):
        for batch in iterate_batches(training_set, hyperparameters.batch_size, random):
            arrays = (batch.ids, batch.mask, batch.targets)
            batch_key = jax.random.fold_in(key, done)
            rate = linear_warmup_decay(done, total)
            parameters, state = step.take(parameters, state, arrays, batch_key, rate)
            done += 1
            if done.bit_count() == 1:
                # Each length of a batch is compiled for its first one, mostly soon after the start.
                # Without this, what compiling takes is kept: 0.1 GB.
                return_freed_memory()
            on_batch(done, total)
    return parameters
