"""Plot accuracy against latency, one panel per dataset."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.results import BenchmarkReport, DatasetResult
from benchmarks.serving import TOKENIZER

PLOTTED_SIZES = {"20": "o", "full": "s"}
"""Marker by training size."""


def write_plot(report: BenchmarkReport, file: Path) -> None:
    """Write the plot as SVG."""
    count = len(report.datasets)
    figure = Figure(figsize=(5 * count, 4.2), layout="constrained")
    panels = figure.subplots(1, count, squeeze=False)[0]
    for panel, data in zip(panels, report.datasets, strict=True):
        _draw_panel(panel, data)
    panels[0].set_ylabel("accuracy (%)")
    figure.savefig(file)


def _draw_panel(panel: Axes, data: DatasetResult) -> None:
    for number, model in enumerate(data.models.values()):
        for size, marker in PLOTTED_SIZES.items():
            if size in model.scores:
                scores = model.scores[size]
                panel.errorbar(
                    model.latency.p50,
                    100 * scores.accuracy,
                    100 * scores.standard_error,
                    fmt=marker,
                    color=f"C{number}",
                    label=f"{model.title}, {size}",
                )
    panel.axvline(data.tokenizer.p50, linestyle=":", color="grey", label=TOKENIZER)
    panel.set_xscale("log")
    panel.set_title(data.name)
    panel.set_xlabel("latency per message, p50 (ms)")
    panel.grid(alpha=0.3)
    panel.legend(fontsize="x-small", loc="lower right")
