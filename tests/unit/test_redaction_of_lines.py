"""Redaction of numbers on lines that follow one another, as in signatures and notes.

Double brackets enclose each entity of a text, after the name of its placeholder.
"""

import re

import pytest

from prompt_capture.domain.redaction import redact
from prompt_capture.domain.text import normalise

_MARKED = re.compile(r"\[\[([A-Z_]+):(.+?)\]\](?!\])", re.DOTALL)


def _check(marked: str) -> None:
    text = _MARKED.sub(r"\2", marked)
    redacted = redact(text)
    assert redacted == _MARKED.sub(r"<\1>", marked)
    assert normalise(redacted) == redact(normalise(text))
    assert redact(redacted) == redacted


@pytest.mark.parametrize(
    "marked",
    [
        "Phone: [[PHONE:415-555-0142]]\nHours: 8-4",
        "call [[PHONE:415-555-0142]] M-F 8-4",
        "call [[PHONE:5550142]] M-F 8-4",
        "P [[PHONE:(415) 555-0142]]\nM [[PHONE:(415) 555-0187]]",
        "Phone: [[PHONE:0171 2345679]]\nM. Weber",
        "Phone: [[PHONE:0171 2345679]]\nMs. Weber",
        "Phone: [[PHONE:5550142]]\nMs. Weber",
        "Phone: [[PHONE:5550142]]\nMin. order 12",
        "Phone: [[PHONE:5550142]] pm",
        "Tel.: [[PHONE:5550142]]\nItems",
        "PIN: [[SECRET:5820]]\nDays: 3",
        "Passport: [[ID:K02Y11S58]]\nItems: 3",
        "account number: [[BANK:87654321]]\nItems: 3",
        "T [[PHONE:+49 40 1234 5679]]\nM [[PHONE:0160 7654322]]",
        "[[PHONE:+49 40 1234 5679]]\nM. Weber",
        "call [[PHONE:555-0142]]\nDays: Mon, Tue",
    ],
)
def test_the_name_of_the_next_field_makes_no_amount(marked: str) -> None:
    _check(marked)


@pytest.mark.parametrize(
    "text",
    [
        "call 5550142 users",
        "we texted 1234567 people. Then we stopped",
        "the call took 1234567 ms",
        "text of 3 000 000 characters",
        "call 1000-5000 users",
        "Text: 1234567 characters",
        "signal 320 768 1440 px",
        "PIN entry: 12345 attempts",
    ],
)
def test_amounts_stay(text: str) -> None:
    assert redact(text) == text
