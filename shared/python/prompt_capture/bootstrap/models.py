"""The models which answer: how they are loaded, and which of their predictions need a review."""

from pathlib import Path
from typing import TYPE_CHECKING

from prompt_capture.domain.errors import ModelFilesUnavailable
from prompt_capture.domain.models import ModelAddress
from prompt_capture.domain.review_criteria import ReviewCriteria
from prompt_capture.domain.rules import RuleSet
from prompt_capture.settings.classification import ClassifierSettings
from prompt_capture.workflows.detect_intent import IntentDetector
from prompt_capture.workflows.serve_model import ServedModel

if TYPE_CHECKING:
    from prompt_capture.adapters.onnx.model_artifact import ModelArtifact, ModelManifest

LAYERS = Path("/opt")
"""Where Lambda mounts layers, read-only. `make package` has checked the artifacts in them."""

_WARM_UP_MESSAGE = "Call 0 when ready, and move the rest."
"""A message to warm up the model and the redaction with."""


def model_artifact(settings: ClassifierSettings) -> "ModelArtifact":
    """Load the manifest of the packaged model. Raise `InvalidArtifact`."""
    from prompt_capture.adapters.onnx.model_artifact import ModelArtifact

    is_packaged = settings.model_dir.is_relative_to(LAYERS)
    return ModelArtifact.load(settings.model_dir, is_packaged)


def intent_detector(settings: ClassifierSettings, artifact: "ModelArtifact") -> IntentDetector:
    """Load the model and the rules. Raise `InvalidArtifact` or `InvalidRules`."""
    from prompt_capture.adapters.onnx.classifier import OnnxClassifier

    rules = RuleSet.load(settings.rules_file) if settings.rules_file else None
    return IntentDetector(
        OnnxClassifier(artifact),
        rules,
        settings.secondary_intent_threshold,
        settings.small_talk_intents,
    )


def review_criteria(settings: ClassifierSettings, manifest: "ModelManifest") -> ReviewCriteria:
    """Return which predictions of a model need a review."""
    thresholds = manifest.thresholds
    if thresholds is None or not thresholds.decide_review:
        return ReviewCriteria(settings.review_threshold)
    return ReviewCriteria(settings.review_threshold, thresholds.of)


def open_model(settings: ClassifierSettings, artifact: "ModelArtifact") -> ServedModel:
    """Load a model, and warm it up. Raise `InvalidArtifact` or `InvalidRules`."""
    from prompt_capture.domain.redaction import redact  # slow to import, and not needed before

    detector = intent_detector(settings, artifact)
    detector.detect(redact(_WARM_UP_MESSAGE))
    return ServedModel(detector, review_criteria(settings, artifact.manifest))


async def refuse_to_load(_: ModelAddress) -> ServedModel:
    """Stand for the loading of a champion in a deployment without published models."""
    raise ModelFilesUnavailable("MODELS_BUCKET is not set.")
