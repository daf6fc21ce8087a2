"""The loss, the learning rate schedule, and an Adam for embedding tables."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

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
