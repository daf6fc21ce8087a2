"""`prompt-capture predict`: classify messages with a model, without a service."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from cli.error_handling import error_console, exit_on_error
from cli.printable import json_for_terminals
from cli.progress import progress_bars
from cli.sources import STANDARD_INPUT, local_sources

if TYPE_CHECKING:
    from cli.prediction import PredictedMessage
    from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
    from prompt_capture.settings.classification import ClassifierSettings
    from training.report.nearest import NearestExamples


def predict(
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT",
            show_default=False,
            help="The messages.\n\n- reads one message per line from standard input.",
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            metavar="DATA",
            help="Messages in files: as for train, or without labels.\n\nRepeatable.",
        ),
    ] = None,
    model: Annotated[Path, typer.Option(help="The folder of the model.")] = Path(
        "model_artifacts/assistant"
    ),
    explain: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DATA",
            help="Labelled texts, as for train.\n\nShows the three that are most similar to each "
            "message.\n\nRepeatable.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line, for programs.")
    ] = False,
) -> None:
    """Classify messages with a model.

    Redacts, classifies and marks for review as the service does.
    Does not apply rules, and captures nothing.
    Choose messages as arguments, or --data.

    Fields with --json: text (redacted), intent, confidence, scope,
    secondary_intents, needs_review and stage.
    The stage is the one of the model that decided.
    With --explain, also nearest: text, label and similarity.

    Settings, as in service: REVIEW_THRESHOLD, SECONDARY_INTENT_THRESHOLD,
    SMALL_TALK_INTENTS, REDACT.

    [bold]Examples[/bold]
      prompt-capture predict "move my dentist to friday"
      prompt-capture predict --model build/next --data messages.txt --json
      tail -f messages.log | prompt-capture predict -
      prompt-capture predict "hm" --explain training/data/train
    """
    if bool(texts) == bool(data):
        raise typer.BadParameter("Choose messages as arguments, or --data.")
    with exit_on_error():
        settings = _read_settings(model)
        messages = _read_data(data) if data else _read_arguments(texts or [])
        predicted, artifact = _predict(messages, settings, explain or [])
        if as_json:
            for each in predicted:
                typer.echo(json_for_terminals(json.dumps(each.to_json())))
        else:
            _print_table(predicted, artifact, one_by_one=bool(explain) or not data)


def _read_settings(model: Path) -> "ClassifierSettings":
    """Return the settings of service, with another model and without rules."""
    from prompt_capture.settings.classification import ClassifierSettings

    return ClassifierSettings.from_env({**os.environ, "MODEL_DIR": str(model), "RULES_FILE": ""})


def _read_data(data: Sequence[str]) -> Iterator[str]:
    """Yield the messages of files, and show how many are done where no output shows it."""
    from cli.labelled_data import read_texts

    with progress_bars(error_console) as progress, local_sources(data, progress) as sources:
        messages = read_texts(sources, progress)
    if sys.stdout.isatty():
        yield from messages
        return
    with progress_bars(error_console) as progress:
        report = progress.step("Classifying")
        for done, message in enumerate(messages, 1):
            yield message
            report(done, len(messages))


def _read_arguments(texts: Sequence[str]) -> Iterable[str]:
    from prompt_capture.domain.text import normalise

    if STANDARD_INPUT in texts:
        if len(texts) > 1:
            raise typer.BadParameter("- reads all messages from standard input: pass it alone.")
        return _read_standard_input()
    for number, text in enumerate(texts, 1):
        if not normalise(text):
            raise typer.BadParameter(f"Message {number} has no visible character.")
    return texts


def _read_standard_input() -> Iterator[str]:
    """Yield each line as it arrives. Raise `InvalidExamples`."""
    from cli.labelled_data import print_warnings
    from prompt_capture.domain.text import normalise
    from training.data.examples import InvalidExamples
    from training.data.locations import Location
    from training.data.remarks import Remarks

    remarks = Remarks()
    for number, line in enumerate(sys.stdin.buffer, 1):
        location = Location("standard input", "line", number)
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise InvalidExamples(f"{location} is not UTF-8. Convert it to UTF-8.") from None
        if normalise(text):
            yield text
        elif text.strip():
            remarks.leave_out("texts without a visible character", location)
    print_warnings(remarks)


def _predict(
    messages: Iterable[str], settings: "ClassifierSettings", explain: Sequence[str]
) -> "tuple[Iterator[PredictedMessage], ModelArtifact]":
    """Load the model and the examples that explain it, and predict each message when asked for."""
    from cli.prediction import MessagePredictor
    from prompt_capture.bootstrap.models import model_artifact

    artifact = model_artifact(settings)
    nearest = _read_examples(artifact, explain) if explain else None
    predictor = MessagePredictor(artifact, settings, nearest.find if nearest else None)
    return map(predictor.predict, messages), artifact


def _read_examples(artifact: "ModelArtifact", explain: Sequence[str]) -> "NearestExamples":
    from cli.labelled_data import read_all_examples
    from training.report.nearest import NearestExamples

    with progress_bars(error_console) as progress, local_sources(explain, progress) as sources:
        examples = read_all_examples(sources, progress)
        return NearestExamples.of_model(artifact, examples, progress.step("Embedding examples"))


def _print_table(
    predicted: "Iterable[PredictedMessage]", artifact: "ModelArtifact", one_by_one: bool
) -> None:
    from cli.prediction_table import BATCH_SIZE, print_predictions

    stages = [stage.name for stage in artifact.manifest.stages]
    batch_size = 1 if one_by_one else BATCH_SIZE
    print_predictions(Console(), predicted, artifact.manifest.labels, stages, batch_size)
