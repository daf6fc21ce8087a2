"""The student's vocabulary and its initial table, both made from those of the encoder.

The vocabulary is a part of the encoder's: a removed word is tokenised into shorter pieces. The
table holds the encoder's embedding of each word piece, reduced by PCA.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

Floats = NDArray[np.float32]

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_PLAIN = re.compile(r"(##)?[a-z0-9']+")
FIRST_WORD_ID = 1996
"""BERT's ids below this one are special tokens and single characters."""
_PIECES_PER_CHUNK = 256
_TEXTS_PER_CHUNK = 1_024


def select_pieces(tokenizer: Tokenizer, texts: Sequence[str], size: int) -> list[int]:
    """Return the ids of at most `size` pieces to keep, in ascending order.

    All single Latin-1 characters are kept, so that no word becomes unknown. The other ids are those
    of the texts, most frequent first, then the rest in BERT's order, which is that of frequency in
    English. WordPiece takes the longest piece that fits: it splits a removed word into shorter
    pieces.
    """
    vocabulary = tokenizer.get_vocab()
    kept_ids = {vocabulary[piece] for piece in SPECIAL_TOKENS}
    kept_ids |= {number for piece, number in vocabulary.items() if _is_character(piece)}
    counts = Counter(number for ids in encode_texts(tokenizer, texts) for number in ids)
    common_ids = sorted(
        number
        for piece, number in vocabulary.items()
        if number >= FIRST_WORD_ID and _PLAIN.fullmatch(piece)
    )
    by_use = sorted(counts, key=lambda number: (-counts[number], number))
    for number in (*by_use, *common_ids):
        if len(kept_ids) >= size:
            break
        kept_ids.add(number)
    return sorted(kept_ids)


def encode_texts(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield the token ids of each text.

    What the tokenizer returns beside them takes kilobytes a text, so only a chunk of it exists.
    """
    for start in range(0, len(texts), _TEXTS_PER_CHUNK):
        for encoding in tokenizer.encode_batch(texts[start : start + _TEXTS_PER_CHUNK]):
            yield encoding.ids


def trim_tokenizer(tokenizer: Tokenizer, kept_ids: Sequence[int]) -> Tokenizer:
    """Return a tokenizer whose id `n` is the piece that had the id `kept_ids[n]`."""
    content: dict[str, Any] = json.loads(tokenizer.to_str())
    old = {number: piece for piece, number in content["model"]["vocab"].items()}
    vocabulary = {old[number]: n for n, number in enumerate(kept_ids)}
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


def project_pca(vectors: Floats, width: int) -> Floats:
    """Project vectors [pieces, any] on their first principal components: [pieces, width].

    The mean squared length of the rows is 1.
    """
    mean = vectors.mean(axis=0, dtype=np.float64)
    scatter = (vectors.T @ vectors).astype(np.float64) - len(vectors) * np.outer(mean, mean)
    _, directions = np.linalg.eigh(scatter)
    components = directions[:, ::-1][:, :width].astype(np.float32)
    # The sign of a component is arbitrary: fix it, so that all machines agree.
    components *= np.sign(components[np.abs(components).argmax(axis=0), np.arange(width)])
    rows: Floats = vectors @ components
    rows -= rows.mean(axis=0)
    rows /= np.sqrt((rows**2).sum(axis=1).mean())
    return rows


def nearest_pieces(vectors: Floats, first: int, count: int = 8) -> NDArray[np.intp]:
    """Return the `count` most similar pieces (cosine) of the `first` pieces: [first, count]."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    nearest = [np.empty((0, count), np.intp)]
    for start in range(0, first, _PIECES_PER_CHUNK):
        similarity = unit[start : min(start + _PIECES_PER_CHUNK, first)] @ unit.T
        rows = np.arange(len(similarity))
        similarity[rows, start + rows] = -np.inf
        # A view would keep the whole order of all pieces, a gigabyte.
        nearest.append(np.argpartition(-similarity, count, axis=1)[:, :count].copy())
    return np.concatenate(nearest)


def _is_character(piece: str) -> bool:
    character = piece.removeprefix("##") if len(piece) > 2 else piece
    return len(character) == 1 and ord(character) < 256
