"""TF-IDF and logistic regression, as scikit-learn serves them."""

from pathlib import Path

import joblib
import numpy as np
from scipy.special import logsumexp, softmax

from benchmarks.served.answer import OUT_OF_SCOPE, Answer

FILE = "pipeline.joblib"


class ServedPipeline:
    """A fitted pipeline that ends in a linear classifier."""

    def __init__(self, folder: Path) -> None:
        self._pipeline = joblib.load(folder / FILE)
        self._labels = self._pipeline.classes_
        self._inside = self._labels != OUT_OF_SCOPE

    def answer(self, text: str) -> Answer:
        """Classify one message; its scope is the energy of the intents (Liu et al. 2020).

        Where the model knows out-of-scope messages, their score is subtracted.
        """
        logits = self._pipeline.decision_function([text])[0]
        if logits.ndim == 0:
            logits = np.array([-logits / 2, logits / 2])
        probabilities = softmax(logits)
        best = int(probabilities.argmax())
        scope = logsumexp(logits[self._inside]) - logits[~self._inside].sum()
        return Answer(str(self._labels[best]), float(probabilities[best]), float(scope))
