"""Normalisation: invisible differences between texts disappear, and every input is accepted."""

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.domain.characters import EMOJI, HIDDEN, JOINERS, MARKS
from prompt_capture.domain.datasets.lines import split_of
from prompt_capture.domain.text import (
    MAX_JOINERS,
    MAX_MARKS,
    canonical_text,
    normalise,
    strip_invisible,
)
from prompt_capture.domain.types import MAX_MESSAGE_LENGTH
from tests.difficult_texts import (
    ENGLAND,
    INVISIBLE_COPIES,
    difficult_texts,
    normalise_in_form_1,
)
from training.data.reading import read_examples

SHIPPED_MODEL = Path(__file__).parents[2] / "model_artifacts" / "assistant"

TEXTS_IN_FORM_1 = [
    json.loads(line)
    for line in Path(__file__).with_name("texts_in_form_1.jsonl").read_text("utf-8").splitlines()
]
"""Texts that version 2 does not treat differently, with the form and split of version 1."""

_MANY_MARKS = re.compile(f"[{MARKS}]{{{MAX_MARKS // 2},}}")

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
"""Includes unpaired surrogates: JSON can contain one, although no text encoding can."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \t\r\n\u00a0\u2003 ", ""),
        ("move\tit\n to  5", "move it to 5"),
        ("\uff46\uff55\uff4c\uff4c \u2460", "full 1"),
        ("e\u0301te\u0301", "été"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("half \ud83d a pair", "half a pair"),
        ("👩\u200d💻 stays whole", "👩\u200d💻 stays whole"),
        ("مرحبا", "مرحبا"),
        ("can\u00adcel \u200emy\u200f \u2068flight\u2069", "cancel my flight"),
        ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u062e\u0648"),
        ("e\u034f\u0301", "é"),
        ("❤\ufe0f and ❤", "❤ and ❤"),
        ("❤\ufe0f\u200d🔥 👩🏽\u200d💻", "❤\u200d🔥 👩🏽\u200d💻"),
        ("a\u200db 👩\u200d a 👩\u200d\u200d💻 \u200d💻", "ab 👩 a 👩💻 💻"),
        (f"{ENGLAND} {ENGLAND[:-1]} \U000e0067", f"{ENGLAND} 🏴"),
        ("z" + "\u0301\u0323" * 15, "\u1e93" + "\u0323" * 14 + "\u0301" * 15),
        ("z" + "\u0301" * 31 + " a", "z a"),
        ("z" + "\u0344" * 16 + " a", "z a"),
        ("\u1100" + "\u0344" * 16 + "\u1161", "가"),
    ],
)
def test_texts_that_look_alike_normalise_to_the_same_text(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_copies_that_differ_only_in_invisible_characters_are_one_text() -> None:
    assert {canonical_text(copy) for copy in INVISIBLE_COPIES} == {INVISIBLE_COPIES[0]}


@pytest.mark.parametrize("properties", TEXTS_IN_FORM_1, ids=range(len(TEXTS_IN_FORM_1)))
def test_a_text_without_invisible_characters_has_the_form_and_split_of_version_1(
    properties: dict[str, str],
) -> None:
    text = properties["text"]

    assert canonical_text(text) == properties["form"]
    assert split_of(text) == properties["split"]


@given(difficult_texts())
def test_a_normal_form_is_the_same_when_it_is_normalised_again(text: str) -> None:
    form, canonical = normalise(text), canonical_text(text)

    assert normalise(form) == form
    assert canonical_text(canonical) == canonical_text(form) == canonical


@given(difficult_texts())
def test_a_text_that_was_stored_in_version_1_has_the_same_form_as_the_message(text: str) -> None:
    stored = normalise_in_form_1(text)
    # Limits that only an attack reaches depend on the order of the characters.
    assume(len(unicodedata.normalize("NFKC", text)) <= MAX_MESSAGE_LENGTH)
    assume(stored.count("\u200d") <= MAX_JOINERS)
    assume(not any(map(_MANY_MARKS.search, (text, stored, normalise(stored), _bare(text)))))

    assert normalise(stored) == normalise(text)


def _bare(text: str) -> str:
    return re.sub(f"[{HIDDEN}{JOINERS}]", "", unicodedata.normalize("NFKD", text))


@given(difficult_texts())
def test_a_normal_form_is_bounded_whatever_the_text_expands_to(text: str) -> None:
    form = normalise(text)

    assert len(form) <= MAX_MESSAGE_LENGTH
    assert not re.search(f"[{MARKS}]{{{MAX_MARKS + 1}}}", form)


@pytest.mark.parametrize("tail", ["👩\u200d💻", ENGLAND, "\ufdfb", " \n x", "a\u0301"], ids=ascii)
def test_a_text_is_cut_where_it_stays_the_same_when_it_is_normalised_again(tail: str) -> None:
    for start in range(len(tail) + 1):
        form = normalise("x" * (MAX_MESSAGE_LENGTH - start) + tail + "x" * start)

        assert normalise(form) == form
        assert MAX_MESSAGE_LENGTH - len(tail) <= len(form) <= MAX_MESSAGE_LENGTH


def test_a_text_with_too_many_joiners_keeps_none() -> None:
    pair = "👩\u200d💻"

    assert normalise(pair * MAX_JOINERS) == pair * MAX_JOINERS
    assert normalise(pair * (MAX_JOINERS + 1)) == "👩💻" * (MAX_JOINERS + 1)


def test_a_text_ends_before_it_has_too_many_long_ligatures() -> None:
    spelled_out = unicodedata.normalize("NFKC", "\ufdfa")

    assert normalise("\ufdfa") == spelled_out
    assert normalise("\ufdfa" * 201 + "end") == spelled_out * 200


def test_the_literals_cover_the_unicode_database() -> None:
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    marks = re.compile(f"[{MARKS}]")
    emoji = re.compile(f"[{EMOJI}]")
    hidden = re.compile(f"[{HIDDEN}{JOINERS}]")

    for character in characters:
        decomposed = unicodedata.normalize("NFKD", character)
        is_marks = all(map(unicodedata.combining, decomposed))
        assert bool(marks.fullmatch(character)) or not is_marks, ascii(character)
        if marks.fullmatch(character):
            assert is_marks or unicodedata.category(character) in {"Mn", "Mc", "Me", "Cn"}
        if emoji.fullmatch(character):
            assert decomposed == character
        if hidden.fullmatch(character):
            assert not marks.fullmatch(character)
            assert hidden.fullmatch(decomposed)


@given(ANY_TEXT)
def test_a_normalised_text_can_be_encoded(text: str) -> None:
    normalise(text).encode("utf-8")


def test_a_text_with_an_unpaired_surrogate_can_be_classified_and_trained_on(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"text": "hello \\ud83d", "label": "greeting"}\n')
    (example,) = read_examples([file])
    model = OnnxClassifier(ModelArtifact.load(SHIPPED_MODEL))

    assert model.classify([example.text]) == model.classify(["hello"])


@pytest.mark.parametrize("invisible", [" ", "\u200b", "\u200d"])
def test_the_ends_of_a_label_are_found_whatever_is_in_its_middle(invisible: str) -> None:
    """A caller may send it without a key. A quadratic search takes hours for this text."""
    run = invisible * 2_000_000
    assert strip_invisible(f"{run}a{run}b{run}") == f"a{run}b"
    assert strip_invisible(run) == ""
    assert strip_invisible("") == ""
