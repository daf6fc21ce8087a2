"""The rules: what they match, and that the shipped ones are few and right."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from prompt_capture.domain.errors import InvalidRules
from prompt_capture.domain.rules import RuleSet
from training.examples import Example, read_examples

ROOT = Path(__file__).parents[2]
RULES_FILE = ROOT / "model_artifacts" / "rules.toml"
UTTERANCES = ROOT / "training" / "data"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return RuleSet.load(RULES_FILE)


def _share_covered_and_right(rules: RuleSet, examples: Iterable[Example]) -> tuple[float, float]:
    examples = list(examples)
    answered = [(rules.match(example.text), example) for example in examples]
    covered = [prediction.intent == example.label for prediction, example in answered if prediction]
    return len(covered) / len(examples), sum(covered) / len(covered)


@pytest.mark.parametrize("part", ["heldout", "train"])
def test_the_shipped_rules_are_few_and_right(rules: RuleSet, part: str) -> None:
    covered, right = _share_covered_and_right(rules, read_examples([UTTERANCES / part]))

    assert 0.01 <= covered <= 0.20
    assert right >= 0.99


@pytest.mark.parametrize(
    ("message", "intent"),
    [
        ("Hi!", "greeting"),
        ("heyyyy", "greeting"),
        ("  THANK   YOU... ", "thanks"),
        ("ok", "confirm"),
        ("No.", "cancel"),
        ("3pm", "time_slot_fill"),
        ("at 15:30", "time_slot_fill"),
        ("Half past ten", "time_slot_fill"),
        ("next Tuesday", "temporal_slot_fill"),
        ("tomorrow morning", "temporal_slot_fill"),
    ],
)
def test_a_bare_message_is_ruled(rules: RuleSet, message: str, intent: str) -> None:
    prediction = rules.match(message)

    assert prediction is not None
    assert prediction.intent == intent
    assert prediction.source == "rule"
    assert prediction.model_version == "rules-2026.11"


@pytest.mark.parametrize(
    "message", ["", "hi can you move my dentist", "no reminder tomorrow", "25:00", "next", "\x00"]
)
def test_anything_more_is_left_to_the_model(rules: RuleSet, message: str) -> None:
    assert rules.match(message) is None


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "version"),
        ("version =", "cannot be read"),
        ('version = "1"\nconfidence = 2\n[[rules]]\nintent = "a"', "confidence"),
        ('version = "1"\nconfidence = 1\n[[rules]]\nintent = "a"\npatterns = ["("]', "patterns"),
        ('version = "1"\nconfidence = 1\n[[rules]]\nintent = "a"\nexcat = ["b"]', "excat"),
    ],
)
def test_a_faulty_file_is_refused_with_the_place(tmp_path: Path, content: str, fault: str) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(content)

    with pytest.raises(InvalidRules, match=fault):
        RuleSet.load(file)
