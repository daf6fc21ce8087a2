"""Fit the network of the context model of redaction to labelled candidates."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from prompt_capture.domain.entities.context.features import Part, features_of
from prompt_capture.domain.entities.context.model import OFFSET, ContextModel, PackedWeights
from prompt_capture.domain.entity_types import EntityType

ENTITY_TYPES: tuple[EntityType, ...] = (
    "secret",
    "national_id",
    "bank",
    "phone",
    "birth_date",
    "url",
)
"""The types that often have no form of their own, so that the words around them decide."""

HIDDEN_UNITS = 8
EPOCHS, BATCH = 24, 256
LEARNING_RATE, WEIGHT_DECAY = 3e-3, 1e-2
DROPPED_FEATURES, DROPPED_UNITS = 0.6, 0.2
"""Shares of what the first steps of training leave out, so that no decision hangs on one word."""
WEIGHT_OF_ENTITIES = 3.0
"""How much more a missed entity costs than a wrong one."""
MARGIN = 0.8
"""The log-odds against no entity from which a candidate counts as one."""
MIN_TEXTS = 5
"""A feature of fewer candidates has no weight."""
STEP = 4
LARGEST_WEIGHT = OFFSET - STEP
"""Weights are rounded to multiples of `STEP` up to this one, so that their file is small."""
OUTPUT_SCALE = 64
"""The weights of hidden units are multiplied with it before they are rounded."""


@dataclass(frozen=True)
class LabelledCandidate:
    """The parts of a candidate, the type of the entity that it is, if any, and its weight."""

    parts: list[Part]
    entity_type: EntityType | None
    weight: float

    @property
    def features(self) -> Iterator[str]:
        """The features of all parts."""
        return chain.from_iterable(map(features_of, self.parts))


@dataclass(frozen=True)
class _Examples:
    """Candidates as the network reads them.

    `features` has the numbers of the features of each, filled up to one length with the number
    that follows the last feature; `labels` is 0 for no entity; `costs` have a mean of 1.
    """

    features: NDArray[np.int32]
    labels: NDArray[np.int32]
    costs: NDArray[np.float32]


Parameters = dict[str, Array]
"""For each feature the weights `hidden` of the hidden units and `direct` of the classes."""


def fit(candidates: Sequence[LabelledCandidate]) -> ContextModel:
    """Fit a network that distinguishes the entity types, and no entity as one more class."""
    counts = Counter(feature for each in candidates for feature in set(each.features))
    names = sorted(feature for feature, count in counts.items() if count >= MIN_TEXTS)
    examples = _read_examples(candidates, {name: number for number, name in enumerate(names)})
    parameters = _train(examples, len(names))
    return _round(names, {name: np.asarray(value) for name, value in parameters.items()})


def _read_examples(
    candidates: Sequence[LabelledCandidate], numbers: Mapping[str, int]
) -> _Examples:
    """Return the candidates. What is of no type of the model is left out."""
    labels: dict[EntityType | None, int] = {None: 0}
    labels.update({name: label for label, name in enumerate(ENTITY_TYPES, start=1)})
    used = [each for each in candidates if each.entity_type in labels]
    rows = [[numbers[name] for name in each.features if name in numbers] for each in used]
    features = np.full((len(rows), max(map(len, rows))), len(numbers), np.int32)
    for row, known in zip(features, rows, strict=True):
        row[: len(known)] = known
    costs = np.array(
        [each.weight * (WEIGHT_OF_ENTITIES if each.entity_type else 1.0) for each in used],
        np.float32,
    )
    return _Examples(
        features,
        np.array([labels[each.entity_type] for each in used], np.int32),
        costs / costs.mean(),
    )


def _score(parameters: Parameters, features: Array, kept: Array, kept_units: Array) -> Array:
    """Return the log-odds of each class, up to a constant, for a batch of candidates.

    `kept` and `kept_units` are 0 for what is left out, and weights for the others.
    """
    hidden = (parameters["hidden"][features] * kept[..., None]).sum(1) + parameters["hidden_bias"]
    direct = (parameters["direct"][features] * kept[..., None]).sum(1) + parameters["bias"]
    return (jax.nn.relu(hidden) * kept_units) @ parameters["output"] + direct


def _loss(
    parameters: Parameters,
    features: Array,
    labels: Array,
    costs: Array,
    dropped: Array,
    key: Array,
) -> Array:
    of_features, of_units = jax.random.split(key)
    is_feature = features < parameters["direct"].shape[0] - 1
    kept = is_feature * _keep(of_features, features.shape, dropped)
    units = _keep(of_units, (len(features), HIDDEN_UNITS), DROPPED_UNITS)
    odds = jax.nn.log_softmax(_score(parameters, features, kept, units))
    return -(odds[jnp.arange(len(labels)), labels] * costs).mean()


def _keep(key: Array, shape: tuple[int, ...], dropped: float | Array) -> Array:
    return jax.random.bernoulli(key, 1 - dropped, shape) / (1 - dropped)


def _train(examples: _Examples, size: int) -> Parameters:
    """Return the parameters for `size` features, and one more that stands for none."""
    classes = len(ENTITY_TYPES) + 1
    of_hidden, of_output, key = jax.random.split(jax.random.key(0), 3)
    parameters: Parameters = {
        "hidden": 0.025 * jax.random.normal(of_hidden, (size + 1, HIDDEN_UNITS)),
        "hidden_bias": jnp.zeros(HIDDEN_UNITS),
        "direct": jnp.zeros((size + 1, classes)),
        "output": 0.3 * jax.random.normal(of_output, (HIDDEN_UNITS, classes)),
        "bias": jnp.zeros(classes),
    }
    batches = max(1, len(examples.labels) // BATCH)
    schedule = optax.linear_schedule(LEARNING_RATE, 0.0, EPOCHS * batches)
    optimiser = optax.adamw(schedule, b2=0.99, weight_decay=WEIGHT_DECAY)

    @jax.jit
    def step(
        parameters: Parameters, state: optax.OptState, batch: tuple[Array, ...], key: Array
    ) -> tuple[Parameters, optax.OptState]:
        gradients = jax.grad(_loss)(parameters, *batch, key)
        updates, state = optimiser.update(gradients, state, parameters)
        return optax.apply_updates(parameters, updates), state

    state = optimiser.init(parameters)
    random = np.random.default_rng(0)
    for epoch in range(EPOCHS):
        dropped = jnp.float32(DROPPED_FEATURES * (1 - epoch / EPOCHS))
        order = random.permutation(len(examples.labels))
        for rows in np.array_split(order[: batches * BATCH], batches):
            key, of_step = jax.random.split(key)
            batch = (examples.features[rows], examples.labels[rows], examples.costs[rows], dropped)
            parameters, state = step(parameters, state, batch, of_step)
    return parameters


def _round(names: Sequence[str], parameters: Mapping[str, NDArray[np.float32]]) -> ContextModel:
    """Return the model with integer weights. Each type is scored against no entity."""
    hidden, direct = parameters["hidden"][:-1], parameters["direct"][:-1]
    direct = direct[:, 1:] - direct[:, :1]
    output = (parameters["output"][:, 1:] - parameters["output"][:, :1]).T
    bias = parameters["bias"][1:] - parameters["bias"][0] - MARGIN
    hidden_scale = LARGEST_WEIGHT / np.abs(hidden).max()
    direct_scale = LARGEST_WEIGHT / np.abs(direct).max()
    scale = round(OUTPUT_SCALE * hidden_scale / direct_scale)
    scaled = np.hstack([hidden * hidden_scale, direct * direct_scale])
    weights = STEP * np.rint(scaled / STEP).astype(int)
    is_known = weights.any(axis=1)
    known = [name for name, is_of_it in zip(names, is_known, strict=True) if is_of_it]
    return ContextModel(
        ENTITY_TYPES,
        tuple(
            round(float(each))
            for each in [
                *(parameters["hidden_bias"] * hidden_scale),
                *(bias * OUTPUT_SCALE * hidden_scale / scale),
            ]
        ),
        tuple(tuple(round(float(each) * OUTPUT_SCALE) for each in row) for row in output),
        scale,
        PackedWeights(known, (weights[is_known] + OFFSET).astype(np.uint8).tobytes()),
    )
