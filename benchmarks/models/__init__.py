"""The benchmarked models. To add a model, add an entry to `MODELS`."""

from benchmarks.models.artifact import fit_encoder, fit_in_mode
from benchmarks.models.microresolve_index import fit_microresolve
from benchmarks.models.spec import ModelSpec
from benchmarks.models.tfidf import fit_tfidf

ARTIFACT_PREDICTOR = "benchmarks.predictors.artifact:ArtifactPredictor"

MODELS = {
    "microresolve": ModelSpec(
        "microresolve 0.2.2",
        fit_microresolve,
        "benchmarks.predictors.microresolve_index:MicroResolvePredictor",
    ),
    "tfidf": ModelSpec(
        "TF-IDF, logistic regression", fit_tfidf, "benchmarks.predictors.tfidf:TfidfPredictor"
    ),
    "encoder": ModelSpec("MiniLM int8, new head", fit_encoder, ARTIFACT_PREDICTOR),
    "head": ModelSpec("cascade, new heads (head)", fit_in_mode("head"), ARTIFACT_PREDICTOR),
    "student": ModelSpec("static student (student)", fit_in_mode("student"), ARTIFACT_PREDICTOR),
    "full": ModelSpec("cascade, tuned (full)", fit_in_mode("full"), ARTIFACT_PREDICTOR),
}
"""The models by the names that `--models` takes, in the order of the table."""
