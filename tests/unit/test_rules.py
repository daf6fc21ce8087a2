"""Rules: what they match, and the coverage and accuracy of the shipped rules."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from prompt_capture.domain.errors import InvalidRules
from prompt_capture.domain.rules import RuleSet
from training.data.examples import Example
from training.data.reading import read_examples

ROOT = Path(__file__).parents[2]
RULES_FILE = ROOT / "model_artifacts" / "rules.toml"
UTTERANCES = ROOT / "training" / "data"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return RuleSet.load(RULES_FILE)


def _coverage_and_accuracy(rules: RuleSet, examples: Iterable[Example]) -> tuple[float, float]:
    examples = list(examples)
    matches = [(rules.match(example.text), example) for example in examples]
    correct = [prediction.intent == example.label for prediction, example in matches if prediction]
    return len(correct) / len(examples), sum(correct) / len(correct)


@pytest.mark.parametrize("part", ["heldout", "train"])
def test_the_shipped_rules_have_low_coverage_and_high_accuracy(rules: RuleSet, part: str) -> None:
    coverage, accuracy = _coverage_and_accuracy(rules, read_examples([UTTERANCES / part]))

    assert 0.01 <= coverage <= 0.20
    assert accuracy >= 0.99


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
def test_a_rule_matches_a_short_message(rules: RuleSet, message: str, intent: str) -> None:
    prediction = rules.match(message)

    assert prediction is not None
    assert prediction.intent == intent
    assert prediction.source == "rule"
    assert prediction.model_version == "rules-2026.11"


@pytest.mark.parametrize(
    "message", ["", "hi can you move my dentist", "no reminder tomorrow", "25:00", "next", "\x00"]
)
def test_no_rule_matches_longer_or_other_messages(rules: RuleSet, message: str) -> None:
    assert rules.match(message) is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "version"),
        ("version =", "cannot be read"),
        ('version = "1"\nconfidence = 2\n[[rules]]\nintent = "a"', "confidence"),
        ('version = "1"\nconfidence = 1\n[[rules]]\nintent = "a"\npatterns = ["("]', "patterns"),
        ('version = "1"\nconfidence = 1\n[[rules]]\nintent = "a"\nexcat = ["b"]', "excat"),
    ],
)
def test_the_error_for_an_invalid_file_locates_the_problem(
    tmp_path: Path, content: str, problem: str
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(content)

    with pytest.raises(InvalidRules, match=problem):
        RuleSet.load(file)
