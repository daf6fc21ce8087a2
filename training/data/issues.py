"""Issues of the data: duplicates, wrong labels, and held-out messages that are in training too.

`training.data.balance` checks templates and balance; `python -m training.quality` runs all checks.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from training.data.duplicates import MIN_WORDS, DuplicatePair
from training.data.examples import grouping_key
from training.data.utterances import Utterance, held_out_split, training_split

SHORT_MESSAGE_LABELS = frozenset(
    {"cancel", "confirm", "greeting", "temporal_slot_fill", "thanks", "time_slot_fill"}
)
"""Intents whose messages have at most three words in half of the cases.

Two authors who write such messages independently write the same ones.
"""

MAX_DUPLICATE_SHARE = 0.05
"""The maximum share of a label's training lines that are duplicates or near-duplicates."""

MAX_NEAR_DUPLICATE_SHARE = 0.05
"""The maximum share of the held-out lines that are near-duplicates of training lines."""

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class DataIssue:
    """An issue of the data, or for a note a fact about it.

    `advice` says how to fix it, and `utterances` are the lines that it concerns.
    """

    check: str
    severity: Severity
    message: str
    advice: str = ""
    utterances: tuple[Utterance, ...] = ()


def check_labels(utterances: Sequence[Utterance]) -> Iterator[DataIssue]:
    """Yield the lines with an intent that the training split lacks, or with one intent twice."""
    known = {u.intents[0] for u in training_split(utterances)}
    for utterance in utterances:
        if unknown := sorted(set(utterance.intents) - known):
            message = f"No training message has the intent {' or '.join(unknown)}."
            yield DataIssue("labels", "error", message, "Correct the label.", (utterance,))
        if len(set(utterance.intents)) < len(utterance.intents):
            message = "The message has the same intent twice."
            advice = "Remove the secondary intent, or correct it."
            yield DataIssue("labels", "error", message, advice, (utterance,))


def check_duplicates(
    utterances: Sequence[Utterance], pairs: Sequence[DuplicatePair]
) -> Iterator[DataIssue]:
    """Yield duplicates within the training split, and within the held-out split of an author."""
    within = [
        pair
        for pair in pairs
        if pair.one.held_out == pair.other.held_out
        and (not pair.one.held_out or pair.one.author == pair.other.author)
    ]
    for pair in within:
        yield _conflict(pair) if pair.one.intents != pair.other.intents else _duplicate(pair)
    redundant = {u.location: u for u in _list_redundant(within)}
    duplicates = Counter(u.group for u in redundant.values())
    lines = Counter(u.group for u in training_split(utterances))
    for group, count in sorted(duplicates.items()):
        if count > MAX_DUPLICATE_SHARE * lines[group]:
            message = f"{count} of the {lines[group]} training lines of {group} are duplicates."
            advice = f"Keep at most {MAX_DUPLICATE_SHARE:.0%} of them."
            yield DataIssue("duplicates", "error", message, advice)


def check_held_out(
    utterances: Sequence[Utterance], pairs: Sequence[DuplicatePair]
) -> Iterator[DataIssue]:
    """Yield the held-out lines that are duplicates or near-duplicates of training lines."""
    across = [pair for pair in pairs if pair.one.held_out != pair.other.held_out]
    near, short = set(), set()
    for pair in across:
        held_out = pair.one if pair.one.held_out else pair.other
        if pair.one.intents != pair.other.intents:
            yield _conflict(pair)
        elif _is_short(held_out):
            short.add(held_out.location)
        elif pair.has_same_words:
            message = "A held-out message is in the training split too."
            advice = "Remove the line from the training split."
            yield DataIssue("held-out", "error", message, advice, tuple(pair))
        else:
            near.add(held_out.location)
            message = "A held-out message has a near-duplicate in the training split."
            yield DataIssue("held-out", "warning", message, "", tuple(pair))
    if short:
        labels = ", ".join(sorted(SHORT_MESSAGE_LABELS))
        message = (
            f"{len(short)} held-out messages have duplicates or near-duplicates in the training "
            f"split. This is allowed for messages of one or two words, and for the intents "
            f"{labels}, since such messages are short by nature."
        )
        yield DataIssue("held-out", "note", message)
    total = len(held_out_split(utterances))
    if len(near) > MAX_NEAR_DUPLICATE_SHARE * total:
        message = (
            f"{len(near)} of the {total} held-out lines have near-duplicates in the training split."
        )
        advice = f"Reword training lines until at most {MAX_NEAR_DUPLICATE_SHARE:.0%} of them do."
        yield DataIssue("held-out", "error", message, advice)


def _conflict(pair: DuplicatePair) -> DataIssue:
    """Return the issue of a pair with different intents.

    A question mark can decide the intent: "alright?" is a greeting, "alright" is a confirmation.
    Near-duplicates with different intents are useful training data.
    """
    if pair.has_same_words and ("?" in pair.one.text) == ("?" in pair.other.text):
        message = "The same text has two labels."
        advice = "Keep the line with the right label, and delete the other."
        return DataIssue("duplicates", "error", message, advice, tuple(pair))
    message = "Similar messages have different labels. This is useful where both labels are right."
    return DataIssue("duplicates", "note", message, "", tuple(pair))


def _duplicate(pair: DuplicatePair) -> DataIssue:
    """Return the issue of a pair with the same intents."""
    if grouping_key(pair.one.text) == grouping_key(pair.other.text):
        message = "The same line exists twice."
        return DataIssue("duplicates", "error", message, "Delete one of them.", tuple(pair))
    message = "Two lines with the same label are duplicates or near-duplicates."
    return DataIssue("duplicates", "warning", message, "", tuple(pair))


def _list_redundant(pairs: Sequence[DuplicatePair]) -> Iterator[Utterance]:
    """Yield the later training line of each pair with the same intents."""
    return (
        pair.other
        for pair in pairs
        if pair.one.intents == pair.other.intents and not pair.other.held_out
    )


def _is_short(utterance: Utterance) -> bool:
    return utterance.group in SHORT_MESSAGE_LABELS or len(utterance.words) < MIN_WORDS
