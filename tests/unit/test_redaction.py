"""Redaction finds entities in texts that were written independently of the patterns."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_capture.domain.redaction import ENTITY_TYPES, EntityType, redact
from tests.unit.redaction_metrics import (
    MARKED,
    PLACEHOLDERS,
    EntityMetrics,
    measure_redaction,
    read_texts,
)

PARTS = ("dev", "test")


@pytest.fixture(scope="module")
def metrics() -> dict[str, dict[EntityType, EntityMetrics]]:
    """Measure both parts once."""
    return {part: measure_redaction(part) for part in PARTS}


@pytest.mark.parametrize("entity_type", ENTITY_TYPES)
@pytest.mark.parametrize("part", PARTS)
def test_each_entity_type_is_found_with_high_recall_and_precision(
    metrics: dict[str, dict[EntityType, EntityMetrics]], part: str, entity_type: EntityType
) -> None:
    measured = metrics[part][entity_type]
    assert measured.marked >= 20
    assert measured.recall >= 0.95, measured.missed
    assert measured.precision >= 0.9


def test_messages_without_entities_do_not_change() -> None:
    texts = [text for part in PARTS for text in read_texts(part, "ordinary")]
    assert [text for text in texts if redact(text) != text] == []


def test_redaction_changes_few_training_messages() -> None:
    folder = Path(__file__).parents[2] / "training/data/train"
    texts = [text for file in folder.glob("*.txt") for text in file.read_text("utf-8").splitlines()]
    changed = [text for text in texts if redact(text) != text]
    assert len(changed) < len(texts) / 500, changed


def test_each_entity_type_can_be_switched_off() -> None:
    for entity_type in ENTITY_TYPES:
        text = MARKED.sub(r"\1", read_texts("dev", entity_type)[0])
        others = [other for other in ENTITY_TYPES if other != entity_type]
        assert PLACEHOLDERS[entity_type] in redact(text)
        assert PLACEHOLDERS[entity_type] not in redact(text, others)
        assert redact(text, []) == text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab1 2@.:/+-=<>_eyJ\n", max_size=200))
def test_redaction_is_idempotent(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    ["x" * 4000, "1 " * 2000, "a.a1" * 1000, "a@" * 2000, "call 1" * 600, "//a:" * 1000,
     "12 " * 1300, "sin 123 " * 500, "password for " * 300, "(" * 4000, "4.1 1." * 600,
     "a dot " * 600, "login is a/" * 300, "password is " * 300, "order no 1" * 400],
)  # fmt: skip
def test_no_text_causes_catastrophic_backtracking(text: str) -> None:
    # The time limit of each test is the assertion.
    redact(text)
