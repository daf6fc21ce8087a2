"""What both trained networks share: the loss, the schedule, and Adam for tables of rows."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

WARM_UP_SHARE = 0.1


def cross_entropy(logits: jax.Array, targets: jax.Array) -> jax.Array:
    """Answer the mean over rows [n, labels] of distributions; rows of zeros are padding."""
    rows = jnp.maximum(targets.sum(), 1.0)
    return -(targets * jax.nn.log_softmax(logits)).sum() / rows


def linear_warmup_decay(steps: int) -> optax.Schedule:
    """Rise linearly over the first tenth of the steps, then fall linearly to zero."""
    rising = max(1, round(steps * WARM_UP_SHARE))
    return optax.schedules.join_schedules(
        [
            optax.schedules.linear_schedule(1 / rising, 1.0, rising),
            optax.schedules.linear_schedule(1.0, 0.0, max(1, steps - rising)),
        ],
        [rising],
    )


class RowMoments(NamedTuple):
    """Steps taken, and the two moments of each row."""

    steps: jax.Array
    first: Any
    second: Any


def scale_rows_by_adam(
    decay: float = 0.9, second_decay: float = 0.99, epsilon: float = 1e-8
) -> optax.GradientTransformation:
    """Adam for tables [rows, width] of which each step touches few rows ("lazy" Adam).

    A row that no text of the batch holds keeps its moments and its values: rare word pieces would
    otherwise drift on for many steps after the one text that moved them.
    """

    def init(tables: Any) -> RowMoments:
        zeros = jax.tree.map(jnp.zeros_like, tables)
        return RowMoments(jnp.zeros((), jnp.int32), zeros, zeros)

    def update(gradients: Any, state: RowMoments, tables: Any = None) -> tuple[Any, RowMoments]:
        steps = state.steps + 1

        def averaged(share: float, old: Any, new: Any) -> Any:
            return jax.tree.map(
                lambda one, other, gradient: jnp.where(
                    _touched(gradient), share * one + (1 - share) * other, one
                ),
                old,
                new,
                gradients,
            )

        first = averaged(decay, state.first, gradients)
        second = averaged(second_decay, state.second, jax.tree.map(jnp.square, gradients))

        def scaled(gradient: jax.Array, one: jax.Array, two: jax.Array) -> jax.Array:
            root = jnp.sqrt(two / (1 - second_decay**steps))
            return jnp.where(_touched(gradient), one / (1 - decay**steps) / (root + epsilon), 0)

        return jax.tree.map(scaled, gradients, first, second), RowMoments(steps, first, second)

    return optax.GradientTransformation(init, update)


def _touched(gradient: jax.Array) -> jax.Array:
    return jnp.any(gradient != 0, axis=1, keepdims=True)
