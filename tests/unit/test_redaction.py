"""What must not be stored is found: measured on texts that were written apart from the patterns."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_capture.domain.redaction import KINDS, Kind, redact

TEXTS = Path(__file__).parent / "redaction"
PLACEHOLDERS: dict[Kind, str] = {
    "url": "<URL>", "secret": "<SECRET>", "email": "<EMAIL>", "bank": "<BANK>",
    "card": "<CARD>", "national_id": "<ID>", "phone": "<PHONE>",
}  # fmt: skip
MARKED = re.compile(r"\[\[(.+?)\]\](?!\])")


def lines(name: str) -> list[str]:
    """Read a file of texts, in which what is to be found stands in double brackets."""
    return (TEXTS / f"{name}.txt").read_text("utf-8").splitlines()


def missed(kind: Kind) -> tuple[int, list[str]]:
    """Count what is marked, and list what is left of it or was taken for something else."""
    total, left = 0, []
    for line in lines(kind):
        wanted = MARKED.sub(PLACEHOLDERS[kind], line)
        found = redact(MARKED.sub(r"\1", line))
        marked = MARKED.findall(line)
        total += len(marked)
        if found != wanted:
            left += [part for part in marked if part in found] or [line]
    return total, left


@pytest.mark.parametrize("kind", KINDS)
def test_nearly_all_of_each_kind_is_found(kind: Kind, record_property: Any) -> None:
    total, left = missed(kind)
    recall = 1 - len(left) / total
    record_property("recall", recall)
    assert total >= 20
    assert recall >= 0.95, left


@pytest.mark.parametrize("kind", KINDS)
def test_little_else_is_taken_for_one(kind: Kind, record_property: Any) -> None:
    wanted, taken = 0, 0
    for line in [line for name in (*KINDS, "nothing") for line in lines(name)]:
        placeholder = PLACEHOLDERS[kind]
        is_own = line in lines(kind)
        found = redact(MARKED.sub(r"\1", line)).count(placeholder)
        wanted += min(found, len(MARKED.findall(line))) if is_own else 0
        taken += found
    precision = wanted / taken
    record_property("precision", precision)
    assert precision >= 0.9


def test_ordinary_messages_stay_as_they_are() -> None:
    changed = [line for line in lines("nothing") if redact(line) != line]
    assert changed == []


def test_messages_that_the_model_learns_from_hardly_change() -> None:
    folder = Path(__file__).parents[2] / "training/data/train"
    texts = [text for file in folder.glob("*.txt") for text in file.read_text("utf-8").splitlines()]
    changed = [text for text in texts if redact(text) != text]
    assert len(changed) < len(texts) / 500, changed


def test_each_kind_can_be_left_alone() -> None:
    for kind in KINDS:
        text = MARKED.sub(r"\1", lines(kind)[0])
        others = [other for other in KINDS if other != kind]
        assert PLACEHOLDERS[kind] in redact(text)
        assert PLACEHOLDERS[kind] not in redact(text, others)
        assert redact(text, []) == text


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab1 2@.:/+-=<>_eyJ\n", max_size=200))
def test_twice_is_as_good_as_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "text",
    ["x" * 4000, "1 " * 2000, "a.a1" * 1000, "a@" * 2000, "call 1" * 600, "//a:" * 1000,
     "12 " * 1300, "sin 123 " * 500, "password for " * 300, "(" * 4000],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    # Nothing but its own time limit would show a pattern that never ends.
    redact(text)
