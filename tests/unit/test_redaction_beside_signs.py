"""Redaction finds entities next to punctuation, Markdown and tags, and leaves those."""

import re

import pytest

from prompt_capture.domain.redaction import redact
from prompt_capture.domain.text import normalise

# "[[SECRET:hunter22]]" marks an entity and its type.
_MARKED = re.compile(r"\[\[([A-Z_]+):(.+?)\]\](?!\])", re.DOTALL)


def _check(marked: str) -> None:
    text = _MARKED.sub(r"\2", marked)
    redacted = _MARKED.sub(r"<\1>", marked)
    assert redact(text) == redacted
    assert redact(redacted) == redacted
    assert redact(normalise(text)) == normalise(redacted)


@pytest.mark.parametrize(
    "marked",
    [
        "PIN: [[SECRET:7305]]!",
        "the gate code is [[SECRET:6120]]!!",
        "Your verification code is [[SECRET:730184]]!",
        "OTP: [[SECRET:204417]]! Be quick",
        "my cvv is [[SECRET:904]]!",
        "my pin is [[SECRET:7305]]! keep it to yourself",
        "El código es [[SECRET:7305]]!",
        "PIN: [[SECRET:7305]]！",  # noqa: RUF001 (full-width)
        "2FA backup codes: [[SECRET:7305-1148]], [[SECRET:6120-3391]]!",
        "PIN: [[SECRET:7305]]?!",
        "PIN: [[SECRET:7305]]~",
        "PIN: [[SECRET:7305]]_",
        "PIN: [[SECRET:7305]]=",
        "the alarm code is [[SECRET:A7305]]!",
        "passcode: [[SECRET:7305!]]",
        "my wifi password is [[SECRET:Blue7305!]]",
    ],
)
def test_a_code_ends_before_the_punctuation_behind_it(marked: str) -> None:
    _check(marked)


@pytest.mark.parametrize(
    "text",
    [
        "pin it!",
        "the pin is 12!",
        "PIN 2FA!",
        "error code: 4829!",
        "zip code 90210!",
        "pin D4!",
        "the code is 50% done!",
        "my pin is wrong!!",
    ],
)
def test_other_words_and_numbers_before_punctuation_stay(text: str) -> None:
    assert redact(text) == text
