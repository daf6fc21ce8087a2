"""Assign texts to train, dev and gold by their hash alone."""

import hashlib
from typing import Literal

from prompt_capture.domain.text import canonical_text

Split = Literal["train", "dev", "gold"]

_SALT = "prompt-capture: split: "
_GOLD_PERCENT = 10
_DEV_PERCENT = 10
_BUCKETS = 2**32


def split_of(text: str) -> Split:
    """Return the split of a text and all its copies. A tenth is gold, and a tenth is dev.

    The shares and the salt are deliberately not settings. With other values, texts would change
    their split, and models would be tested on texts that they were trained on.
    """
    digest = hashlib.sha256((_SALT + canonical_text(text)).encode()).digest()
    percent = int.from_bytes(digest[:4], "big") * 100 / _BUCKETS
    if percent < _GOLD_PERCENT:
        return "gold"
    return "dev" if percent < _GOLD_PERCENT + _DEV_PERCENT else "train"
