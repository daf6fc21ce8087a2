"""Messages that differ in one slot only, as a template expanded by hand or by a script does."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from training.quality.reading import Utterance

LONGEST_SLOT = 3
MIN_FIXED = 3
"""A frame has at least three words around its slot, and twice as many as the slot has."""

_DAYS = (
    "mon(day)?s?|tue(s|sday)?s?|wed(s|nesday)?s?|thu(r|rs|rsday)?s?|fri(day)?s?|sat(urday)?s?"
    "|sun(day)?s?|today|tonight|tomorrow|tmrw?|tmw|yesterday"
)
_MONTHS = (
    "jan(uary)?|feb(ruary)?|march|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?"
    "|nov(ember)?|dec(ember)?"
)
_NUMBERS = (
    r"\w*\d\w*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty"
    "|thirty|forty|fifty|noon|midnight|am|pm"
)
_SLOTS = [(re.compile(p), slot) for p, slot in ((_NUMBERS, "#"), (_DAYS, "@"), (_MONTHS, "%"))]
_SIGNS = {"#", "@", "%"}


@dataclass(frozen=True)
class Family:
    """Messages that stand in one frame; `*` is the slot, `#` a number, `@` a day, `%` a month."""

    frame: str
    members: tuple[Utterance, ...]


def skeleton(utterance: Utterance) -> tuple[str, ...]:
    """Answer the words with numbers, days and months masked.

    What is nothing but such words stays as it is: they are the message there, not a slot in it.
    """
    masked = [_masked(word) for word in utterance.words]
    if _SIGNS.issuperset(masked):
        return utterance.words
    return tuple(
        word for i, word in enumerate(masked) if word not in _SIGNS or masked[i - 1 : i] != [word]
    )


def find_families(utterances: Sequence[Utterance], more_than: int) -> list[Family]:
    """Answer the frames that hold more than so many messages, largest first.

    A frame whose messages all stand in a larger one is left out; of two with the same messages
    the one with the shorter slot is kept.
    """
    frames = [(f, set(m)) for f, m in _frames(utterances).items() if len(m) > more_than]
    kept_with: dict[int, list[set[int]]] = {}
    families = []
    for frame, members in sorted(frames, key=lambda entry: -len(entry[1])):
        if any(members <= larger for larger in kept_with.get(min(members), [])):
            continue
        for member in members:
            kept_with.setdefault(member, []).append(members)
        families.append(Family(frame, tuple(utterances[i] for i in sorted(members))))
    return families


def count_skeletons(utterances: Sequence[Utterance]) -> int:
    """Count the messages, those that differ in one slot as one."""
    pairs = [
        (members[0], member) for members in _frames(utterances).values() for member in members[1:]
    ]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    size = len(utterances)
    links = coo_array((np.ones(len(pairs), dtype=np.int8), (rows, columns)), shape=(size, size))
    return int(connected_components(links, directed=False, return_labels=False))


def _frames(utterances: Sequence[Utterance]) -> dict[str, list[int]]:
    frames: dict[str, list[int]] = {}
    for i, utterance in enumerate(utterances):
        for frame in _frames_of(skeleton(utterance)):
            members = frames.setdefault(frame, [])
            if members[-1:] != [i]:
                members.append(i)
    return frames


def _frames_of(words: tuple[str, ...]) -> Iterator[str]:
    """Yield the words themselves, then with each run of up to three made a slot."""
    yield " ".join(words)
    for length in range(1, LONGEST_SLOT + 1):
        for start in range(len(words) - length + 1):
            before, after = words[:start], words[start + length :]
            fixed = sum(word not in _SIGNS for word in before + after)
            if fixed >= max(MIN_FIXED, 2 * length):
                yield " ".join((*before, "*", *after))


def _masked(word: str) -> str:
    return next((slot for pattern, slot in _SLOTS if pattern.fullmatch(word)), word)
