"""What in labelled texts makes a worse model than their author expects, in sentences."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from prompt_capture.domain.predictions import UNKNOWN_INTENT
from training.data.examples import TRAINING_SPLIT, Example, LocatedExample, grouping_key
from training.data.locations import Location

_SHOWN = 3
_NOT_A_LETTER = re.compile(r"[\W_]+")
_TEST_SPLIT = re.compile(
    r"(?:.*[\W_])?(?:dev|test|testing|val|valid|validation|eval|evaluation|gold|"
    r"held[\W_]?out|holdout)(?:[\W_\d].*)?"
)
"""The names of splits that are not for training."""

_COPY = re.compile(
    r"\s*(?:\(\d{1,2}\)|[-_ ]+(?:copy|copia|copie|kopie)(?:[-_ ]*\(?\d{1,2}\)?)?)\s*\Z"
    r"|\A(?:copy of|kopie von|copie de|copia de)\s+"
    r"|\s*\([^()]*conflicted copy[^()]*\)\Z|\.sync-conflict-[\w-]+\Z|\.(?:bak|orig)\Z",
    re.IGNORECASE,
)
"""What a program adds to the name of a file that exists: `greet (1)`, `Copy of greet`."""

_LOOKS_LATIN = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u03b1\u03bd\u03bf\u0131",
    "aeopcyxsijavoi",
)
"""Letters of Cyrillic, Greek and Turkish that are shown like Latin ones, in lower case."""

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_BETWEEN_LABELS = "#|+,;/"

_FOREIGN_UNKNOWN = frozenset({"none", "nlufallback", "oos", "outofscope", "fallback", "unknown"})
"""How others name the intent of messages to which no intent applies, as compared."""


def describe_conflicts(examples: Sequence[LocatedExample]) -> Iterator[str]:
    """Name the texts that have different labels, with the place of each label."""
    places_by_text: dict[str, dict[str, Location]] = {}
    for example, location in examples:
        places = places_by_text.setdefault(grouping_key(example.text), {})
        places.setdefault(example.label, location)
    conflicts = [places for places in places_by_text.values() if len(places) > 1]
    if conflicts:
        listed = "; ".join(
            " and ".join(f"{location} ({label})" for label, location in places.items())
            for places in conflicts[:_SHOWN]
        )
        yield (
            f"{_count(len(conflicts), 'text has', 'texts have')} more than one label. Training "
            f"takes the corrected one, or else the last. {listed}{_more(len(conflicts))}."
        )


def describe_similar_labels(labels: Sequence[str]) -> Iterator[str]:
    """Name the labels that differ only in case, signs, the encoding of letters or a copy."""
    groups: dict[str, list[str]] = {}
    for label in sorted(set(labels)):
        if _NUMBER.fullmatch(label):  # -1 is another number than 1
            continue
        groups.setdefault(_compared(_COPY.sub("", label)), []).append(label)
    for group in groups.values():
        if len(group) > 1:
            names = ", ".join(f"'{label}'" for label in group)
            yield (
                f"The labels {names} differ only in case, white space, punctuation, the encoding "
                "or look of letters or the mark of a copy. Each counts as an intent of its own: "
                "write them alike if they are one."
            )


def describe_unknown_secondary(examples: Sequence[LocatedExample]) -> Iterator[str]:
    """Name the secondary intents that are the label of no text, with the place of each.

    They are misspelt, or words such as `none` where there is no further intent.
    """
    labels = {example.label for example, _location in examples}
    places: dict[str, Location] = {}
    for example, location in examples:
        for intent in example.secondary:
            if intent not in labels:
                places.setdefault(intent, location)
    if places:
        listed = "; ".join(
            f"{location} ({intent})" for intent, location in list(places.items())[:_SHOWN]
        )
        yield (
            f"{_count(len(places), 'secondary intent is', 'secondary intents are')} the label of "
            f"no text: {listed}{_more(len(places))}. Write them as the "
            "labels are written, or remove them: an empty list states that there are none."
        )


def describe_joined_labels(labels: Sequence[str]) -> Iterator[str]:
    """Name the labels that consist of other labels, as tools write texts with several intents."""
    known = set(labels)
    joined = [
        label
        for label in sorted(known)
        if any(
            len(parts) > 1 and all(part.strip() in known for part in parts)
            for parts in (label.split(separator) for separator in _BETWEEN_LABELS)
        )
    ]
    if joined:
        listed = ", ".join(f"'{label}'" for label in joined[:_SHOWN])
        yield (
            f"{_count(len(joined), 'label consists', 'labels consist')} of other labels: "
            f"{listed}{_more(len(joined))}. Each counts as an intent of its own: write the first "
            "intent as the label, and in JSON lines the others in the field `secondary`."
        )


def describe_numbers(labels: Sequence[str]) -> Iterator[str]:
    """Say that all labels are numbers, as tools write classes without their names."""
    numbers = sorted({label for label in labels if _NUMBER.fullmatch(label)})
    if len(numbers) > 1 and len(numbers) == len(set(labels)):
        yield (
            f"All labels are numbers, such as {numbers[0]} and {numbers[1]}. If they stand for "
            "intents, write the names of these: responses and reviewers would have the numbers."
        )


def describe_rare_labels(examples: Sequence[Example], minimum: int) -> Iterator[str]:
    """Name the labels with fewer than `minimum` different texts, which training cannot measure."""
    texts = {(grouping_key(example.text), example.label) for example in examples}
    counts = Counter(label for _text, label in texts)
    rare = sorted((count, label) for label, count in counts.items() if count < minimum)
    if rare:
        listed = ", ".join(f"{label} ({count})" for count, label in rare)
        yield (
            f"{_count(len(rare), 'label has', 'labels have')} fewer than {minimum} different "
            f"texts, too few to learn from and to measure: {listed}. Add texts, or remove them."
        )


def describe_copies(examples: Sequence[Example]) -> Iterator[str]:
    """Say how many examples repeat the text and the label of another one."""
    distinct = {(grouping_key(example.text), example.label) for example in examples}
    if copies := len(examples) - len(distinct):
        count = _count(copies, "copy of a text is", "copies of texts are")
        yield f"{count} left out: a text counts once for each label."


def describe_splits(examples: Sequence[LocatedExample]) -> Iterator[str]:
    """Name the splits whose texts are not for training."""
    splits = Counter(each.example.split for each in examples if not each.example.is_for_training)
    for split, count in splits.items():
        yield f"{_count(count, 'text has', 'texts have')} the split {split}: not for training."


def describe_unusual_splits(examples: Sequence[LocatedExample]) -> Iterator[str]:
    """Name the splits to measure on whose names do not say that they are for this."""
    splits = Counter(example.split for example, _location in examples if example.split)
    for split, count in splits.items():
        if not _TEST_SPLIT.fullmatch(split):
            yield (
                f"{_count(count, 'text has', 'texts have')} the split {split} and "
                f"{'is' if count == 1 else 'are'} measured. If it is for training, rename it to "
                f"{TRAINING_SPLIT}."
            )


def describe_missing_splits(examples: Sequence[LocatedExample]) -> Iterator[str]:
    """Name the texts to measure on that have no split, in files where others have one."""
    files = {location.source for example, location in examples if example.split}
    places = [
        str(location)
        for example, location in examples
        if not example.split and location.source in files
    ]
    if places:
        count = _count(len(places), "text", "texts")
        is_measured = "is measured" if len(places) == 1 else "are measured"
        them = "it" if len(places) == 1 else "them"
        yield (
            f"{count} without a split, in files with splits, {is_measured}, and `train` trains on "
            f"{them}: {' and '.join(places[:_SHOWN])}{_more(len(places))}. State the split."
        )


def describe_scope(examples: Sequence[Example], minimum: int) -> Iterator[str]:
    """Say what `unknown` means where there are fewer than `minimum` texts with this label."""
    labels = Counter(example.label for example in examples)
    for label in sorted(labels):
        if label != UNKNOWN_INTENT and _compared(label) in _FOREIGN_UNKNOWN:
            yield (
                f"The label {label} counts as an intent. If it means that no intent applies, "
                f"rename it to {UNKNOWN_INTENT}."
            )
    count = labels[UNKNOWN_INTENT]
    if count < minimum:
        found = f"Only {count} texts have" if count else "No text has"
        yield (
            f"{found} the label {UNKNOWN_INTENT}, which means that no intent applies. The model "
            "then recognises out-of-scope messages less well. Add at least "
            f"{minimum} messages that your assistant does not handle, with this label or in a file "
            f"{UNKNOWN_INTENT}.txt. training/data/train/*/{UNKNOWN_INTENT}.txt have some: leave "
            "out what your assistant does handle."
        )


def _compared(label: str) -> str:
    composed = unicodedata.normalize("NFKC", label)
    return _NOT_A_LETTER.sub("", composed.casefold()).translate(_LOOKS_LATIN) or composed


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number:,} {singular if number == 1 else plural}"


def _more(count: int) -> str:
    return f"; and {count - _SHOWN:,} more" if count > _SHOWN else ""
