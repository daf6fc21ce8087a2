"""TF-IDF over words, word bigrams and character n-grams, with logistic regression."""

from pathlib import Path

import joblib
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from benchmarks.models.spec import TrainingData
from benchmarks.predictors.tfidf import PIPELINE_FILE


def fit_tfidf(training: TrainingData, out: Path) -> None:
    """Fit the pipeline. Unlabelled texts are ignored."""
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
