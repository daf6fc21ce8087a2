"""Predictors: what a serving process loads for each model, and nothing else.

    python -m benchmarks.model.predictors PREDICTOR FOLDER < MESSAGES

serves one model and prints the peak of the process's resident memory in bytes. Each line of the
standard input is one message. Predictors import their packages on demand, so that a process that
serves one model imports only what it needs.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple, Protocol

OUT_OF_SCOPE = "oos"
"""The label of out-of-scope messages in the public datasets."""

PIPELINE_FILE = "pipeline.joblib"
NAMESPACE = "intents"
STATUS_FILE = Path("/proc/self/status")


class ScoredIntent(NamedTuple):
    """The predicted intent or None, its confidence in 0 to 1, and the scope score.

    The scope score rises with how likely the message is meant for this assistant. Its scale depends
    on the model.
    """

    intent: str | None
    confidence: float
    scope: float


class Predictor(Protocol):
    """A model, loaded from the folder that fitting wrote."""

    def __init__(self, folder: Path) -> None: ...

    def predict(self, text: str) -> ScoredIntent:
        """Classify one message."""


class ArtifactPredictor:
    """One of this project's own models, loaded as the functions load it."""

    def __init__(self, folder: Path) -> None:
        from prompt_capture.adapters.onnx.classifier import OnnxClassifier
        from prompt_capture.adapters.onnx.model_artifact import ModelArtifact

        self._classifier = OnnxClassifier(ModelArtifact.load(folder))

    def predict(self, text: str) -> ScoredIntent:
        """Classify one message."""
        output = self._classifier.predict(text)
        best = int(output.probabilities.argmax())
        confidence = float(output.probabilities[best])
        return ScoredIntent(self._classifier.labels[best], confidence, output.scope)


class TfidfPredictor:
    """TF-IDF and logistic regression: a scikit-learn pipeline that ends in a linear classifier."""

    def __init__(self, folder: Path) -> None:
        import joblib
        from scipy.special import logsumexp, softmax

        self._logsumexp, self._softmax = logsumexp, softmax
        self._pipeline = joblib.load(folder / PIPELINE_FILE)
        self._labels = self._pipeline.classes_
        self._is_in_scope = self._labels != OUT_OF_SCOPE

    def predict(self, text: str) -> ScoredIntent:
        """Classify one message; its scope score is the energy of the intents (Liu et al. 2020).

        If the model knows an out-of-scope label, the score of that label is subtracted.
        """
        logits = self._pipeline.decision_function([text])[0]
        if logits.ndim == 0:
            logits = logits * [-0.5, 0.5]
        probabilities = self._softmax(logits)
        best = int(probabilities.argmax())
        scope = self._logsumexp(logits[self._is_in_scope]) - logits[~self._is_in_scope].sum()
        return ScoredIntent(str(self._labels[best]), float(probabilities[best]), float(scope))


class MicroResolvePredictor:
    """microresolve, loaded as its authors load it: a folder of phrases, and `resolve`."""

    def __init__(self, folder: Path) -> None:
        from microresolve import MicroResolve

        # The index lives only as long as the engine that owns it.
        self._engine = MicroResolve(data_dir=str(folder))
        self._intents = self._engine.namespace(NAMESPACE)

    def predict(self, text: str) -> ScoredIntent:
        """Return the first match; its unbounded score serves as the scope score."""
        matches = self._intents.resolve(text).intents
        if not matches:
            return ScoredIntent(None, 0.0, 0.0)
        best = matches[0]
        scope = -best.score if best.id == OUT_OF_SCOPE else best.score
        return ScoredIntent(best.id, best.confidence, scope)


PREDICTORS: dict[str, type[Predictor]] = {
    predictor.__name__: predictor
    for predictor in (ArtifactPredictor, TfidfPredictor, MicroResolvePredictor)
}


def read_peak_memory() -> int:
    """Return this process's largest resident set so far, in bytes.

    The value is read from VmHWM, because `ru_maxrss` starts at the value of the parent process.
    """
    match = re.search(r"^VmHWM:\s+(\d+) kB$", STATUS_FILE.read_text(), re.MULTILINE)
    assert match is not None  # noqa: S101 - Linux writes it
    return int(match[1]) * 1024


if __name__ == "__main__":
    model = PREDICTORS[sys.argv[1]](Path(sys.argv[2]))
    for line in sys.stdin:
        model.predict(line.rstrip("\n"))
    sys.stdout.write(f"{read_peak_memory()}\n")
