"""The model card: one HTML page with the metrics and the typical mistakes of a model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from scipy.stats import binomtest

from prompt_capture.adapters.onnx.model_artifact import ModelManifest
from training.calibrate.confidence import effective_size, reliability_bins
from training.calibrate.predictions import Predictions
from training.calibrate.scope import IN_SCOPE_RECALL, ScopeCurve, scope_curve
from training.calibrate.thresholds import describe_target
from training.report.charts import draw_confusion_matrix, draw_reliability_diagram, draw_scope_curve
from training.report.error_analysis import (
    Confusion,
    ConfusionMatrix,
    build_confusion_matrix,
    count_confusions,
    intent_metrics,
    most_confident_mistakes,
)
from training.report.evaluation import (
    CONFIDENT,
    MIN_ECE_MESSAGES,
    EvaluationMetrics,
    LatencyPercentiles,
    compute_metrics,
)
from training.report.templates import environment

TEMPLATE = "card.html.jinja"
MAX_LABELS = 24
"""The number of labels up to which a confusion matrix is readable."""

SAMPLES: Final = {
    "audited": "messages of the uniform audit, labelled by people",
    "seed": "examples that were written for training",
}
MAX_PAIRS = 12
MAX_MISTAKES = 25


def write_card(
    file: Path,
    manifest: ModelManifest,
    predictions: Predictions | None,
    *,
    evaluated_on: str = "messages that it was not fitted to",
    latency: LatencyPercentiles | None = None,
    include_texts: bool = True,
) -> None:
    """Write the card of a model; the same input gives the same bytes.

    `predictions` are None where nothing was measured, and `evaluated_on` describes the messages.
    Without `include_texts` the page contains none of them, since prompts are private. The page
    loads no other resource and runs no script.
    """
    measured = _measure(predictions, include_texts) if predictions else {"metrics": None}
    html = (
        environment()
        .get_template(TEMPLATE)
        .render(
            manifest=manifest,
            target=describe_target(manifest.thresholds) if manifest.thresholds else None,
            samples=SAMPLES,
            evaluated_on=evaluated_on,
            latency=latency,
            confident=CONFIDENT,
            min_ece_messages=MIN_ECE_MESSAGES,
            in_scope_recall=IN_SCOPE_RECALL,
            **measured,
        )
    )
    # JSON can contain a lone surrogate, which UTF-8 cannot encode.
    file.write_bytes(html.encode("utf-8", "replace"))


def _measure(predictions: Predictions, include_texts: bool) -> dict[str, Any]:
    """Return what the template shows of predictions."""
    matrix = build_confusion_matrix(predictions, MAX_LABELS)
    bins = reliability_bins(predictions.confidences, predictions.correct, predictions.weights)
    metrics, curve = compute_metrics(predictions), scope_curve(predictions)
    pairs = count_confusions(predictions)
    return {
        "metrics": metrics,
        "interval": _interval(predictions),
        "reliability": draw_reliability_diagram(bins),
        "reliability_alt": _reliability_alt(metrics),
        "confusion": draw_confusion_matrix(matrix),
        "confusion_alt": _confusion_alt(matrix, pairs),
        "shown_labels": len(matrix.labels),
        "shown_mistakes": int(matrix.counts.sum() - matrix.counts.diagonal().sum()),
        "mistakes": sum(pair.count for pair in pairs),
        "pairs": pairs[:MAX_PAIRS],
        "intents": intent_metrics(predictions),
        "curve": curve,
        "scope": draw_scope_curve(curve) if curve else None,
        "scope_alt": _scope_alt(curve) if curve else None,
        "worst": most_confident_mistakes(predictions, MAX_MISTAKES),
        "include_texts": include_texts,
    }


def describe_sample(manifest: ModelManifest) -> str:
    """Describe the messages that the figures of a training run come from."""
    return SAMPLES[manifest.measured_on.sample] if manifest.measured_on else "no messages"


def _interval(predictions: Predictions) -> tuple[float, float]:
    """Return the 95% confidence interval of the accuracy (Wilson 1927)."""
    n = max(1, round(effective_size(predictions.weights)))
    interval = binomtest(round(predictions.accuracy * n), n).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def _reliability_alt(metrics: EvaluationMetrics) -> str:
    return (
        f"Reliability diagram: accuracy against confidence, for {metrics.n:,} predictions. The "
        f"mean difference is {metrics.ece:.3f}."
    )


def _confusion_alt(matrix: ConfusionMatrix, pairs: Sequence[Confusion]) -> str:
    alt = f"Confusion matrix of {len(matrix.labels)} intents."
    if not pairs:
        return f"{alt} There are no mistakes."
    first = pairs[0]
    return (
        f"{alt} The most frequent mistake: {first.truth} predicted as {first.predicted} "
        f"({first.count} times)."
    )


def _scope_alt(curve: ScopeCurve) -> str:
    return (
        "Scope curve: the share of out-of-scope messages found against the share of in-scope "
        f"messages kept. {curve.found_at_95_kept:.1%} are found where {IN_SCOPE_RECALL:.0%} are "
        f"kept. The area under the ROC curve is {curve.auroc:.3f}."
    )
