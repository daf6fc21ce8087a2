"""Of a text that is crowded with entities, one placeholder stands for the middle."""

import pytest

from prompt_capture.domain.redaction import KEPT_ENTITIES, PLACEHOLDERS, redact

QUESTION = "Please import this list."
REQUEST = "Then tell me which of them bounced."


def list_of(line: str, placeholders: str, count: int) -> tuple[str, str]:
    """Return a list between a question and a request, and what redaction makes of a short one."""
    lines = "\n".join(line.format(number=number) for number in range(10, 10 + count))
    redacted = "\n".join([placeholders] * count)
    return f"{QUESTION}\n{lines}\n{REQUEST}", f"{QUESTION}\n{redacted}\n{REQUEST}"


@pytest.mark.parametrize(
    ("line", "placeholders", "count"),
    [
        ("ann{number}@example.org", "<EMAIL>", 100),
        ("ann{number}@example.org, +49 171 23456{number}", "<EMAIL>, <PHONE>", 80),
        ("10.0.7.{number} GET /index.html", "<IP> GET /index.html", 100),
        (
            "From: ann{number}@example.org\nTo: bob{number}@example.org\nPhone: 0171 23456{number}",
            "From: <EMAIL>\nTo: <EMAIL>\nPhone: <PHONE>",
            30,
        ),
    ],
)
def test_every_entity_of_an_ordinary_list_has_its_placeholder(
    line: str, placeholders: str, count: int
) -> None:
    text, redacted = list_of(line, placeholders, count)
    assert redact(text) == redacted


@pytest.mark.parametrize(
    ("line", "placeholders", "count"),
    [
        ("10.0.7.{number} 10.0.9.{number}", "<IP> <IP>", 160),
        (
            "name: Ann\nemail: ann{number}@example.org\nphone: 0171 23456{number}\npin: 47{number}",
            "name: Ann\nemail: <EMAIL>\nphone: <PHONE>\npin: <SECRET>",
            60,
        ),
    ],
)
def test_one_placeholder_stands_for_the_middle_of_a_crowded_text(
    line: str, placeholders: str, count: int
) -> None:
    text, _ = list_of(line, placeholders, count)
    redacted = redact(text)
    first, last = list_of(line, placeholders, 2)[1].split("\n"), [placeholders, REQUEST]
    assert redacted.split("\n")[: len(first) - 1] == first[:-1]
    assert redacted.endswith("\n".join(last))
    assert "example.org" not in redacted
    assert "10.0.7" not in redacted
    kept = sum(map(redacted.count, PLACEHOLDERS.values()))
    assert 2 * KEPT_ENTITIES < kept < count * placeholders.count("<")
    assert redact(redacted) == redacted


def test_the_middle_of_a_crowded_text_goes_whatever_it_holds() -> None:
    lines = [f"10.0.7.{number % 200}" for number in range(340)]
    lines[170] = "these words are in the middle"
    assert "middle" not in redact("\n".join(lines))
    assert "middle" in redact("\n".join(lines[50:250]))
