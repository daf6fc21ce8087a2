"""Texts that are redacted, and then shortened to what the store holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_capture.domain.long_texts import SHORTENED, redact_and_shorten, redact_start
from prompt_capture.domain.redaction import redact

CARD = "4111 1111 1111 1111"
EMAIL = "ada.lovelace@example.com"
SECRETS = (CARD, EMAIL, "+44 20 7946 0958", "DE89 3704 0044 0532 0130 00")


def test_a_text_within_the_limit_is_only_redacted() -> None:
    assert redact_start(f"ask {EMAIL}", 100) == ("ask <EMAIL>", False)
    assert redact_and_shorten(f"ask {EMAIL}", 100) == "ask <EMAIL>"


def test_a_text_that_redaction_makes_longer_is_shortened() -> None:
    text = "a@b.io " * 10

    start, is_shortened = redact_start(text, len(text))

    assert is_shortened
    assert start == ("<EMAIL> " * 10)[: len(text)]


def test_a_text_that_redaction_makes_short_enough_is_complete() -> None:
    assert redact_start(f"my card is {CARD}", 20) == ("my card is <CARD>", False)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("offset", range(1, 30))
def test_no_part_of_an_entity_at_the_limit_remains(secret: str, offset: int) -> None:
    limit = 300
    for position in (limit - offset, 2 * limit - offset):
        text = ("word " * 200)[:position] + f" {secret} " + "word " * 200

        shortened = redact_and_shorten(text, limit)

        assert len(shortened) == limit
        assert not any(part in shortened for part in (secret[:6], secret[-6:], "lovelace"))


@pytest.mark.parametrize("secret", SECRETS)
def test_no_part_of_an_entity_remains_where_redaction_removes_most_of_the_text(
    secret: str,
) -> None:
    picture = "data:image/png;base64," + "iVBORw0KGgo" * 50
    for offset in range(1, 30):
        text = f"see {picture}" + " " + "word " * 200
        text = text[: 600 - offset] + f" {secret} " + "word " * 200

        start, is_shortened = redact_start(text, 300)

        assert is_shortened
        assert start.startswith("see data:image/png;base64,<SECRET>")
        assert secret[:6] not in start


def test_a_text_that_begins_with_a_cut_link_becomes_a_placeholder() -> None:
    for position in range(380, 640, 20):
        link = "https://example.com/" + "a." * (position // 2) + "?token=abcdefgh1234"

        start, _ = redact_start(link + "b" * 2_000, 300)

        assert start.startswith(("<", "https://example.com/a.a.a."))
        assert "token" not in start


def test_a_picture_in_a_message_leaves_its_placeholder() -> None:
    picture = "data:image/png;base64," + "iVBORw0KGgo" * 5_000

    assert redact_start(f"see {picture}", 4_000) == ("see data:image/png;base64,<SECRET>", True)


@given(st.text(max_size=80), st.integers(20, 60))
def test_a_shortened_text_has_at_most_the_length_of_the_limit(text: str, limit: int) -> None:
    shortened = redact_and_shorten(text, limit)

    assert len(shortened) <= limit
    assert (shortened == redact(text)) or shortened.endswith(SHORTENED)
