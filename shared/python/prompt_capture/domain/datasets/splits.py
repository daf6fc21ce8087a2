"""On which side of a test a text falls, with all its copies and for ever: its hash alone tells."""

import hashlib
from typing import Literal

from prompt_capture.domain.text import shared_text

Split = Literal["train", "dev", "gold"]

_SALT = "prompt-capture: split: "
_GOLD_PERCENT = 10
_DEV_PERCENT = 10
_BUCKETS = 2**32


def split_of(text: str) -> Split:
    """Answer a text's side: one tenth is gold, one tenth dev.

    The shares and the salt are no settings: with others, texts would change sides, and a model
    would be tested on what it was trained on.
    """
    digest = hashlib.sha256((_SALT + shared_text(text)).encode()).digest()
    percent = int.from_bytes(digest[:4], "big") * 100 / _BUCKETS
    if percent < _GOLD_PERCENT:
        return "gold"
    return "dev" if percent < _GOLD_PERCENT + _DEV_PERCENT else "train"
