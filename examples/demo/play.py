"""The demo, from the first act to the last."""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from examples.demo import capture_acts, learning_acts
from examples.demo.learning import changes, fit
from examples.demo.scenario import SHIPPED_MODEL, Scenario
from examples.demo.stage import Stage
from examples.demo.summary import summarise
from infra.local.stack import Stack


def play(stage: Stage, scenario: Scenario, keep: Path | None = None) -> None:
    """Play the whole loop; what it makes is gone at the end, but for what is put in `keep`."""
    stage.say(f"[bold]Prompt Capture[/bold]  {scenario.title}")
    with _workplace(keep) as work:
        first_model = _first_model(stage, scenario, work)
        settings = {"MODEL_DIR": str(first_model)}
        if scenario.first_training is not None:
            settings["RULES_FILE"] = ""
        with closing(Stack(overrides={"classify-and-log": settings})) as stack:
            _tell_the_loop(stage, scenario, stack, first_model, work, keep)


@contextmanager
def _workplace(keep: Path | None) -> Iterator[Path]:
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.resolve()
    else:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)


def _first_model(stage: Stage, scenario: Scenario, work: Path) -> Path:
    if scenario.first_training is None:
        return SHIPPED_MODEL
    stage.act(
        "A first model",
        f"Trained on a tenth of the file ({len(scenario.first_training):,} texts), "
        "as a product starts out.",
    )
    fit(stage, list(scenario.first_training), work / "first", "first")
    return work / "first"


def _tell_the_loop(
    stage: Stage,
    scenario: Scenario,
    stack: Stack,
    first_model: Path,
    work: Path,
    keep: Path | None,
) -> None:
    with closing(capture_acts.welcome(stage, scenario, stack)) as assistant:
        answered = capture_acts.send_traffic(stage, scenario, assistant)
        capture_acts.run_workflows(stage, assistant, answered)
        capture_acts.ask_for_rows(stage, stack, assistant)
        reviewed = learning_acts.review(stage, scenario, assistant, answered, work)
        dataset = learning_acts.export_dataset(stage, stack)
        before, after = learning_acts.learn(stage, scenario, first_model, dataset, work)
        differ = changes(before, after, scenario)
        learning_acts.serve_the_better_model(stage, assistant, after, differ)
    summarise(stage, scenario, reviewed, (before, after), differ, keep)
