"""The charts of the model card, as SVG with the colours and fonts of the page around it."""

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter
from matplotlib.typing import RcKeyType

from training.calibrate.confidence import ReliabilityBin
from training.calibrate.scope import IN_SCOPE_RECALL, ScopeCurve
from training.report.error_analysis import ConfusionMatrix

INK, MUTED, LINE, GOOD, BAD = "#000001", "#000002", "#000003", "#000004", "#000005"
COLOURS = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    GOOD: "var(--good)",
    BAD: "var(--bad)",
}
"""The placeholder colours that Matplotlib draws with, and the CSS properties that replace them."""

MAX_LABEL_LENGTH = 26

_STYLE: Mapping[RcKeyType, Any] = {
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.color": LINE,
    "ytick.labelcolor": MUTED,
}


def draw_reliability_diagram(bins: Sequence[ReliabilityBin]) -> str:
    """Draw accuracy against confidence, and below it the number of predictions per bin."""

    def draw(figure: Figure) -> None:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        above.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        for each in bins:
            left, width = each.low + 0.004, each.high - each.low - 0.008
            above.bar(left, each.accuracy, width, align="edge", color=GOOD, alpha=0.45)
            above.plot(
                [each.confidence] * 2, [each.accuracy, each.confidence], color=BAD, linewidth=2
            )
            below.bar(left, each.count, width, align="edge", color=MUTED, alpha=0.6)
            below.annotate(
                f"{each.count:,}",
                ((each.low + each.high) / 2, each.count),
                (0, 2),
                textcoords="offset points",
                ha="center",
                fontsize=7,
                color=MUTED,
            )
        above.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="accuracy")
        below.set(xlabel="confidence", ylabel="predictions", yticks=[])
        below.margins(y=0.3)
        above.xaxis.set_major_formatter(PercentFormatter(1))
        above.yaxis.set_major_formatter(PercentFormatter(1))
        _draw_grid(above)

    return _svg("reliability", (6.4, 5.2), draw)


def draw_confusion_matrix(table: ConfusionMatrix) -> str:
    """Draw the counts; the larger its share of the row, the stronger the colour of a cell."""
    labels = [shorten_label(label) for label in table.labels]
    side = 2.6 + 0.27 * len(labels)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        shares = table.counts / np.maximum(table.counts.sum(axis=1, keepdims=True), 1)
        for row, column in zip(*np.nonzero(table.counts), strict=True):
            is_correct = row == column
            shade = 0.12 + 0.46 * float(np.sqrt(shares[row, column]))
            corner = (column - 0.47, row - 0.47)
            axes.add_patch(
                Rectangle(corner, 0.94, 0.94, color=GOOD if is_correct else BAD, alpha=shade, lw=0)
            )
            count = f"{table.counts[row, column]:,}"
            axes.text(column, row, count, ha="center", va="center_baseline", fontsize=7.5)
        positions = range(len(labels))
        axes.set_xticks(positions, labels, rotation=90)
        axes.set_yticks(positions, labels)
        axes.set(xlim=(-0.5, len(labels) - 0.5), ylim=(len(labels) - 0.5, -0.5), aspect="equal")
        axes.set(xlabel="predicted", ylabel="true")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_xticks(np.arange(-0.5, len(labels)), minor=True)
        axes.set_yticks(np.arange(-0.5, len(labels)), minor=True)
        axes.grid(which="minor", color=LINE, linewidth=0.4)

    return _svg("confusion", (side + 0.4, side), draw)


def draw_scope_curve(curve: ScopeCurve) -> str:
    """Draw the share of out-of-scope messages found against that of in-scope messages kept."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [1, 0], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        axes.fill_between(curve.kept, curve.found, color=GOOD, alpha=0.12, linewidth=0)
        axes.plot(curve.kept, curve.found, color=GOOD, linewidth=2)
        axes.axvline(IN_SCOPE_RECALL, color=LINE, linewidth=1)
        axes.plot([IN_SCOPE_RECALL], [curve.found_at_95_kept], "o", color=BAD, markersize=7)
        axes.annotate(
            f"{curve.found_at_95_kept:.1%} found at {IN_SCOPE_RECALL:.0%} kept",
            (IN_SCOPE_RECALL, curve.found_at_95_kept),
            (-10, -16 if curve.found_at_95_kept > 0.15 else 10),
            textcoords="offset points",
            ha="right",
            fontweight="bold",
        )
        axes.set(xlim=(0, 1.01), ylim=(0, 1.02))
        axes.set(xlabel="in-scope messages kept", ylabel="out-of-scope messages found")
        axes.xaxis.set_major_formatter(PercentFormatter(1))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        _draw_grid(axes)

    return _svg("scope", (6.4, 4.2), draw)


def shorten_label(label: str) -> str:
    """Truncate a label that does not fit beside a chart."""
    return label if len(label) <= MAX_LABEL_LENGTH else label[: MAX_LABEL_LENGTH - 1] + "…"


def _draw_grid(axes: Axes) -> None:
    axes.grid(color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)


def _svg(name: str, inches: tuple[float, float], draw: Callable[[Figure], None]) -> str:
    """Return an `<svg>` element; the same drawing gives the same bytes.

    Its ids start with `name`, so that one page can have several charts.
    """
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        # The page's fonts render the text; Matplotlib's font may lack a glyph.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=inches, layout="constrained")
        draw(figure)
        document = StringIO()
        no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(document, format="svg", transparent=True, metadata=no_metadata)
    return _embed_in_page(document.getvalue(), name)


def _embed_in_page(document: str, name: str) -> str:
    svg = document[document.index("<svg") :].strip()
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r'(id="|href="#|url\(#)', rf"\1{name}-", svg)
    svg = re.sub(r"<svg [^>]*viewBox=(\"[^\"]*\")[^>]*>", r"<svg viewBox=\1>", svg, count=1)
    for colour, prop in COLOURS.items():
        svg = svg.replace(colour, prop)
    return svg.replace("'DejaVu Sans'", "var(--sans)")
