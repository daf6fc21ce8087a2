"""This project's models, made by the function that `prompt-capture train` calls."""

from pathlib import Path

from benchmarks.models.kind import Fit, Training
from prompt_capture.adapters.model_artifact import ModelArtifact
from training.bases import Base, trained_base
from training.modes import Mode
from training.train import Plan, train

BASE = Path("model_artifacts/assistant")


def fit_encoder(training: Training, out: Path) -> None:
    """Fit a head to the encoder of the shipped model, and leave out its student."""
    shipped = _shipped()
    _fit(Base({"encoder": shipped.best}, shipped.notice, shipped.seen), "head", training, out)


def fitted_in(mode: Mode) -> Fit:
    """Answer a function that trains in one of the modes, from the shipped model."""

    def fit(training: Training, out: Path) -> None:
        _fit(_shipped(), mode, training, out)

    return fit


def _shipped() -> Base:
    return trained_base(ModelArtifact.load(BASE))


def _fit(base: Base, mode: Mode, training: Training, out: Path) -> None:
    train(training.examples, base, out, Plan(mode, training.unlabelled, seed=training.seed))
