"""The decisions of reviewers about prompts, and how several about one prompt become one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, StringConstraints

from prompt_capture.domain.changes import DecisionModel
from prompt_capture.domain.text import strip_invisible
from prompt_capture.domain.types import NO_NUL, Label

Unit = Literal["entry", "line"]
"""What the number of an entry counts: entries, or the lines of a CSV."""


def _clean(value: object) -> object:
    """Return a text without what nobody sees around it, such as a zero-width space."""
    return strip_invisible(value) if isinstance(value, str) else value


_TypedLabel = Annotated[Label, BeforeValidator(_clean)]


class ReviewedPrompt(DecisionModel):
    """A reviewer's decision about a prompt. Fields for information only are ignored.

    Notes may be of any length: what is recorded of them is shortened.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    id: Annotated[UUID, BeforeValidator(_clean)]
    corrected_intent: _TypedLabel
    corrected_secondary_intents: tuple[_TypedLabel, ...] | None = None
    notes: Annotated[str, StringConstraints(pattern=NO_NUL)] | None = None


@dataclass(frozen=True)
class EntryError:
    """An entry that is not valid: its number in the file (a CSV's line), from 1, and the reason."""

    entry: int
    reason: str


class Merged(NamedTuple):
    """One decision for each prompt, by the number of its first entry.

    `repeated` are the entries that decide a prompt as an earlier entry does.
    """

    decided: dict[int, ReviewedPrompt]
    repeated: list[int]
    errors: list[EntryError]


def merge_decisions(decided: Mapping[int, ReviewedPrompt], unit: Unit) -> Merged:
    """Merge the decisions about the same prompt, by the number of their entry.

    What one entry says about secondary intents holds for the others that say nothing about them,
    and the notes of all are joined. A prompt on which entries disagree is an error.
    """
    entries: dict[UUID, dict[int, ReviewedPrompt]] = {}
    for number, reviewed in decided.items():
        entries.setdefault(reviewed.id, {})[number] = reviewed
    merged = Merged({}, [], [])
    for group in entries.values():
        first, *others = group
        if error := _find_disagreement(group, unit):
            merged.errors.append(error)
            decisions = [each.decision for each in group.values()]
            merged.repeated.extend(
                number
                for place, number in enumerate(group)
                if decisions[place] in decisions[:place]
            )
        else:
            merged.decided[first] = _merge(group)
            merged.repeated.extend(others)
    merged.repeated.sort()
    return merged


class MergedCopies(NamedTuple):
    """The decisions about prompts, and the errors of those that copies of their text contradict."""

    decided: dict[int, ReviewedPrompt]
    errors: list[EntryError]


def merge_copies(
    decided: Mapping[int, ReviewedPrompt], texts: Mapping[int, str], unit: Unit
) -> MergedCopies:
    """Merge the decisions about prompts with the same text, by the number of their entry.

    A text has one decision, whichever of its messages it is made for. What one entry says about
    secondary intents holds for the others that say nothing about them.
    """
    entries: dict[str, dict[int, ReviewedPrompt]] = {}
    for number, reviewed in decided.items():
        entries.setdefault(texts[number], {})[number] = reviewed
    merged = MergedCopies({}, [])
    for group in entries.values():
        if _find_different_decisions(group):
            merged.errors.extend(_describe_copies(group, unit))
        else:
            secondary = {"corrected_secondary_intents": _find_stated_secondary(group)}
            merged.decided.update(
                (number, each.model_copy(update=secondary)) for number, each in group.items()
            )
    return MergedCopies(dict(sorted(merged.decided.items())), merged.errors)


def _describe_copies(group: Mapping[int, ReviewedPrompt], unit: Unit) -> Iterator[EntryError]:
    """Yield an error for each entry, which names the first one with another decision."""
    first, other = _find_different_decisions(group) or (0, 0)
    intent = group[first].corrected_intent
    is_about_intents = intent != group[other].corrected_intent
    for number, reviewed in group.items():
        is_like_first = reviewed.corrected_intent == intent if is_about_intents else number != other
        named = other if is_like_first else first
        yield EntryError(
            number,
            f"prompt: this {unit} decides the text as {reviewed.decision}, {unit} {named} has a "
            f"copy of it and decides {group[named].decision}. Nothing is recorded for the text. "
            "Delete the wrong decision",
        )


def _find_disagreement(group: Mapping[int, ReviewedPrompt], unit: Unit) -> EntryError | None:
    """Return the error that names the first entries whose intents, or secondary ones, differ.

    The order of secondary intents is no disagreement: that of the first entry holds.
    """
    if pair := _find_different_decisions(group):
        one, other = pair
        return EntryError(
            one,
            f"id: this {unit} decides the prompt as {group[one].decision}, {unit} {other} as "
            f"{group[other].decision}. Nothing is recorded for the prompt. Delete the wrong "
            "decision",
        )
    return None


def _find_different_decisions(group: Mapping[int, ReviewedPrompt]) -> tuple[int, int] | None:
    """Return the first entries whose intents, or stated secondary ones, differ, by number."""
    intents = {number: each.corrected_intent for number, each in group.items()}
    stated = {
        number: frozenset(each.corrected_secondary_intents)
        for number, each in group.items()
        if each.corrected_secondary_intents is not None
    }
    return _find_different(intents) or _find_different(stated)


def _find_different(values: Mapping[int, object]) -> tuple[int, int] | None:
    """Return the first entry and the next one whose value is another, by number."""
    numbers = list(values)
    pairs = ((numbers[0], each) for each in numbers if values[each] != values[numbers[0]])
    return next(pairs, None)


def _merge(group: Mapping[int, ReviewedPrompt]) -> ReviewedPrompt:
    first, *_ = group.values()
    secondary = _find_stated_secondary(group)
    return first.model_copy(
        update={"corrected_secondary_intents": secondary, "notes": _join_notes(group)}
    )


def _find_stated_secondary(group: Mapping[int, ReviewedPrompt]) -> tuple[str, ...] | None:
    """Return what the first entry that says something about secondary intents says."""
    stated = (each.corrected_secondary_intents for each in group.values())
    return next((each for each in stated if each is not None), None)


def _join_notes(group: Mapping[int, ReviewedPrompt]) -> str | None:
    """Return the different notes of a prompt, one below the other."""
    return "\n".join(dict.fromkeys(each.notes for each in group.values() if each.notes)) or None
