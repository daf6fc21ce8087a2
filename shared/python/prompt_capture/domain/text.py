"""The normalisation of texts, the same in training and in service."""

import re
import unicodedata

_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff\ud800-\udfff]")
"""Control characters, zero-width characters, and unpaired surrogates."""


def normalise(text: str) -> str:
    """Compose (Unicode NFKC), remove invisible characters, and collapse white space."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())  # a shortcut: nothing to compose or remove
    return " ".join(_INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).split())


def canonical_text(text: str) -> str:
    """Return the form that all copies of a text share: normalised, with A to Z in lower case.

    The database function `private.normalise_text` returns the same form.
    """
    return normalise(text).encode().lower().decode()
