"""The training step of the networks: what it keeps in memory."""

from types import SimpleNamespace

import jax
import numpy as np
import optax
import pytest

from training.fit.networks import optimisation
from training.fit.networks.batches import TrainingSet
from training.fit.networks.optimisation import Parameters, TrainingStep, fit_by_batches


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


def test_a_fit_gives_back_the_memory_that_compiling_took(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []
    given_back: list[int] = []
    monkeypatch.setattr(
        optimisation, "return_freed_memory", lambda: given_back.append(len(batches) + 1)
    )
    training_set = TrainingSet([[0, 1]] * 5, np.full((5, 2), 0.5, np.float32))
    initial = {"table": np.zeros((3, 2), np.float32)}
    step = TrainingStep(compute_logits, optax.adam(0.1))
    settings = SimpleNamespace(epochs=2, batch_size=1, seed=0)

    fit_by_batches(initial, step, training_set, settings, lambda done, _: batches.append(done))

    assert len(batches) == 10
    assert given_back == [1, 2, 4, 8]
