"""The charts of the model card, as SVG with the colours and fonts of the page around it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from training.calibrate.confidence import ReliabilityBin
from training.calibrate.scope import IN_SCOPE_RECALL, ScopeCurve
from training.report.error_analysis import ConfusionMatrix
from training.report.templates import environment

TEMPLATE = "charts.svg.jinja"
MAX_LABEL_LENGTH = 26
_LOW_POINT = 0.15
"""Below this height, the text beside the point of a curve is above it."""


@dataclass(frozen=True)
class Frame:
    """The rectangle of a chart in which shares from 0 to 1 are drawn, in units of the SVG."""

    left: float
    top: float
    width: float
    height: float

    def x(self, share: float) -> float:
        """Return the horizontal position of a share."""
        return round(self.left + share * self.width, 2)

    def y(self, share: float) -> float:
        """Return the vertical position of a share; 0 is at the bottom."""
        return round(self.top + (1 - share) * self.height, 2)

    @property
    def right(self) -> float:
        """The horizontal position of 1."""
        return self.x(1)

    @property
    def bottom(self) -> float:
        """The vertical position of 0."""
        return self.y(0)


@dataclass(frozen=True)
class _Cell:
    """A count of a confusion matrix that is not 0. `shade` is the opacity of its colour."""

    row: int
    column: int
    count: int
    shade: float


def draw_reliability_diagram(bins: Sequence[ReliabilityBin]) -> str:
    """Draw accuracy against confidence, and below it the number of predictions per bin."""
    return _render(
        "reliability",
        bins=bins,
        most=max((each.count for each in bins), default=1),
        above=Frame(52, 12, 386, 240),
        below=Frame(52, 282, 386, 74),
    )


def draw_confusion_matrix(table: ConfusionMatrix) -> str:
    """Draw the counts; the larger its share of the row, the stronger the colour of a cell."""
    shares = table.counts / np.maximum(table.counts.sum(axis=1, keepdims=True), 1)
    cells = [
        _Cell(
            int(row),
            int(column),
            int(table.counts[row, column]),
            round(0.12 + 0.46 * float(np.sqrt(shares[row, column])), 3),
        )
        for row, column in zip(*np.nonzero(table.counts), strict=True)
    ]
    labels = [shorten_label(label) for label in table.labels]
    return _render("confusion", cells=cells, labels=labels)


def draw_scope_curve(curve: ScopeCurve) -> str:
    """Draw the share of out-of-scope messages found against that of in-scope messages kept."""
    return _render(
        "scope",
        points=list(zip(curve.kept.tolist(), curve.found.tolist(), strict=True)),
        kept=IN_SCOPE_RECALL,
        found=curve.found_at_95_kept,
        is_low=curve.found_at_95_kept <= _LOW_POINT,
        frame=Frame(52, 12, 386, 240),
    )


def shorten_label(label: str) -> str:
    """Truncate a label that does not fit beside a chart."""
    return label if len(label) <= MAX_LABEL_LENGTH else label[: MAX_LABEL_LENGTH - 1] + "…"


def _render(macro: str, **values: object) -> str:
    """Return an `<svg>` element; the same values give the same bytes."""
    module = environment().get_template(TEMPLATE).module
    return str(getattr(module, macro)(**values)).strip()
