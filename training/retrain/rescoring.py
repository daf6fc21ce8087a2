"""Score the texts that wait for review with the model that serves."""

from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.domain.evaluation import QueueScore, WaitingText
from prompt_capture.ports.evaluation import QueueScores


async def rescore_queue(scores: QueueScores, classifier: OnnxClassifier) -> int:
    """Record what a registered model says about the waiting texts, and return of how many.

    Raise `StoreUnavailable` or `ModelNotFound`.
    """
    recorded = 0
    async for page in scores.waiting_texts():
        recorded += await scores.record_scores(
            classifier.version, [_score(classifier, waiting) for waiting in page]
        )
    return recorded


def _score(classifier: OnnxClassifier, waiting: WaitingText) -> QueueScore:
    (prediction,) = classifier.classify([waiting.text])
    second = prediction.runner_up.confidence if prediction.runner_up else 0.0
    margin = max(0.0, prediction.confidence - second)
    return QueueScore(waiting.text_id, prediction.confidence, round(margin, 6))
