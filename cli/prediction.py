"""The predictions behind `prompt-capture predict`, as service makes them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from prompt_capture.adapters.onnx.classifier import ModelOutput, OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.bootstrap.models import review_criteria
from prompt_capture.domain.long_texts import redact_start
from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.text_files import replace_surrogates
from prompt_capture.domain.types import MAX_MESSAGE_LENGTH
from prompt_capture.settings.classification import ClassifierSettings
from prompt_capture.workflows.detect_intent import IntentDetector
from training.report.nearest import Neighbour

NEAREST = 3
"""How many examples explain a prediction."""

Explain = Callable[[str, int], Sequence[Neighbour]]
"""Returns at most so many examples that are similar to a text."""


class PredictedMessage(NamedTuple):
    """A message as service captures it, and its prediction.

    `stage` is the stage of the model that decided the message as a whole. `nearest` is None where
    no examples explain the prediction.
    """

    text: str
    prediction: Prediction
    needs_review: bool
    stage: str
    nearest: Sequence[Neighbour] | None

    def to_json(self) -> dict[str, Any]:
        """Return the fields of a line of JSON."""
        prediction = self.prediction
        fields = {
            "text": self.text,
            "intent": prediction.intent,
            "confidence": prediction.confidence,
            "scope": prediction.scope,
            "secondary_intents": [each.model_dump() for each in prediction.secondary_intents],
            "needs_review": self.needs_review,
            "stage": self.stage,
        }
        if self.nearest is not None:
            fields["nearest"] = [each._asdict() for each in self.nearest]
        return fields


class MessagePredictor:
    """Redacts, shortens and classifies messages as service does, without rules."""

    def __init__(
        self,
        artifact: ModelArtifact,
        settings: ClassifierSettings,
        explain: Explain | None = None,
    ) -> None:
        self._model = _RecordingClassifier(artifact)
        self._detector = IntentDetector(
            self._model,
            secondary_threshold=settings.secondary_intent_threshold,
            small_talk=settings.small_talk_intents,
        )
        self._review = review_criteria(settings, artifact.manifest)
        self._redacted = settings.redact
        self._explain = explain

    def predict(self, message: str) -> PredictedMessage:
        """Return the prediction for a message."""
        complete = replace_surrogates(message)
        text, _is_shortened = redact_start(complete, MAX_MESSAGE_LENGTH, self._redacted)
        self._model.stages.clear()
        prediction = self._detector.detect(text)
        return PredictedMessage(
            text,
            prediction,
            self._review.needs_review(prediction),
            self._model.stages[0],
            self._explain(text, NEAREST) if self._explain else None,
        )


class _RecordingClassifier(OnnxClassifier):
    """Records which stage decided each text, in order."""

    def __init__(self, artifact: ModelArtifact) -> None:
        super().__init__(artifact)
        self.stages: list[str] = []

    def predict(self, text: str) -> ModelOutput:
        output = super().predict(text)
        self.stages.append(output.stage)
        return output
