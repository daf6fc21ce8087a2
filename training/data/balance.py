"""Size and style of the utterances of each label: enough of them, and like real messages."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prompt_capture.domain.predictions import UNKNOWN_INTENT
from training.data.issues import SHORT_MESSAGE_LABELS, DataIssue
from training.data.templates import count_distinct, find_families
from training.data.utterances import TWO_INTENTS, Utterance, held_out_split, training_split

MIN_TRAINING = 150
MIN_UNKNOWN = 1_000
MIN_HELD_OUT = 30
MAX_SIZE_RATIO = 5
"""How many times more utterances one label may have than another, `unknown` excluded."""

MAX_FAMILY_SIZE = 6
ALLOWED_FAMILY_SIZE = 3
"""The number of messages from one template that needs no warning.

Users do repeat "show me my ..." a few times; a list of slot values has more messages of one frame.
"""

# Limits with a margin around the values of the data when they were set (in the comments). They
# detect a file that a script or a single uniform style produced; they do not enforce a taste.
MIN_DISTINCT_SHARE = 0.85  # 0.89, user_data_query
MAX_OPENING_SHARE = 0.15  # 0.13, thanks
MIN_LOWER_CASE_SHARE = 0.55  # 0.62, calendar_event
MIN_UNPUNCTUATED_SHARE = 0.7  # 0.78, clarification_request
LONG_WORDS, MIN_LONG_SHARE = 12, 0.01  # 0.02, unknown
SHORT_WORDS, MIN_SHORT_SHARE = 3, 0.01  # 0.02, calendar_event


@dataclass(frozen=True)
class LabelStatistics:
    """Statistics of the training lines of one label; shares are of its lines.

    `distinct` counts the lines that differ in one slot only as one utterance. `opening` is the most
    common pair of first words in lines of three words or more, and `opening_share` the share of
    lines that start with it. `long_share` is the share of lines of twelve words or more,
    `short_share` that of lines of three or fewer.
    """

    group: str
    lines: int
    distinct: int
    held_out: int
    opening: str
    opening_share: float
    lower_case_share: float
    unpunctuated_share: float
    long_share: float
    short_share: float


def compute_statistics(utterances: Sequence[Utterance]) -> list[LabelStatistics]:
    """Return the statistics of each group that has training lines."""
    held_out = Counter(u.group for u in held_out_split(utterances))
    groups = _group(training_split(utterances))
    return [
        _compute_group_statistics(group, members, held_out[group])
        for group, members in sorted(groups.items())
    ]


def check_templates(utterances: Sequence[Utterance]) -> Iterator[DataIssue]:
    """Yield the frames that fit more training lines of a label than users would write."""
    for group, members in sorted(_group(training_split(utterances)).items()):
        for family in find_families(members, ALLOWED_FAMILY_SIZE):
            size = len(family.members)
            message = f"{group} has {size} messages of one frame: {family.frame}"
            if size > MAX_FAMILY_SIZE:
                advice = f"Keep at most {MAX_FAMILY_SIZE} of them, and word the others differently."
                yield DataIssue("templates", "error", message, advice, family.members)
            else:
                yield DataIssue("templates", "warning", message, "", family.members)


def check_balance(statistics: Sequence[LabelStatistics]) -> Iterator[DataIssue]:
    """Yield the labels that are too small, too large, or unlike real messages."""
    for label in statistics:
        for message in _check_size(label):
            text = f"{label.group}: {message}"
            yield DataIssue("balance", "error", text, "Write more utterances.")
        for message in _check_style(label):
            text, advice = f"{label.group}: {message}", "Vary the wording and the length."
            yield DataIssue("balance", "error", text, advice)
    comparable = [s for s in statistics if s.group not in {UNKNOWN_INTENT, TWO_INTENTS}]
    if not comparable:
        return
    large, small = (f(comparable, key=lambda label: label.distinct) for f in (max, min))
    if large.distinct > MAX_SIZE_RATIO * small.distinct:
        message = (
            f"{large.group} has {large.distinct} utterances, but {small.group} only "
            f"{small.distinct}."
        )
        yield DataIssue("balance", "error", message, f"Write more for {small.group}.")


def _check_size(label: LabelStatistics) -> Iterator[str]:
    minimum = MIN_UNKNOWN if label.group == UNKNOWN_INTENT else MIN_TRAINING
    if label.group != TWO_INTENTS and label.distinct < minimum:
        yield f"{label.distinct} distinct training utterances, at least {minimum} are needed."
    if label.held_out < MIN_HELD_OUT:
        yield f"{label.held_out} held-out messages, at least {MIN_HELD_OUT} are needed."


def _check_style(label: LabelStatistics) -> Iterator[str]:
    if label.opening_share > MAX_OPENING_SHARE:
        yield (
            f"{label.opening_share:.0%} of the lines start with '{label.opening}', "
            f"at most {MAX_OPENING_SHARE:.0%} should."
        )
    shares = [
        (label.lower_case_share, MIN_LOWER_CASE_SHARE, "are in lower case"),
        (label.unpunctuated_share, MIN_UNPUNCTUATED_SHARE, "end without punctuation"),
    ]
    if label.group not in SHORT_MESSAGE_LABELS:
        distinct = label.distinct / label.lines
        shares.append((distinct, MIN_DISTINCT_SHARE, "differ in more than one slot"))
        shares.append((label.long_share, MIN_LONG_SHARE, f"have {LONG_WORDS} words or more"))
    if label.group != TWO_INTENTS:
        shares.append((label.short_share, MIN_SHORT_SHARE, f"have {SHORT_WORDS} words or fewer"))
    for share, minimum, description in shares:
        if share < minimum:
            yield f"{share:.1%} of the lines {description}, at least {minimum:.0%} should."


def _compute_group_statistics(
    group: str, members: Sequence[Utterance], held_out: int
) -> LabelStatistics:
    def share(count: int) -> float:
        return count / len(members)

    openings = Counter(" ".join(u.words[:2]) for u in members if len(u.words) > 2)
    opening, count = max(openings.items(), key=lambda entry: entry[1], default=("", 0))
    lengths = [len(u.words) for u in members]
    return LabelStatistics(
        group=group,
        lines=len(members),
        distinct=count_distinct(members),
        held_out=held_out,
        opening=opening,
        opening_share=share(count),
        lower_case_share=share(sum(u.text == u.text.lower() for u in members)),
        unpunctuated_share=share(sum(not u.text.endswith((".", "!", "?")) for u in members)),
        long_share=share(sum(length >= LONG_WORDS for length in lengths)),
        short_share=share(sum(length <= SHORT_WORDS for length in lengths)),
    )


def _group(utterances: Sequence[Utterance]) -> dict[str, list[Utterance]]:
    groups: dict[str, list[Utterance]] = {}
    for utterance in utterances:
        groups.setdefault(utterance.group, []).append(utterance)
    return groups
