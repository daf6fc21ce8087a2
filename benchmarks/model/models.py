"""The benchmarked models: how each is fitted. To add a model, add an entry to `MODELS`."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import joblib
import numpy as np
from microresolve import MicroResolve
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from benchmarks.model.data import TrainingData
from benchmarks.model.predictors import (
    NAMESPACE,
    PIPELINE_FILE,
    ArtifactPredictor,
    MicroResolvePredictor,
    Predictor,
    TfidfPredictor,
)
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.domain.models import TrainingMode
from training.config import TrainingConfig
from training.fit.encoders import BaseEncoders, base_from_artifact
from training.train import train

SHIPPED_MODEL = Path("model_artifacts/assistant")
UNNEEDED_FILES = ("_index.json", "_oplog.json")
"""Files of microresolve that loading rebuilds, or that only synchronisation reads."""


class FitFunction(Protocol):
    """Fits a model and writes everything that serving needs to a folder."""

    def __call__(self, training: TrainingData, out: Path) -> None:
        """Fit the model and write it to `out`, an existing empty folder."""


@dataclass(frozen=True)
class ModelSpec:
    """A benchmarked model; `predictor` loads what `fit` wrote.

    `uses_seed` is whether two fits to the same examples differ by their seed.
    """

    title: str
    fit: FitFunction
    predictor: type[Predictor]
    uses_seed: bool = True

    def load(self, folder: Path) -> Predictor:
        """Load what `fit` wrote."""
        return self.predictor(folder)


def fit_encoder(training: TrainingData, out: Path) -> None:
    """Fit a head to the encoder of the shipped model, without its student."""
    shipped = _load_shipped_base()
    base = BaseEncoders({"encoder": shipped.last_encoder}, shipped.base_model, shipped.fingerprint)
    _fit(base, TrainingConfig("head", distils_student=False), training, out)


def fit_in_mode(mode: TrainingMode) -> FitFunction:
    """Return a function that trains in `mode`, starting from the shipped model."""

    def fit(training: TrainingData, out: Path) -> None:
        _fit(_load_shipped_base(), TrainingConfig(mode), training, out)

    return fit


_shared_base: ContextVar[BaseEncoders | None] = ContextVar("shared_base", default=None)


@contextmanager
def share_embeddings() -> Iterator[None]:
    """Let all fits share the encoders of the shipped model: they embed each text once."""
    token = _shared_base.set(_load_shipped_base())
    try:
        yield
    finally:
        _shared_base.reset(token)


def _load_shipped_base() -> BaseEncoders:
    return _shared_base.get() or base_from_artifact(ModelArtifact.load(SHIPPED_MODEL))


def _fit(base: BaseEncoders, config: TrainingConfig, training: TrainingData, out: Path) -> None:
    config = replace(config, unlabelled=training.unlabelled, seed=training.seed)
    train(training.examples, base, out, config)


def fit_tfidf(training: TrainingData, out: Path) -> None:
    """Fit TF-IDF over words, word bigrams and character n-grams, with logistic regression.

    Unlabelled texts are ignored.
    """
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32)
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), min_df=2, sublinear_tf=True, dtype=np.float32
    )
    classifier = LogisticRegression(C=10, max_iter=300)
    pipeline = make_pipeline(make_union(words, characters), classifier)
    pipeline.fit(
        [example.text for example in training.examples],
        [example.label for example in training.examples],
    )
    joblib.dump(pipeline, out / PIPELINE_FILE)


def fit_microresolve(training: TrainingData, out: Path) -> None:
    """Add every text as a phrase of its intent, as in the benchmark of microresolve's authors.

    Adding only the misclassified texts, as its incremental learning does, is less accurate with all
    labels (HWU64: 81.5% instead of 83.1%). Unlabelled texts are ignored.
    """
    _write_index(training, out)
    for name in UNNEEDED_FILES:
        (out / NAMESPACE / name).unlink(missing_ok=True)


def _write_index(training: TrainingData, out: Path) -> None:
    """Write the phrases.

    The engine writes once more when it is deallocated, so it must not outlive this function.
    """
    phrases = defaultdict(list)
    for example in training.examples:
        phrases[example.label].append(example.text)
    engine = MicroResolve(data_dir=str(out))
    intents = engine.namespace(NAMESPACE)
    for label, texts in phrases.items():
        intents.add_intent(label, texts)
    engine.flush()


MODELS = {
    "microresolve": ModelSpec(
        "microresolve 0.2.2", fit_microresolve, MicroResolvePredictor, uses_seed=False
    ),
    "tfidf": ModelSpec("TF-IDF, logistic regression", fit_tfidf, TfidfPredictor, uses_seed=False),
    "encoder": ModelSpec("MiniLM int8, new head", fit_encoder, ArtifactPredictor),
    "head": ModelSpec("new student, new head (head)", fit_in_mode("head"), ArtifactPredictor),
    "student": ModelSpec("static student (student)", fit_in_mode("student"), ArtifactPredictor),
    "full": ModelSpec("cascade, tuned (full)", fit_in_mode("full"), ArtifactPredictor),
}
"""The models by the names that `--models` takes, in the order of the table."""
