"""A picture of the choice: accuracy against the time of a message, a panel for each data set."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.results import DatasetResult, Report

SIZES = {"20": "o", "full": "s"}
"""The settings that are drawn, with their marks."""


def draw(report: Report, file: Path) -> None:
    """Write the picture as SVG."""
    count = len(report.datasets)
    figure = Figure(figsize=(5 * count, 4.2), layout="constrained")
    panels = figure.subplots(1, count, squeeze=False)[0]
    for panel, data in zip(panels, report.datasets, strict=True):
        _panel(panel, data)
    panels[0].set_ylabel("accuracy %")
    figure.savefig(file)


def _panel(panel: Axes, data: DatasetResult) -> None:
    for number, model in enumerate(data.models.values()):
        for size, mark in SIZES.items():
            if size in model.scores:
                scores = model.scores[size]
                panel.errorbar(
                    model.latency.p50,
                    100 * scores.accuracy,
                    100 * scores.standard_error,
                    fmt=mark,
                    color=f"C{number}",
                    label=f"{model.title}, {size}",
                )
    panel.axvline(data.tokenizer.p50, linestyle=":", color="grey", label="tokenizer alone")
    panel.set_xscale("log")
    panel.set_title(data.name)
    panel.set_xlabel("ms of one message, p50")
    panel.grid(alpha=0.3)
    panel.legend(fontsize="x-small", loc="lower right")
