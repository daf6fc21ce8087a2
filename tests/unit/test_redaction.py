"""What must not be stored is found: measured on texts that were written apart from the patterns."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_capture.domain.redaction import ENTITY_TYPES, EntityType, redact
from tests.unit.redaction_figures import MARKED, PLACEHOLDERS, Figures, lines, measure

PARTS = ("dev", "test")


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[EntityType, Figures]]:
    """Measure both parts once."""
    return {part: measure(part) for part in PARTS}


@pytest.mark.parametrize("entity_type", ENTITY_TYPES)
@pytest.mark.parametrize("part", PARTS)
def test_nearly_all_of_each_kind_is_found_and_little_else_taken_for_it(
    figures: dict[str, dict[EntityType, Figures]], part: str, entity_type: EntityType
) -> None:
    found = figures[part][entity_type]
    assert found.marked >= 20
    assert found.recall >= 0.95, found.missed
    assert found.precision >= 0.9


def test_ordinary_messages_stay_as_they_are() -> None:
    ordinary = [line for part in PARTS for line in lines(part, "nothing")]
    assert [line for line in ordinary if redact(line) != line] == []


def test_messages_that_the_model_learns_from_hardly_change() -> None:
    folder = Path(__file__).parents[2] / "training/data/train"
    texts = [text for file in folder.glob("*.txt") for text in file.read_text("utf-8").splitlines()]
    changed = [text for text in texts if redact(text) != text]
    assert len(changed) < len(texts) / 500, changed


def test_each_kind_can_be_left_alone() -> None:
    for entity_type in ENTITY_TYPES:
        text = MARKED.sub(r"\1", lines("dev", entity_type)[0])
        others = [other for other in ENTITY_TYPES if other != entity_type]
        assert PLACEHOLDERS[entity_type] in redact(text)
        assert PLACEHOLDERS[entity_type] not in redact(text, others)
        assert redact(text, []) == text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab1 2@.:/+-=<>_eyJ\n", max_size=200))
def test_twice_is_as_good_as_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    ["x" * 4000, "1 " * 2000, "a.a1" * 1000, "a@" * 2000, "call 1" * 600, "//a:" * 1000,
     "12 " * 1300, "sin 123 " * 500, "password for " * 300, "(" * 4000, "4.1 1." * 600,
     "a dot " * 600, "login is a/" * 300, "password is " * 300, "order no 1" * 400],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    # Nothing but its own time limit would show a pattern that never ends.
    redact(text)
