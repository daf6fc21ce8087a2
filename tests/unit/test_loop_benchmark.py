"""The benchmark of the loop: its streams, its summaries, its table, and one small run."""

from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from benchmarks.loop.__main__ import bench
from benchmarks.loop.cached_encoder import CachedClassifier
from benchmarks.loop.goals import check_goals
from benchmarks.loop.policies import POLICIES
from benchmarks.loop.results import Estimate, StreamResult
from benchmarks.loop.service import Answers, load_encoder
from benchmarks.loop.simulation import RoundOutcome, RunOutcome
from benchmarks.loop.streams import StreamScenario, draw_stream
from benchmarks.loop.summary import estimate_mean, summarise
from benchmarks.model.data import Dataset, UnusableDataset
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from training.config import TrainingConfig
from training.data.examples import Example, separate_predicted
from training.train import train

SHIPPED_MODEL = Path("model_artifacts/assistant")
INTENTS = {
    "alarm": "wake me at {} please",
    "weather": "is it going to rain in {}",
    "music": "play the song called {}",
}
WORDS = (
    *("seven", "paris", "noon", "berlin", "thunder", "eight", "rome", "midnight", "oslo", "six"),
    *("madrid", "nine", "london", "lightning", "ten", "vienna", "dawn", "lisbon", "eleven", "dusk"),
)
LABELLED = [
    Example(text=text.format(word), label=label)
    for label, text in INTENTS.items()
    for word in WORDS
]
OUT_OF_SCOPE = [Example(text=f"how tall is the tower of {word}", label="oos") for word in WORDS]
DATA = Dataset(
    name="made up",
    train=[*LABELLED, LABELLED[0].model_copy(update={"text": "Wake me at SEVEN  please"})],
    test=[Example(text=f"{one.text} now", label=one.label) for one in LABELLED],
    oos_train=OUT_OF_SCOPE,
    oos_test=[],
)
SCENARIO = StreamScenario(seeds_per_intent=4, reviews=8, rounds=2, runs=2)


def test_a_stream_has_seeds_of_each_intent_and_every_other_text_once() -> None:
    stream = draw_stream(DATA, SCENARIO, 0, is_final=False)

    labels = [example.label for example in stream.seeds]
    assert {label: labels.count(label) for label in set(labels)} == dict.fromkeys(INTENTS, 4)
    everything = [*stream.seeds, *stream.messages, *stream.held_out]
    assert len(everything) == len({example.text for example in everything}) == 80
    assert len(stream.held_out) == 16
    assert "oos" not in stream.labels
    assert "unknown" in stream.labels


def test_runs_share_what_is_held_out_but_not_their_seeds() -> None:
    one, other = (draw_stream(DATA, SCENARIO, run, is_final=False) for run in range(2))

    assert one.held_out == other.held_out
    assert one.seeds != other.seeds
    assert draw_stream(DATA, SCENARIO, 0, is_final=False) == one


def test_only_a_final_run_reads_the_test_file() -> None:
    trained = {example.text for example in (*DATA.train, *DATA.oos_train)}

    choosing = draw_stream(DATA, SCENARIO, 0, is_final=False)
    final = draw_stream(DATA, SCENARIO, 0, is_final=True)

    assert {example.text for example in choosing.held_out} <= trained
    assert {example.text for example in final.held_out} == {one.text for one in DATA.test}
    assert len(final.seeds) + len(final.messages) == 80


def test_the_makers_examples_are_seeds_and_the_users_messages_are_sent_or_held_out() -> None:
    scenario = StreamScenario(seeds_per_intent=None, messages=40, reviews=8, rounds=2, runs=2)

    stream = draw_stream(DATA, scenario, 0, is_final=False)

    assert len(stream.seeds) == 60
    assert (len(stream.messages), len(stream.held_out)) == (40, 20)
    assert stream.held_out != draw_stream(DATA, scenario, 1, is_final=False).held_out


def test_a_dataset_without_messages_is_an_error() -> None:
    with pytest.raises(UnusableDataset, match="made up is too small"):
        draw_stream(DATA, StreamScenario(messages=0), 0, is_final=True)


