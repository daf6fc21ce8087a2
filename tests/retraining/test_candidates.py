"""A candidate depends on its data and its champion alone, and keeps what the champion decides."""

import hashlib
from pathlib import Path

import pytest

from prompt_capture.adapters.onnx.model_artifact import ModelArtifact, Thresholds
from training.config import ReviewTarget
from training.data.examples import Example, InvalidExamples, LocatedExample
from training.data.locations import Location
from training.retrain.candidates import describe_left_out, fit_candidate, review_target
from training.retrain.datasets import RetrainingData


def _digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.*")}


def test_the_same_data_in_another_order_and_fitted_one_by_one_give_the_same_files(
    tmp_path: Path, first_model: Path, seeds: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = ModelArtifact.load(first_model)
    intents = {one.label for one in seeds}
    located = [LocatedExample(one, Location("seeds.jsonl")) for one in seeds[::3]]
    for name, ordered, at_once in (("one", located, 50_000), ("other", located[::-1], 1)):
        monkeypatch.setattr("training.train.MANY_TEXTS", at_once)
        fit_candidate(champion, RetrainingData(ordered, ()), intents, tmp_path / name)

    assert _digests(tmp_path / "one") == _digests(tmp_path / "other")
    one = ModelArtifact.load(tmp_path / "one").manifest
    assert one.training.parent == champion.manifest.version
    assert one.version.startswith("assistant-")
    for name, file in champion.manifest.files.items():
        if "head" not in name and name in one.files:
            assert one.files[name] == file, "the encoders of the champion stay as they are"


def test_examples_of_no_intent_of_the_catalogue_are_named_without_what_may_be_a_message() -> None:
    labels = ["reminder", "unknown", "Reminder", "Reminder", "greet", "my dentist is ill", *"abcd"]
    examples = [Example(text=str(n), label=label) for n, label in enumerate(labels)]

    assert describe_left_out(examples[:2], ["reminder"]) is None
    assert describe_left_out(examples, ["reminder"]) == (
        "8 examples were left out, since the catalogue has no intent in use with their labels: "
        "Reminder, greet, a, b, c, 2 more."
    )


def test_a_training_that_fails_without_them_names_the_examples_that_were_left_out(
    tmp_path: Path, first_model: Path
) -> None:
    examples = [Example(text=f"remind me {n}", label="Reminder") for n in range(9)]
    located = [LocatedExample(each, Location("seeds.jsonl")) for each in examples]

    with pytest.raises(InvalidExamples, match=r"two intents\. 9 examples were left out.*Reminder"):
        fit_candidate(
            ModelArtifact.load(first_model), RetrainingData(located, ()), ["reminder"], tmp_path
        )


@pytest.mark.parametrize(
    ("thresholds", "target"),
    [
        (None, None),
        (Thresholds(target_precision=0.9, overall=0.5, per_intent={}), None),
        (
            Thresholds(target_precision=0.9, decide_review=True, overall=0.5, per_intent={}),
            ReviewTarget("precision", 0.9),
        ),
        (
            Thresholds(target_recall=0.8, decide_review=True, overall=0.5, per_intent={}),
            ReviewTarget("recall", 0.8),
        ),
    ],
)
def test_a_candidate_has_the_review_target_of_the_champion(
    thresholds: Thresholds | None, target: ReviewTarget | None
) -> None:
    assert review_target(thresholds) == target
