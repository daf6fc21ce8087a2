"""TF-IDF and logistic regression, loaded as a scikit-learn pipeline."""

from pathlib import Path

import joblib
import numpy as np
from scipy.special import logsumexp, softmax

from benchmarks.predictors.base import OUT_OF_SCOPE, ScoredIntent

PIPELINE_FILE = "pipeline.joblib"


class TfidfPredictor:
    """A fitted pipeline that ends in a linear classifier."""

    def __init__(self, folder: Path) -> None:
        self._pipeline = joblib.load(folder / PIPELINE_FILE)
        self._labels = self._pipeline.classes_
        self._is_in_scope = self._labels != OUT_OF_SCOPE

    def predict(self, text: str) -> ScoredIntent:
        """Classify one message; its scope score is the energy of the intents (Liu et al. 2020).

        If the model knows an out-of-scope label, the score of that label is subtracted.
        """
        logits = self._pipeline.decision_function([text])[0]
        if logits.ndim == 0:
            logits = np.array([-logits / 2, logits / 2])
        probabilities = softmax(logits)
        best = int(probabilities.argmax())
        scope = logsumexp(logits[self._is_in_scope]) - logits[~self._is_in_scope].sum()
        return ScoredIntent(str(self._labels[best]), float(probabilities[best]), float(scope))
