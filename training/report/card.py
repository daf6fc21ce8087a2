"""The model card: one HTML page that tells a person what a model is worth."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from scipy.stats import binomtest

from prompt_capture.adapters.model_artifact import Manifest
from training.calibration import reliability
from training.evaluate import CONFIDENT, Figures, Latency, figures
from training.predictions import Predictions
from training.report.measures import (
    Confusion,
    ConfusionTable,
    confusion_table,
    confusions,
    intent_figures,
    worst_mistakes,
)
from training.report.pictures import confusion_picture, reliability_diagram, scope_picture
from training.scope import KEPT_SHARE
from training.scope_curve import ScopeCurve, scope_curve

TEMPLATE = "card.html.jinja"
MAX_LABELS = 24
"""What a confusion matrix can hold and still be read."""

MAX_PAIRS = 12
MAX_MISTAKES = 25


def write_card(
    file: Path,
    manifest: Manifest,
    predictions: Predictions,
    *,
    measured_on: str = "messages that it was not fitted to",
    latency: Latency | None = None,
    texts: bool = True,
) -> None:
    """Write the card of a model, measured by its answers; the same input gives the same bytes.

    `measured_on` says in words what the messages are. Without `texts` the page holds none of them:
    prompts are private. It needs nothing but itself, and runs no script.
    """
    table = confusion_table(predictions, MAX_LABELS)
    bins = reliability(predictions.confidences, predictions.correct)
    measured, curve, pairs = figures(predictions), scope_curve(predictions), confusions(predictions)
    page = _environment().get_template(TEMPLATE)
    html = page.render(
        manifest=manifest,
        figures=measured,
        interval=_interval(predictions),
        measured_on=measured_on,
        latency=latency,
        confident=CONFIDENT,
        kept_share=KEPT_SHARE,
        reliability=reliability_diagram(bins),
        reliability_alt=_reliability_alt(measured),
        confusion=confusion_picture(table),
        confusion_alt=_confusion_alt(table, pairs),
        shown_labels=len(table.labels),
        shown_mistakes=int(table.counts.sum() - table.counts.diagonal().sum()),
        mistakes=sum(pair.count for pair in pairs),
        pairs=pairs[:MAX_PAIRS],
        intents=intent_figures(predictions),
        curve=curve,
        scope=scope_picture(curve) if curve else None,
        scope_alt=_scope_alt(curve) if curve else None,
        worst=worst_mistakes(predictions, MAX_MISTAKES),
        texts=texts,
    )
    # A lone surrogate, which JSON can carry, has no UTF-8.
    file.write_bytes(html.encode("utf-8", "replace"))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda share: "" if share is None else f"{share:.1%}"
    environment.filters["count"] = lambda number: f"{number:,}"
    return environment


def _interval(predictions: Predictions) -> tuple[float, float]:
    """Bound the accuracy with 95% confidence (Wilson 1927)."""
    right, n = int(predictions.correct.sum()), len(predictions.texts)
    interval = binomtest(right, n).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def _reliability_alt(measured: Figures) -> str:
    return (
        f"Reliability diagram: the share of right answers against confidence, for {measured.n:,} "
        f"answers. On average the two lie {measured.ece:.3f} apart."
    )


def _confusion_alt(table: ConfusionTable, pairs: Sequence[Confusion]) -> str:
    alt = f"Confusion matrix of {len(table.labels)} intents."
    if not pairs:
        return f"{alt} Nothing was confused."
    worst = pairs[0]
    return f"{alt} Most often {worst.truth} was taken for {worst.predicted}: {worst.count} times."


def _scope_alt(curve: ScopeCurve) -> str:
    return (
        "Scope curve: the share of out-of-scope messages found against the share of in-scope "
        f"messages kept. {curve.found_at_95_kept:.1%} are found where {KEPT_SHARE:.0%} are kept; "
        f"the area under the curve is {curve.area:.3f}."
    )
