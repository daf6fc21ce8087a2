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
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from prompt_capture.domain.entities.context_model import (
    WEIGHTS,
    ContextModel,
    context_of,
    describe_candidate,
    find_candidates,
)
from prompt_capture.domain.entity_types import EntityType
from prompt_capture.domain.searchable_text import fold
from training.data.redacted_texts import REDACTED_TEXTS, RedactedText, read_redacted_texts

ENTITY_TYPES: tuple[EntityType, ...] = ("secret", "national_id", "bank", "phone")
"""The types that often have no form of their own, so that the words around them decide."""

REGULARISATION = 0.6
WEIGHT_OF_ENTITIES = 3.0
"""How much more a missed entity costs than a wrong one."""
MARGIN = 1.5
"""The log-odds from which a candidate counts as an entity."""
RULES = "rules.jsonl"
WEIGHT_OF_RULES = 8.0
"""How much more the texts of the rules' own tests count, which the model must not contradict."""
MIN_TEXTS = 2
"""A feature of fewer candidates has no weight."""
SCALE = 100
"""Weights are rounded to this fraction, and left out below `MIN_WEIGHT` of it."""
MIN_WEIGHT = 5


@dataclass(frozen=True)
class LabelledCandidate:
    """The features of a candidate, the type of the entity that it is, if any, and its weight."""

    features: list[str]
    entity_type: EntityType | None
    weight: float


def list_candidates(text: RedactedText, weight: float = 1.0) -> Iterator[LabelledCandidate]:
    """Return the candidates of a text."""
    searched = fold(text.text)
    lower = searched.lower()
    entities = list(text.searched_entities(searched))
    for start, end in find_candidates(searched):
        types = (name for name, begin, stop in entities if begin < end and start < stop)
        features = describe_candidate(*context_of(searched, lower, start, end))
        yield LabelledCandidate(features, next(types, None), weight)


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


def fit(candidates: Sequence[LabelledCandidate]) -> ContextModel:
    """Fit one logistic regression for each entity type, against the other types and no entity."""
    vectorizer = DictVectorizer()
    matrix = vectorizer.fit_transform(dict.fromkeys(each.features, 1) for each in candidates)
    is_common = np.asarray((matrix > 0).sum(axis=0)).ravel() >= MIN_TEXTS
    matrix = matrix[:, is_common]
    names = vectorizer.get_feature_names_out()[is_common]
    fitted = [_fit_type(matrix, candidates, entity_type) for entity_type in ENTITY_TYPES]
    biases = tuple(round(SCALE * (bias - MARGIN)) for bias, _ in fitted)
    weights = np.rint(SCALE * np.array([each for _, each in fitted])).astype(int)
    weights[np.abs(weights) < MIN_WEIGHT] = 0
    columns = (
        (str(name), tuple(map(int, column))) for name, column in zip(names, weights.T, strict=True)
    )
    return ContextModel(
        ENTITY_TYPES, biases, {name: column for name, column in columns if any(column)}
    )


def _fit_type(
    matrix: csr_matrix, candidates: Sequence[LabelledCandidate], entity_type: EntityType
) -> tuple[float, NDArray[np.float64]]:
    """Return the bias and the weights of a type. What is of no type of the model is left out."""
    types = [each.entity_type for each in candidates]
    rows = np.array([each is None or each in ENTITY_TYPES for each in types])
    classifier = LogisticRegression(
        C=REGULARISATION,
        class_weight={False: 1.0, True: WEIGHT_OF_ENTITIES},
        solver="liblinear",
        random_state=0,
        max_iter=1000,
    )
    classifier.fit(
        matrix[rows],
        np.array([each == entity_type for each in types])[rows],
        sample_weight=np.array([each.weight for each in candidates])[rows],
    )
    return float(classifier.intercept_[0]), classifier.coef_[0]


def write(model: ContextModel, fingerprint: str) -> None:
    """Write a model to its file."""
    content = {
        "fitted_to": fingerprint,
        "entity_types": model.entity_types,
        "bias": model.bias,
        "weights": dict(sorted(model.weights.items())),
    }
    WEIGHTS.write_bytes(gzip.compress(json.dumps(content).encode(), mtime=0))


def fingerprint_of(candidates: Iterable[LabelledCandidate]) -> str:
    """Return a hash of what a model is fitted to."""
    return sha256(json.dumps(list(map(astuple, candidates))).encode()).hexdigest()


def measure(model: ContextModel, candidates: Iterable[LabelledCandidate]) -> str:
    """Return a table of what a model finds among candidates, by entity type."""
    rows = [f"{'entity type':<12} {'marked':>6} {'recall':>7} {'precision':>10}"]
    pairs = [(each.entity_type, model.classify(each.features, ENTITY_TYPES)) for each in candidates]
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
        report = f"{len(candidates)} candidates, {len(model.weights)} features"
    sys.stdout.write(f"{report}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
