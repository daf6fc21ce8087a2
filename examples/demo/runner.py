"""Run the demo from the first step to the summary."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from examples.demo import capture_steps, learning_steps, retraining_steps, serving_steps
from examples.demo.console import DemoConsole
from examples.demo.learning import list_changes, train_head
from examples.demo.scenario import Scenario
from examples.demo.summary import print_summary
from infra.local.stack import Stack

CAPTURE_TIMEOUT_SECONDS = "8"
"""A write may take long on a busy machine, and the demo fails if a message is lost."""


def run_demo(console: DemoConsole, scenario: Scenario, keep: Path | None = None) -> None:
    """Run the whole loop; everything it creates is removed, except the files in `keep`."""
    console.print(f"[bold]Prompt Capture[/bold]  {scenario.title}")
    with _work_folder(keep) as work:
        first_model = _train_first_model(console, scenario, work)
        model = {"MODEL_DIR": str(first_model)}
        classify = {**model, "CAPTURE_TIMEOUT_SECONDS": CAPTURE_TIMEOUT_SECONDS}
        overrides = {
            "classify-and-log": classify if scenario.uses_rules else {**classify, "RULES_FILE": ""},
            "retrain": {**model, "RETRAIN_AUTO_PROMOTE": "true"},
        }
        with closing(Stack(overrides=overrides)) as stack:
            _run_steps(console, scenario, stack, first_model, work, keep)


@contextmanager
def _work_folder(keep: Path | None) -> Iterator[Path]:
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)


def _train_first_model(console: DemoConsole, scenario: Scenario, work: Path) -> Path:
    console.start_step(
        "Train a first model",
        f"It learns {len(scenario.seeds):,} written examples, like the first model of a new "
        "product.",
    )
    train_head(console, list(scenario.seeds), work / "first", "first")
    return work / "first"


def _run_steps(
    console: DemoConsole,
    scenario: Scenario,
    stack: Stack,
    first_model: Path,
    work: Path,
    keep: Path | None,
) -> None:
    with closing(capture_steps.start_stack(console, scenario, stack)) as client:
        sent = capture_steps.send_traffic(console, scenario, client)
        capture_steps.record_outcomes(console, client, sent)
        capture_steps.check_row_level_security(console, stack, client)
        reviewed = learning_steps.review(console, scenario, client, sent, work)
        learning_steps.export_training_data(console, stack, scenario, work)
        next_week = capture_steps.send_next_week(console, scenario, client)
        report = retraining_steps.retrain(console, stack)
        report = retraining_steps.decide_and_look_again(console, stack, report, [*sent, *next_week])
        before, after = learning_steps.compare(console, scenario, stack, first_model, report, work)
        changes = list_changes(before, after, scenario)
        serving_steps.serve_new_model(console, client, report, changes)
        serving_steps.roll_back(console, client, before)
    print_summary(console, scenario, reviewed, (before, after), changes, keep)
