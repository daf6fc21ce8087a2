"""The training step of the networks: what it keeps in memory."""

import jax
import numpy as np
import optax

from training.fit.networks.optimisation import Parameters, TrainingStep


def compute_logits(
    parameters: Parameters, ids: jax.Array, mask: jax.Array, key: jax.Array
) -> jax.Array:
    logits: jax.Array = parameters["table"][ids].sum(axis=1)
    return logits


def test_a_step_holds_the_parameters_and_the_state_once_however_many_steps_are_ahead() -> None:
    step = TrainingStep(compute_logits, optax.adam(0.1))
    batch = (np.array([[0, 1]]), np.ones((1, 2), np.float32), np.array([[1, 0]], np.float32))
    initial = {"table": np.zeros((3, 2), np.float32)}
    before = step.take(initial, step.initial_state(initial), batch, jax.random.key(0), 1.0)

    after = step.take(*before, batch, jax.random.key(1), 1.0)

    assert all(array.is_deleted() for array in jax.tree.leaves(before))
    assert not any(array.is_deleted() for array in jax.tree.leaves(after))
    assert not initial["table"].any()
    assert np.asarray(after[0]["table"])[0, 0] > 0
