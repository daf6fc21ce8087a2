"""What is wrong with the utterances: copies, labels, and a held-out part that is not apart.

Templates and balance are in `training.quality.balance`; `python -m training.quality` reports all.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from training.examples import grouping_key
from training.quality.copies import MIN_WORDS, Pair
from training.quality.reading import Utterance, in_held_out, in_training

BARE_LABELS = frozenset(
    {"cancel", "confirm", "greeting", "temporal_slot_fill", "thanks", "time_slot_fill"}
)
"""Intents that half of the messages say in three words or fewer: two people who write them apart
write the same."""

COPIES_SHARE = 0.05
"""At most so large a share of a label's training lines may be copies or near copies of others."""

NEAR_HELD_OUT_SHARE = 0.05
"""At most so large a share of the held-out lines may nearly stand in the training part."""

Grade = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """A fault (or for a note, a fact) of the data: which lines, why, and what to do about it."""

    check: str
    grade: Grade
    why: str
    advice: str = ""
    lines: tuple[Utterance, ...] = ()


def check_labels(utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """Yield the lines whose intents are not those of the training part, or are named twice."""
    known = {u.intents[0] for u in in_training(utterances)}
    for utterance in utterances:
        if strange := sorted(set(utterance.intents) - known):
            why = f"No training message has {' or '.join(strange)} as its intent."
            yield Finding("labels", "error", why, "Correct the label.", (utterance,))
        if len(set(utterance.intents)) < len(utterance.intents):
            advice = "A second intent is another one: remove it, or correct it."
            yield Finding("labels", "error", "An intent is named twice.", advice, (utterance,))


def check_copies(utterances: Sequence[Utterance], pairs: Sequence[Pair]) -> Iterator[Finding]:
    """Yield copies within the training part and within the held-out part."""
    within = [pair for pair in pairs if pair.one.held_out == pair.other.held_out]
    for pair in within:
        yield _between(pair) if pair.one.intents != pair.other.intents else _inside(pair)
    copies = Counter(u.group for u in {u.place: u for u in _copying(within)}.values())
    lines = Counter(u.group for u in in_training(utterances))
    for group, count in sorted(copies.items()):
        if count > COPIES_SHARE * lines[group]:
            why = f"{count} of the {lines[group]} training lines of {group} copy others."
            yield Finding("copies", "error", why, f"Leave at most {COPIES_SHARE:.0%} of them.")


def check_held_out(utterances: Sequence[Utterance], pairs: Sequence[Pair]) -> Iterator[Finding]:
    """Yield the held-out lines that stand in the training part too, or nearly."""
    across = [pair for pair in pairs if pair.one.held_out != pair.other.held_out]
    near, bare = set(), set()
    for pair in across:
        held_out = pair.one if pair.one.held_out else pair.other
        if pair.one.intents != pair.other.intents:
            yield _between(pair)
        elif _is_bare(held_out):
            bare.add(held_out.place)
        elif pair.same_words:
            advice = "Take the line out of the training part."
            why = "A held-out message stands in the training part."
            yield Finding("held-out", "error", why, advice, _lines(pair))
        else:
            near.add(held_out.place)
            why = "A held-out message nearly stands in the training part."
            yield Finding("held-out", "warning", why, "", _lines(pair))
    if bare:
        labels = ", ".join(sorted(BARE_LABELS))
        why = (
            f"Allowed, since messages of one or two words and of {labels} are bare by nature: "
            f"{len(bare)} held-out messages stand in the training part too, or nearly."
        )
        yield Finding("held-out", "note", why)
    total = len(in_held_out(utterances))
    if len(near) > NEAR_HELD_OUT_SHARE * total:
        why = f"{len(near)} of the {total} held-out lines nearly stand in the training part."
        advice = f"Reword training lines until at most {NEAR_HELD_OUT_SHARE:.0%} of them do."
        yield Finding("held-out", "error", why, advice)


def _between(pair: Pair) -> Finding:
    """Answer what to say of a pair with different intents.

    A question mark can decide ("alright?" greets, "alright" agrees), and near misses are wanted.
    """
    if pair.same_words and ("?" in pair.one.text) == ("?" in pair.other.text):
        why = "One text stands under two labels."
        return Finding("copies", "error", why, "Decide for one, delete the other.", _lines(pair))
    why = "A near miss: like messages with different labels. Wanted, where both are right."
    return Finding("copies", "note", why, "", _lines(pair))


def _inside(pair: Pair) -> Finding:
    if grouping_key(pair.one.text) == grouping_key(pair.other.text):
        why = "The same line stands twice."
        return Finding("copies", "error", why, "Delete one of them.", _lines(pair))
    why = "A copy, or nearly, under one label."
    return Finding("copies", "warning", why, "", _lines(pair))


def _copying(pairs: Sequence[Pair]) -> Iterator[Utterance]:
    return (
        pair.other
        for pair in pairs
        if pair.one.intents == pair.other.intents and not pair.other.held_out
    )


def _is_bare(utterance: Utterance) -> bool:
    return utterance.group in BARE_LABELS or len(utterance.words) < MIN_WORDS


def _lines(pair: Pair) -> tuple[Utterance, Utterance]:
    return pair.one, pair.other
