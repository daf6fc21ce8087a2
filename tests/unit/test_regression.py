"""The logistic regression on embeddings: its solution, its progress, and the memory it needs."""

import tracemalloc

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from training.fit import regression
from training.fit.heads import fit_head
from training.fit.regression import fit_logistic_regression

CLASSES, WIDTH = 4, 6


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def _clusters(random: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return overlapping clusters that are far from the origin: embeddings, and their classes."""
    columns = random.integers(0, CLASSES, n)
    centres = random.normal(3, 1, (CLASSES, WIDTH))
    return (centres[columns] + random.normal(0, 1, (n, WIDTH))).astype(np.float32), columns


@pytest.mark.parametrize("is_weighted", [False, True])
def test_the_solution_is_that_of_scikit_learn(
    random: np.random.Generator, is_weighted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(regression, "ROWS_PER_CHUNK", 37)
    embeddings, columns = _clusters(random, 500)
    weights = random.uniform(0.1, 1, 500) if is_weighted else None

    fitted = fit_logistic_regression(embeddings, columns, weights, inverse_regularisation=0.3)

    known = LogisticRegression(C=0.3, max_iter=5_000, tol=1e-8)
    known.fit(embeddings.astype(np.float64), columns, sample_weight=weights)
    logits = embeddings @ fitted.weights + fitted.bias
    logits -= logits.mean(axis=1, keepdims=True)
    expected = embeddings @ known.coef_.T + known.intercept_
    expected -= expected.mean(axis=1, keepdims=True)
    assert np.abs(logits - expected).max() < 0.02


def test_a_head_has_a_column_for_each_of_two_labels(random: np.random.Generator) -> None:
    embeddings = np.concatenate([random.normal(-2, 1, (50, 3)), random.normal(2, 1, (50, 3))])
    labels = np.array(["left"] * 50 + ["right"] * 50)

    head = fit_head(embeddings.astype(np.float32), labels)

    assert head.labels == ("left", "right")
    assert (np.array(head.labels)[head.logits(embeddings).argmax(axis=1)] == labels).mean() > 0.95


def test_the_fit_reports_its_progress_and_its_end(random: np.random.Generator) -> None:
    reports: list[tuple[int, int]] = []

    fit_logistic_regression(
        *_clusters(random, 200), on_progress=lambda done, total: reports.append((done, total))
    )

    assert len(reports) > 3
    assert reports == sorted(reports)
    assert reports[-1][0] == reports[-1][1]


def test_the_fit_does_not_copy_the_embeddings(random: np.random.Generator) -> None:
    embeddings, columns = _clusters(random, 400_000)

    tracemalloc.start()
    fit_logistic_regression(embeddings, columns)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < embeddings.nbytes
