"""Template detection: messages that differ in one slot only, as an expanded template does."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from training.data.utterances import Utterance

MAX_SLOT_WORDS = 3
MIN_FIXED_WORDS = 3
"""A frame has at least three fixed words, and at least twice as many as its slot has words."""

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
_PLACEHOLDERS = {"#", "@", "%"}


@dataclass(frozen=True)
class TemplateFamily:
    """Messages that fit one frame.

    In the frame, `*` is the slot, `#` a number, `@` a day and `%` a month.
    """

    frame: str
    members: tuple[Utterance, ...]


def mask_slots(utterance: Utterance) -> tuple[str, ...]:
    """Return the words with numbers, days and months masked.

    A message of such words alone stays unchanged: they are its content, not a slot.
    """
    masked = [_mask_word(word) for word in utterance.words]
    if _PLACEHOLDERS.issuperset(masked):
        return utterance.words
    return tuple(
        word
        for i, word in enumerate(masked)
        if word not in _PLACEHOLDERS or masked[i - 1 : i] != [word]
    )


def find_families(utterances: Sequence[Utterance], more_than: int) -> list[TemplateFamily]:
    """Return the frames that fit more than `more_than` messages, largest first.

    A frame is left out if all its messages fit a larger one. Of two frames with the same messages,
    the one with the shorter slot remains.
    """
    frames = [(f, set(m)) for f, m in _group_by_frame(utterances).items() if len(m) > more_than]
    larger_frames: dict[int, list[set[int]]] = {}
    families = []
    for frame, members in sorted(frames, key=lambda entry: -len(entry[1])):
        if any(members <= larger for larger in larger_frames.get(min(members), [])):
            continue
        for member in members:
            larger_frames.setdefault(member, []).append(members)
        families.append(TemplateFamily(frame, tuple(utterances[i] for i in sorted(members))))
    return families


def count_distinct(utterances: Sequence[Utterance]) -> int:
    """Count the messages; those that differ in one slot only count as one."""
    pairs = [
        (members[0], member)
        for members in _group_by_frame(utterances).values()
        for member in members[1:]
    ]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    size = len(utterances)
    links = coo_array((np.ones(len(pairs), dtype=np.int8), (rows, columns)), shape=(size, size))
    return int(connected_components(links, directed=False, return_labels=False))


def _group_by_frame(utterances: Sequence[Utterance]) -> dict[str, list[int]]:
    frames: dict[str, list[int]] = {}
    for i, utterance in enumerate(utterances):
        for frame in _list_frames(mask_slots(utterance)):
            members = frames.setdefault(frame, [])
            if members[-1:] != [i]:
                members.append(i)
    return frames


def _list_frames(words: tuple[str, ...]) -> Iterator[str]:
    """Yield the words unchanged, then with each run of up to three words replaced by a slot."""
    yield " ".join(words)
    for length in range(1, MAX_SLOT_WORDS + 1):
        for start in range(len(words) - length + 1):
            before, after = words[:start], words[start + length :]
            fixed = sum(word not in _PLACEHOLDERS for word in before + after)
            if fixed >= max(MIN_FIXED_WORDS, 2 * length):
                yield " ".join((*before, "*", *after))


def _mask_word(word: str) -> str:
    return next((slot for pattern, slot in _SLOTS if pattern.fullmatch(word)), word)
