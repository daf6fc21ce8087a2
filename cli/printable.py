"""Texts of people, made safe to show in a terminal."""

import unicodedata

_MAX_CHARACTERS = 500


def printable(text: str) -> str:
    """Return a text on one line, without characters that control a terminal or hide others."""
    line = " ".join(text[:_MAX_CHARACTERS].split())
    if len(text) > _MAX_CHARACTERS:
        line += "…"
    return line if line.isprintable() else "".join(map(_printable_character, line))


def count_of(number: int, singular: str, plural: str = "") -> str:
    """Return a number and what it counts: `1 row`, `2 rows`. `plural` is for irregular nouns."""
    return f"{number:,} {singular if number == 1 else plural or f'{singular}s'}"


def _printable_character(character: str) -> str:
    match unicodedata.category(character):
        case "Cf":  # zero width, or changes the direction of what follows
            return ""
        case "Cc" | "Cs" | "Co":
            return "\N{REPLACEMENT CHARACTER}"
        case _:
            return character


def json_for_terminals(serialised: str) -> str:
    """Return JSON in ASCII without the control character that JSON leaves unescaped."""
    return serialised.replace("\x7f", "\\u007f")
