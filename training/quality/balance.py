"""How much the utterances of each label are, and how real people's messages they look."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prompt_capture.domain.predictions import UNKNOWN_INTENT
from training.quality.findings import BARE_LABELS, Finding
from training.quality.reading import TWO_INTENTS, Utterance, in_held_out, in_training
from training.quality.templates import count_skeletons, find_families

MIN_TRAINING = 150
MIN_UNKNOWN = 1_000
MIN_HELD_OUT = 30
LARGEST_RATIO = 3
"""Of two labels, `unknown` left aside, none has more than three times the other's utterances."""

LARGEST_FAMILY = 6
FAMILY_TO_SHOW = 3
"""People do say "show me my ..." a few times; a list of slot values shows more of one frame."""

# Bounds with room around what the utterances were when they were set (beside each): they find a
# file that a script or one tidy hand has written, not a taste.
EFFECTIVE_SHARE = 0.9  # 0.97
OPENING_SHARE = 0.15  # 0.13, thanks
LOWER_SHARE = 0.7  # 0.81, search
UNPUNCTUATED_SHARE = 0.7  # 0.78, clarification_request
LONG, LONG_SHARE = 12, 0.01  # 0.02, unknown
SHORT, SHORT_SHARE = 3, 0.01  # 0.02, calendar_event


@dataclass(frozen=True)
class Figures:
    """The training lines of one label in figures; shares are of its lines.

    `effective` counts those that differ in one slot as one utterance. `opening` is the commonest
    pair of first words, with the share of lines of three words or more that start so. `long` and
    `short` are the shares of twelve words or more, and of three or fewer.
    """

    group: str
    lines: int
    effective: int
    held_out: int
    opening: str
    opening_share: float
    lower: float
    unpunctuated: float
    long: float
    short: float


def describe(utterances: Sequence[Utterance]) -> list[Figures]:
    """Answer the figures of each label that has training lines, and of messages with two."""
    held_out = Counter(u.group for u in in_held_out(utterances))
    groups = _by_group(in_training(utterances))
    return [_figures(group, members, held_out[group]) for group, members in sorted(groups.items())]


def check_templates(utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """Yield the frames that a label's training lines fill more often than people would."""
    for group, members in sorted(_by_group(in_training(utterances)).items()):
        for family in find_families(members, FAMILY_TO_SHOW):
            size = len(family.members)
            why = f"{group} has {size} messages in one frame: {family.frame}"
            if size > LARGEST_FAMILY:
                advice = f"Keep {LARGEST_FAMILY} at most; write others in other words."
                yield Finding("templates", "error", why, advice, family.members)
            else:
                yield Finding("templates", "warning", why, "", family.members)


def check_balance(figures: Sequence[Figures]) -> Iterator[Finding]:
    """Yield what makes labels too small, too large, or unlike what people type."""
    for label in figures:
        for why in _too_few(label):
            yield Finding("balance", "error", f"{label.group}: {why}", "Write more.")
        for why in _unlike_people(label):
            advice = "Write as people type: in other words, short and long."
            yield Finding("balance", "error", f"{label.group}: {why}", advice)
    rated = [f for f in figures if f.group not in {UNKNOWN_INTENT, TWO_INTENTS}]
    if not rated:
        return
    large, small = (f(rated, key=lambda label: label.effective) for f in (max, min))
    if large.effective > LARGEST_RATIO * small.effective:
        why = f"{large.group} has {large.effective} utterances, {small.group} {small.effective}."
        yield Finding("balance", "error", why, f"Write more for {small.group}.")


def _too_few(label: Figures) -> Iterator[str]:
    fewest = MIN_UNKNOWN if label.group == UNKNOWN_INTENT else MIN_TRAINING
    if label.group != TWO_INTENTS and label.effective < fewest:
        yield f"{label.effective} utterances to train on, at least {fewest} are needed."
    if label.held_out < MIN_HELD_OUT:
        yield f"{label.held_out} held-out messages, at least {MIN_HELD_OUT} are needed."


def _unlike_people(label: Figures) -> Iterator[str]:
    if label.opening_share > OPENING_SHARE:
        yield (
            f"{label.opening_share:.0%} of the lines start with '{label.opening}', "
            f"at most {OPENING_SHARE:.0%} should."
        )
    shares = [
        (label.lower, LOWER_SHARE, "are in lower case"),
        (label.unpunctuated, UNPUNCTUATED_SHARE, "end without punctuation"),
    ]
    if label.group not in BARE_LABELS:
        distinct = label.effective / label.lines
        shares.append((distinct, EFFECTIVE_SHARE, "are more than a slot apart"))
        shares.append((label.long, LONG_SHARE, f"have {LONG} words or more"))
    if label.group != TWO_INTENTS:
        shares.append((label.short, SHORT_SHARE, f"have {SHORT} words or fewer"))
    for share, least, what in shares:
        if share < least:
            yield f"{share:.1%} of the lines {what}, at least {least:.0%} should."


def _figures(group: str, members: Sequence[Utterance], held_out: int) -> Figures:
    def share(count: int) -> float:
        return count / len(members)

    openings = Counter(" ".join(u.words[:2]) for u in members if len(u.words) > 2)
    opening, count = max(openings.items(), key=lambda entry: entry[1], default=("", 0))
    lengths = [len(u.words) for u in members]
    return Figures(
        group=group,
        lines=len(members),
        effective=count_skeletons(members),
        held_out=held_out,
        opening=opening,
        opening_share=share(count),
        lower=share(sum(u.text == u.text.lower() for u in members)),
        unpunctuated=share(sum(not u.text.endswith((".", "!", "?")) for u in members)),
        long=share(sum(length >= LONG for length in lengths)),
        short=share(sum(length <= SHORT for length in lengths)),
    )


def _by_group(utterances: Sequence[Utterance]) -> dict[str, list[Utterance]]:
    groups: dict[str, list[Utterance]] = {}
    for utterance in utterances:
        groups.setdefault(utterance.group, []).append(utterance)
    return groups
