"""How each model is made, and the table of them all: a further model is one entry."""

from benchmarks.models.kind import Kind
from benchmarks.models.own import fit_encoder, fitted_in
from benchmarks.models.peer import fit_microresolve
from benchmarks.models.tfidf import fit_tfidf

OWN = "benchmarks.served.artifact:ServedArtifact"

KINDS = {
    "microresolve": Kind(
        "microresolve 0.2.2", fit_microresolve, "benchmarks.served.microresolve_index:ServedIndex"
    ),
    "tfidf": Kind(
        "TF-IDF, logistic regression", fit_tfidf, "benchmarks.served.tfidf:ServedPipeline"
    ),
    "encoder": Kind("MiniLM int8, new head", fit_encoder, OWN),
    "head": Kind("cascade, new heads (head)", fitted_in("head"), OWN),
    "student": Kind("static student (student)", fitted_in("student"), OWN),
    "full": Kind("cascade, tuned (full)", fitted_in("full"), OWN),
}
"""By the name that `--rows` takes; in the order of the table."""
