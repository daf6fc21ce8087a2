"""Run the demo from the first step to the summary."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from examples.demo import capture_steps, learning_steps, serving_steps
from examples.demo.console import DemoConsole
from examples.demo.learning import list_changes, train_head
from examples.demo.scenario import SHIPPED_MODEL, Scenario
from examples.demo.summary import print_summary
from infra.local.stack import Stack


def run_demo(console: DemoConsole, scenario: Scenario, keep: Path | None = None) -> None:
    """Run the whole loop; everything it creates is removed, except the files in `keep`."""
    console.print(f"[bold]Prompt Capture[/bold]  {scenario.title}")
    with _work_folder(keep) as work:
        first_model = _first_model(console, scenario, work)
        settings = {"MODEL_DIR": str(first_model)}
        if scenario.first_training is not None:
            settings["RULES_FILE"] = ""
        with closing(Stack(overrides={"classify-and-log": settings})) as stack:
            _run_steps(console, scenario, stack, first_model, work, keep)


@contextmanager
def _work_folder(keep: Path | None) -> Iterator[Path]:
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)


def _first_model(console: DemoConsole, scenario: Scenario, work: Path) -> Path:
    if scenario.first_training is None:
        return SHIPPED_MODEL
    console.start_step(
        "Train a first model",
        f"Trained on a tenth of the file ({len(scenario.first_training):,} texts), "
        "like the first model of a new product.",
    )
    train_head(console, list(scenario.first_training), work / "first", "first")
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
        dataset = learning_steps.export_training_data(console, stack)
        before, after = learning_steps.retrain_and_compare(
            console, scenario, first_model, dataset, work
        )
        changes = list_changes(before, after, scenario)
        serving_steps.promote_new_model(console, client, (before, after), changes)
        serving_steps.roll_back(console, client, before)
    print_summary(console, scenario, reviewed, (before, after), changes, keep)
