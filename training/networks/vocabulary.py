"""Trim a WordPiece vocabulary: words that are dropped are spelled from the pieces that stay."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers import Tokenizer

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_PLAIN = re.compile(r"(##)?[a-z0-9']+")
FIRST_WORD = 1996
"""Before it, BERT's vocabulary holds special tokens and single characters."""


def pieces_to_keep(tokenizer: Tokenizer, texts: Iterable[str], size: int) -> list[int]:
    """Answer the old ids of at most `size` pieces, in ascending order.

    All single characters of Latin-1 stay, so that no word becomes unknown; then what the texts
    use, most frequent first; then BERT's own order, which is that of frequency in English.
    WordPiece takes the longest piece that fits, so that a dropped word falls to shorter ones.
    """
    vocabulary = tokenizer.get_vocab()
    kept = {vocabulary[piece] for piece in SPECIAL}
    kept |= {number for piece, number in vocabulary.items() if _is_character(piece)}
    encoded = tokenizer.encode_batch(list(texts))
    seen = Counter(number for encoding in encoded for number in encoding.ids)
    common = sorted(
        number
        for piece, number in vocabulary.items()
        if number >= FIRST_WORD and _PLAIN.fullmatch(piece)
    )
    by_use = sorted(seen, key=lambda number: (-seen[number], number))
    for number in (*by_use, *common):
        if len(kept) >= size:
            break
        kept.add(number)
    return sorted(kept)


def trim(tokenizer: Tokenizer, kept: Sequence[int]) -> Tokenizer:
    """Answer a tokenizer whose id `n` is the piece that had the id `kept[n]`."""
    content: dict[str, Any] = json.loads(tokenizer.to_str())
    old = {number: piece for piece, number in content["model"]["vocab"].items()}
    vocabulary = {old[number]: n for n, number in enumerate(kept)}
    content["model"]["vocab"] = vocabulary
    content["added_tokens"] = [
        {**token, "id": vocabulary[token["content"]]}
        for token in content["added_tokens"]
        if token["content"] in vocabulary
    ]
    for token, entry in content["post_processor"]["special_tokens"].items():
        entry["ids"] = [vocabulary[token]]
    content["padding"] = content["truncation"] = None
    return Tokenizer.from_str(json.dumps(content))


def _is_character(piece: str) -> bool:
    character = piece.removeprefix("##") if len(piece) > 2 else piece
    return len(character) == 1 and ord(character) < 256
