"""This project's models, trained by the function that `prompt-capture train` calls."""

from pathlib import Path

from benchmarks.models.spec import FitFunction, TrainingData
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from training.base_encoders import BaseEncoders, base_from_artifact
from training.modes import TrainingMode
from training.train import TrainingConfig, train

SHIPPED_MODEL = Path("model_artifacts/assistant")


def fit_encoder(training: TrainingData, out: Path) -> None:
    """Fit a head to the encoder of the shipped model, without its student."""
    shipped = _load_shipped_base()
    base = BaseEncoders({"encoder": shipped.last_encoder}, shipped.base_model, shipped.fingerprint)
    _fit(base, "head", training, out)


def fit_in_mode(mode: TrainingMode) -> FitFunction:
    """Return a function that trains in `mode`, starting from the shipped model."""

    def fit(training: TrainingData, out: Path) -> None:
        _fit(_load_shipped_base(), mode, training, out)

    return fit


def _load_shipped_base() -> BaseEncoders:
    return base_from_artifact(ModelArtifact.load(SHIPPED_MODEL))


def _fit(base: BaseEncoders, mode: TrainingMode, training: TrainingData, out: Path) -> None:
    train(
        training.examples, base, out, TrainingConfig(mode, training.unlabelled, seed=training.seed)
    )