def exported(label: str, tier: str | None) -> Example:
    return Example.model_validate(
        {"text": f"{label} {tier}", "label": label, "source": "production", "tier": tier}
    )


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A file as an export has it: labels of people, and two predicted ones."""
    lines = [("alarm", "person"), ("unknown", "person"), ("music", "confident"), ("music", None)]
    content = [exported(*line).model_dump_json() for line in lines]
    (tmp_path / "retraining.jsonl").write_text("\n".join(content))
    return tmp_path / "retraining.jsonl"


def test_predicted_labels_are_renewed_unless_the_policy_keeps_them(dataset: Path) -> None:
    renewed, kept = (
        separate_predicted([*LABELLED, *POLICIES[name].read(dataset)])[1]
        for name in ("renewed", "captured")
    )

    assert renewed == ["music confident", "music None"]
    assert kept == []


def test_a_policy_can_leave_out_what_is_out_of_scope(dataset: Path) -> None:
    examples = POLICIES["intents"].read(dataset)

    assert {example.label for example in examples} == {"alarm", "music"}


def outcome(correct: list[int], confidence: float = 0.9, reported: float = 1.0) -> RunOutcome:
    """A run whose first model is always wrong, and whose second one answers like this."""
    in_scope = np.array([True, True, True, False])
    confidences = np.full(4, confidence)
    wrong, answers = (
        Answers(np.array(each, bool), confidences, in_scope) for each in ([0] * 4, correct)
    )
    rounds = [RoundOutcome(0, 0, 0, None, wrong), RoundOutcome(5, 5, 2, reported, answers)]
    return RunOutcome(rounds, intervals=2, covering=1)


def test_curves_have_means_over_the_runs_and_paired_differences() -> None:
    runs = {
        ("queue", "people"): [outcome([1, 1, 0, 0]), outcome([1, 1, 0, 1])],
        ("queue", "renewed"): [outcome([1, 1, 1, 0]), outcome([1, 1, 1, 1])],
        ("margin", "renewed"): [outcome([1, 1, 1, 0], confidence=0.5)] * 2,
    }

    people, renewed, without_people = summarise(runs, is_redrawn=True)

    assert people.last.in_scope.value == pytest.approx(2 / 3)
    assert people.last.decisions is not None
    assert people.last.decisions.value == pytest.approx(0.625)
    assert people.last.gain is None
    assert renewed.last.gain == Estimate(value=0.25, standard_error=0)
    assert (renewed.intervals, renewed.covering) == (4, 2)
    assert (renewed.last.confident, renewed.last.confident_right) == (1, 0.875)
    assert renewed.last.overstatement == pytest.approx(0.125)
    assert renewed.rounds[0].overstatement is None
    assert without_people.last.gain is None
    assert (without_people.last.confident, without_people.last.confident_right) == (0, None)


def test_the_error_of_shared_messages_does_not_shrink_with_more_runs() -> None:
    runs = [np.array([1.0, 1, 1, 0]), np.array([1.0, 1, 0, 0])]

    over_runs = 0.125**2
    of_messages = (0.1875 / 4 + 0.25 / 4) / 2

    redrawn, shared = (estimate_mean(runs, is_redrawn=each) for each in (True, False))

    assert redrawn.standard_error == pytest.approx(over_runs**0.5)
    assert shared.standard_error == pytest.approx((over_runs + of_messages) ** 0.5)


def build_result(name: str, runs: dict[tuple[str, str], list[RunOutcome]]) -> StreamResult:
    curves = summarise(runs, is_redrawn=True)
    return StreamResult(
        name=name, runs=2, intents=3, seeds=1, messages=1, held_out=4, curves=curves
    )


def test_goals_are_those_of_the_queue_and_of_the_dataset() -> None:
    runs = {
        ("queue", "people"): [outcome([1, 1, 0, 1])] * 2,
        ("queue", "renewed"): [outcome([1, 1, 0, 0])] * 2,
        ("queue", "intents"): [outcome([1, 1, 1, 0])] * 2,
        ("random", "captured"): [outcome([0, 0, 0, 0])] * 2,
    }

    stream, traffic = (
        list(check_goals(build_result(name, runs))) for name in ("hwu64", "sofmattress")
    )

    assert [each.is_met for each in stream] == [False, False]
    assert stream[0].measured.startswith("people: 75.0%")
    assert "renewed: -25.0" in stream[1].measured
    assert [each.is_met for each in traffic] == [False, False, False, False]
    assert traffic[-1].measured == "33.3 points"


def test_a_model_answers_the_same_where_its_encoder_is_not_run_again(tmp_path: Path) -> None:
    base = load_encoder(SHIPPED_MODEL)
    train(LABELLED, base, tmp_path, TrainingConfig(distils_student=False))
    artifact = ModelArtifact.load(tmp_path)
    messages = [example.text for example in (*DATA.test[::6], *OUT_OF_SCOPE[::6])]

    cached = CachedClassifier(artifact, base.last_encoder).classify(messages)

    assert cached == OnnxClassifier(artifact).classify(messages)


def run_bench(*options: str) -> Result:
    app = typer.Typer()
    app.command()(bench)
    return CliRunner().invoke(app, options)


def test_without_a_folder_the_command_explains_the_expected_files() -> None:
    result = run_bench()

    assert result.exit_code == 1
    for expected in ("DATA_DIR=", "NAME_train.jsonl", "FINAL=1", "hellohaptik/HINT3"):
        assert expected in result.stderr


@pytest.mark.parametrize("option", ["--orders", "--policies", "--datasets"])
def test_an_unknown_name_is_an_error(tmp_path: Path, option: str) -> None:
    for part in ("train", "test"):
        (tmp_path / f"tiny_{part}.jsonl").write_text('{"text": "hi", "label": "greeting"}\n')

    result = run_bench("--data-dir", str(tmp_path), option, "nonsense")

    assert result.exit_code == 2
    assert "unknown name nonsense" in result.stderr
