"""The picture of the simulated splits: how many are stopped by which day."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.pictures import MUTED, save_figure, start_figure
from benchmarks.split.simulation import SimulatedSplit, SplitScenario
from prompt_capture.domain.split_statistics import ALPHA

Results = Sequence[tuple[SplitScenario, Sequence[SimulatedSplit]]]

COLOURS = ("#047857", "#a16207", "#c2410c", "#991b1b")


def stopped_by_day(splits: Sequence[SimulatedSplit], days: int) -> list[float]:
    """Return the share of the splits that were stopped by the end of each day: [days]."""
    stopped = [split.stopped_on for split in splits if split.stopped_on is not None]
    return [sum(on <= day for on in stopped) / len(splits) for day in range(1, days + 1)]


def write_picture(results: Results, file: Path) -> None:
    """Draw a panel for each correlation within users, with a curve for each loss."""
    iccs = sorted({scenario.icc for scenario, _splits in results})
    with start_figure((9, 3.6)) as figure:
        panels = figure.subplots(1, len(iccs), squeeze=False, sharey=True)[0]
        for panel, icc in zip(panels, iccs, strict=True):
            panel.axhline(100 * ALPHA, color=MUTED, linestyle=":", linewidth=1)
            same = [each for each in results if each[0].icc == icc]
            for (scenario, splits), colour in zip(same, COLOURS, strict=False):
                shares = [100 * share for share in stopped_by_day(splits, scenario.days)]
                days = range(1, scenario.days + 1)
                panel.step(days, shares, where="post", color=colour, label=_describe(scenario))
            panel.set_title(f"ICC {icc:.2f}", fontsize="medium")
            panel.set_xlabel("day")
        panels[0].set_ylabel("splits stopped, %")
        panels[0].legend(fontsize="x-small", frameon=False, loc="center right")
        file.parent.mkdir(parents=True, exist_ok=True)
        save_figure(figure, file)


def _describe(scenario: SplitScenario) -> str:
    loss = scenario.champion - scenario.challenger
    return f"{100 * loss:.0f} points worse" if loss else "equally good"
