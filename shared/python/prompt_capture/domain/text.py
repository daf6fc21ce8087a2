"""The one normalisation of a text, in training and in service alike."""

import re
import unicodedata

_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff\ud800-\udfff]")
"""Control characters, marks without width, and halves of surrogate pairs, which no one can read."""


def normalise(text: str) -> str:
    """Compose (Unicode NFKC), drop control characters, and collapse white space."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())  # there is nothing to compose or to drop
    return " ".join(_UNSEEN.sub("", unicodedata.normalize("NFKC", text)).split())


def shared_text(text: str) -> str:
    """What all copies of a text have in common: normalised, capitals A to Z made small.

    The database has a function of the same meaning (`private.normalise`).
    """
    return normalise(text).encode().lower().decode()
