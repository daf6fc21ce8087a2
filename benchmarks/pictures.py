"""Pictures for the documentation: SVG on a light ground of its own, readable on any page."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

GROUND, INK, MUTED, LINE = "#f8fafc", "#0f172a", "#475569", "#cbd5e1"


@contextmanager
def start_figure(inches: tuple[float, float]) -> Iterator[Figure]:
    """Provide a figure in the style of the documentation. Save it within the block."""
    with mpl.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "prompt-capture",
            "figure.facecolor": GROUND,
            "axes.facecolor": GROUND,
            "axes.edgecolor": LINE,
            "axes.labelcolor": MUTED,
            "axes.grid": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "grid.color": LINE,
            "grid.alpha": 0.5,
            "text.color": INK,
            "xtick.color": MUTED,
            "ytick.color": MUTED,
            "font.size": 10,
        }
    ):
        yield Figure(figsize=inches, layout="constrained")


def save_figure(figure: Figure, file: Path) -> None:
    """Write a figure as SVG; the same figure gives the same bytes."""
    figure.savefig(file, metadata={"Date": None})
