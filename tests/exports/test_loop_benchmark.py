"""A small run of the loop's benchmark, on the real database, its queue and its exports."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.loop.__main__ import bench
from benchmarks.loop.orders import ORDERS
from benchmarks.loop.results import LoopReport
from benchmarks.loop.store import StoreServer, start_server
from prompt_capture.domain.predictions import Prediction, RunnerUp

INTENTS = {
    "alarm": "wake me at {} please",
    "weather": "is it going to rain in {}",
    "music": "play the song called {}",
    "calendar": "add a meeting about {} to my calendar",
    "lights": "turn off the lamp in the {} room",
    "email": "send an email about {} to my boss",
    "recipe": "find a recipe with {} for dinner",
    "taxi": "book a taxi to {} station",
}
WORDS = ("seven", "paris", "noon", "berlin", "thunder", "eight", "rome", "midnight", "oslo", "six")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a run with two orders and four policies."""
    folder, out = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("out")
    labelled = [
        {"text": text.format(f"{word} {other}"), "label": label}
        for label, text in INTENTS.items()
        for word in WORDS
        for other in WORDS[:4]
    ]
    outside = [{"text": f"how tall is the tower of {word}", "label": "oos"} for word in WORDS]
    for name, lines in (("train", labelled), ("test", labelled[:9]), ("oos_train", outside)):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (folder / f"tiny_{name}.jsonl").write_text(text)
    app = typer.Typer()
    app.command()(bench)
    options = ("--orders", "random,queue", "--policies", "people,renewed,audited,intents")
    result = CliRunner().invoke(
        app,
        [
            *("--data-dir", str(folder), *options),
            *("--seeds", "1", "--quick", "--reviews", "150", "--out", str(out)),
        ],
    )
    assert result.exit_code == 0, result.output
    (out / "stdout.txt").write_text(result.stdout)
    return out


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreServer]:
    with start_server(tmp_path_factory.mktemp("loop")) as running:
        yield running


@pytest.fixture(scope="module")
def report(out: Path) -> LoopReport:
    return LoopReport.model_validate_json((out / "results.json").read_text())


def predict(confidence: float, runner_up: float) -> Prediction:
    return Prediction(
        intent="alarm",
        confidence=confidence,
        runner_up=RunnerUp(intent="music", confidence=runner_up),
        scope=0.9,
        source="model",
        model_version="test-1",
    )


MARGINS = {"far": (0.9, 0.05), "near": (0.4, 0.35), "nearer": (0.45, 0.44), "middle": (0.6, 0.3)}


@pytest.mark.parametrize(
    ("order", "audit_rate", "expected"),
    [
        ("margin", 0.0, ["nearer", "near", "middle", "far"]),
        ("queue", 0.0, ["nearer", "near", "middle", "far"]),
        ("queue", 1.0, ["far", "near", "nearer", "middle"]),
        ("random", 1.0, ["far", "near", "nearer", "middle"]),
    ],
    ids=["by margin", "queued by margin, then at random", "audits as they came", "audits alone"],
)
def test_an_order_chooses_what_reviewers_decide_next(
    server: StoreServer, order: str, audit_rate: float, expected: list[str]
) -> None:
    with server.create_project(["alarm"], audit_rate, seed=1) as store:
        ids = store.capture(list(MARGINS), [predict(*each) for each in MARGINS.values()])
        names = dict(zip(ids, MARGINS, strict=True))
        reviewed = []
        while batch := store.next_to_review(ORDERS[order], 2):
            for log_id in batch:
                store.correct(log_id, "alarm")
                reviewed.append(names[log_id])

    assert reviewed == expected


def test_each_order_and_policy_has_a_model_for_each_week(report: LoopReport) -> None:
    (stream,) = report.streams

    assert [(curve.order, curve.policy) for curve in stream.curves] == [
        (order, policy)
        for order in ("random", "queue")
        for policy in ("people", "renewed", "audited", "intents")
    ]
    assert all([each.reviews for each in curve.rounds] == [0, 75, 150] for curve in stream.curves)


def test_each_policy_gives_training_its_labels(report: LoopReport) -> None:
    for curve in report.streams[0].curves:
        people, predicted = curve.last.people, curve.last.predicted
        match curve.policy:
            case "people":
                assert (people, predicted) == (150, 0)
            case "renewed":
                assert people == 150
                assert predicted > 0
            case "audited" | "intents":
                assert 0 < people < 150


def test_the_loop_learns_an_easy_task_and_states_differences(report: LoopReport) -> None:
    for curve in report.streams[0].curves:
        assert curve.last.in_scope.value > 0.9
        assert (curve.last.gain is None) == (curve.policy == "people")


def test_the_intervals_of_live_accuracy_are_checked(report: LoopReport) -> None:
    for curve in report.streams[0].curves:
        assert curve.covering <= curve.intervals
        assert curve.intervals == 2, "one for the model of each week"


def test_tables_and_curves_are_written(out: Path) -> None:
    table, stdout = (out / "table.md").read_text(), (out / "stdout.txt").read_text()

    assert "**tiny: 8 intents, 40 examples at first" in table
    assert table.count("| queue | ") == 4
    assert "no policy worse than people's labels alone" in stdout
    assert (out / "plot.svg").read_text().startswith("<?xml")
