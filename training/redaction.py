"""Fit the context model of redaction to labelled texts.

    python -m training.redaction [--hold-out FILE]

`make model NAME=redaction` runs this module in the root of the repository. On one type of machine,
the same texts give the same weights. With `--hold-out`, it measures how a model fitted to the other
files does on one, and writes nothing.
"""

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from prompt_capture.domain.entities.context.candidates import find_candidates
from prompt_capture.domain.entities.context.features import (
    Part,
    context_of,
    features_of,
    parts_of,
)
from prompt_capture.domain.entities.context.model import (
    OFFSET,
    WEIGHTS,
    ContextModel,
    PackedWeights,
)
from prompt_capture.domain.entities.searched import Searched, hide
from prompt_capture.domain.entity_types import EntityType
from prompt_capture.domain.searchable_text import fold
from training.data.redacted_texts import REDACTED_TEXTS, RedactedText, read_redacted_texts

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
"""Shares of what one step of training leaves out, so that no decision hangs on one word."""
WEIGHT_OF_ENTITIES = 3.0
"""How much more a missed entity costs than a wrong one."""
MARGIN = 1.5
"""The log-odds against no entity from which a candidate counts as one."""
RULES = "rules.jsonl"
WEIGHT_OF_RULES = 8.0
"""How much more the texts of the rules' own tests count, which the model must not contradict."""
MIN_TEXTS = 4
"""A feature of fewer candidates has no weight."""
LARGEST_WEIGHT = OFFSET - 1
"""Weights are rounded to integers up to this one."""
OUTPUT_SCALE = 64


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


def list_candidates(text: RedactedText, weight: float = 1.0) -> Iterator[LabelledCandidate]:
    """Return the candidates of a text.

    Where it has other entities, each candidate is listed twice: as it is, and with them hidden,
    as rules hide what they find before the model decides.
    """
    searched = Searched(fold(text.text))
    entities = list(text.searched_entities(searched.text))
    for start, end in find_candidates(searched):
        types = (name for name, begin, stop in entities if begin < end and start < stop)
        others = [(begin, stop) for _, begin, stop in entities if end <= begin or stop <= start]
        contexts = [context_of(searched.text, searched.lower, start, end)]
        if others:
            hidden = hide(searched.lower, others)
            contexts.append(context_of(searched.text, hidden, start, end))
        entity_type = next(types, None)
        for context in contexts:
            yield LabelledCandidate(parts_of(*context), entity_type, weight / len(contexts))


def list_files() -> list[Path]:
    """Return the files of texts."""
    return sorted(REDACTED_TEXTS.glob("*.jsonl"))


def read_candidates(files: Sequence[Path]) -> list[LabelledCandidate]:
    """Return the candidates of all texts of some files."""
    return [
        candidate
        for file in files
        for text in read_redacted_texts([file])
        for candidate in list_candidates(text, WEIGHT_OF_RULES if file.name == RULES else 1.0)
    ]


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
    """Fit a network that tells the entity types from each other and from no entity."""
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
    weights = np.rint(np.hstack([hidden * hidden_scale, direct * direct_scale])).astype(int)
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


def write(model: ContextModel, fingerprint: str) -> None:
    """Write a model to its file, as `load_model` reads it."""
    header = {
        "fitted_to": fingerprint,
        "entity_types": model.entity_types,
        "bias": model.bias,
        "output": model.output,
        "scale": model.scale,
        "features": len(model.weights.features),
    }
    features = "\n".join(model.weights.features).encode()
    content = b"".join([json.dumps(header).encode(), b"\n", model.weights.weights, features])
    WEIGHTS.write_bytes(gzip.compress(content, mtime=0))


def fingerprint_of(candidates: Iterable[LabelledCandidate]) -> str:
    """Return a hash of what a model is fitted to."""
    content = sha256()
    for each in candidates:
        content.update(json.dumps([*each.features, each.entity_type, each.weight]).encode())
    return content.hexdigest()


def measure(model: ContextModel, candidates: Iterable[LabelledCandidate]) -> str:
    """Return a table of what a model finds among candidates, by entity type."""
    rows = [f"{'entity type':<12} {'marked':>6} {'recall':>7} {'precision':>10}"]
    pairs = [(each.entity_type, model.classify(each.parts, ENTITY_TYPES)) for each in candidates]
    for name in ENTITY_TYPES:
        marked = sum(expected == name for expected, _ in pairs)
        found = sum(actual == name for _, actual in pairs)
        right = pairs.count((name, name))
        rows.append(
            f"{name:<12} {marked:>6} {right / max(marked, 1):>7.3f} {right / max(found, 1):>10.3f}"
        )
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit the model to the texts of the repository, and write or measure it."""
    parser = argparse.ArgumentParser(
        prog="python -m training.redaction",
        description="Fit the context model of redaction to the texts in training/data/redaction.",
    )
    files = {file.stem: file for file in list_files()}
    parser.add_argument(
        "--hold-out", choices=files, help="measure on this file, fitted to the others"
    )
    held_out = parser.parse_args(arguments).hold_out
    candidates = read_candidates([file for name, file in files.items() if name != held_out])
    model = fit(candidates)
    if held_out:
        report = measure(model, read_candidates([files[held_out]]))
    else:
        write(model, fingerprint_of(candidates))
        report = f"{len(candidates)} candidates, {len(model.weights.features)} features"
    sys.stdout.write(f"{report}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
