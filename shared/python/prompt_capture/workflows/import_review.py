"""Import a completed review file: first plan the changes, then apply them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from prompt_capture.domain.changes import (
    Correction,
    Decision,
    find_unknown_intent,
    match_intent,
    means_none,
)
from prompt_capture.domain.errors import UnknownIntent
from prompt_capture.domain.intent_lists import NO_INTENTS, write_intents
from prompt_capture.domain.long_texts import redact_and_shorten
from prompt_capture.domain.moved_prompts import find_moved
from prompt_capture.domain.predictions import PredictedIntents
from prompt_capture.domain.review_fields import PREDICTED_SECONDARY, SECONDARY
from prompt_capture.domain.review_files import Review, StatedPrediction
from prompt_capture.domain.reviewed_prompts import EntryError, ReviewedPrompt, merge_copies
from prompt_capture.domain.text import canonical_text, strip_invisible
from prompt_capture.domain.types import MAX_NOTE_LENGTH
from prompt_capture.ports.review import ReviewStore

_MOVED = (
    "prompt: this id has another prompt, which another entry has, as where some columns of a table "
    "were sorted without the others. Undo that, or fill in a new export"
)


@dataclass(frozen=True)
class Overwrite:
    """A decision that would replace the one on record.

    `entry` is the number of the entry in the file.
    """

    entry: int
    on_record: Decision
    reviewed: ReviewedPrompt


@dataclass(frozen=True)
class ImportPlan:
    """The effect of an import.

    `new` are decisions on prompts without a corrected intent, `agreed` those that others made
    before, and `overwrites` those that would replace one. `unchanged` counts the decisions of the
    same reviewer that are on record already, `undecided` the entries without a decision, and
    `repeated` those that decide a prompt like an earlier entry.
    `review` is the file, read with the intents of the catalogue, and `latest_correction` the number
    of the latest correction before the comparison.
    """

    new: list[ReviewedPrompt]
    agreed: list[ReviewedPrompt]
    overwrites: list[Overwrite]
    unchanged: int
    undecided: int
    errors: list[EntryError]
    repeated: int
    review: Review
    latest_correction: int


class AppliedPlan(NamedTuple):
    """How many corrections an import recorded, and the prompts that changed since its plan.

    Those have another correction by now, or another vote of the same reviewer, or were deleted, and
    their decisions are not recorded.
    """

    recorded: int
    changed: tuple[UUID, ...]


class ImportReview:
    """Plans and applies reviews in one reviewer's name. Importing a file again changes nothing."""

    def __init__(self, store: ReviewStore, reviewer: str) -> None:
        self._store = store
        self._reviewer = reviewer

    async def plan(self, review: Review) -> ImportPlan:
        """Compare a review with the corrections on record, without writing."""
        latest_correction = await self._store.find_latest_correction()
        intents = frozenset(await self._store.known_intents())
        review = review.match(intents)
        log_ids = [entry.id for entry in review.decided.values()]
        on_record = await self._store.get_decisions(log_ids)
        named = (prompt.id for prompt in review.prompts.values())
        texts = await self._store.get_texts(list({*log_ids, *filter(None, named)}))
        captured = {log_id: text for log_id, text in texts.items() if log_id in on_record}
        moved = find_moved(review.prompts, texts)
        changed = await self._find_changed_predictions(review, moved)
        votes = await self._store.find_votes(log_ids, self._reviewer)

        new, agreed, overwrites, unchanged = [], [], [], 0
        errors = [*review.errors, *changed.values()]
        faults = _find_faults(review, changed, moved, captured, intents)
        sound = {
            number: entry
            for number, entry in review.decided.items()
            if number not in changed and number not in faults
        }
        copies = {number: canonical_text(captured[entry.id]) for number, entry in sound.items()}
        merged = merge_copies(sound, copies, review.unit)
        errors += [EntryError(number, fault) for number, fault in faults.items()] + merged.errors
        for number, entry in merged.decided.items():
            if (existing := on_record[entry.id]) is None:
                new.append(entry)
            elif not _is_on_record(entry.decision, existing):
                overwrites.append(Overwrite(number, existing, entry))
            elif votes.get(entry.id) == existing.intent:
                unchanged += 1
            else:
                agreed.append(_with_decision(entry, existing))
        errors.sort(key=lambda error: error.entry)
        repeated = len(review.repeated)
        return ImportPlan(
            new,
            agreed,
            overwrites,
            unchanged,
            review.undecided - sum(not review.predictions[each].is_decided for each in changed),
            errors,
            repeated,
            review,
            latest_correction,
        )

    async def _find_changed_predictions(
        self, review: Review, moved: Collection[int]
    ) -> dict[int, EntryError]:
        """Return the entries that state another prediction than the recorded one, by number.

        Reviewers overwrite the prediction where they should fill in the corrected intents.
        """
        recorded = await self._store.get_predictions(
            [stated.id for stated in review.predictions.values()]
        )
        return {
            number: EntryError(number, _MOVED if number in moved else reason)
            for number, stated in review.predictions.items()
            if stated.id in recorded and (reason := _describe_change(stated, recorded[stated.id]))
        }

    async def apply(
        self,
        plan: ImportPlan,
        overwrite: bool = False,
        report_progress: Callable[[int], None] = lambda recorded: None,
    ) -> AppliedPlan:
        """Record the new corrections, and what others decided alike as further votes.

        With `overwrite`, record those that replace another one too.

        An interrupted import can be run again: the corrections that it recorded are then
        unchanged. Raise `ReviewerErased`, `UnknownIntent` or `StoreUnavailable`.
        """
        decisions: list[tuple[ReviewedPrompt, Decision | None]] = [
            (entry, None) for entry in plan.new
        ]
        decisions += [(entry, entry.decision) for entry in plan.agreed]
        if overwrite:
            decisions += [(item.reviewed, item.on_record) for item in plan.overwrites]
        recorded, changed = 0, []
        for entry, seen in decisions:
            correction = Correction(
                corrected_intent=entry.corrected_intent,
                corrected_secondary_intents=entry.corrected_secondary_intents,
                corrected_by=self._reviewer,
                notes=entry.notes and redact_and_shorten(entry.notes, MAX_NOTE_LENGTH),
                channel="import",
            )
            status = await self._store.record_review(
                entry.id, correction, seen, plan.latest_correction
            )
            if status == "recorded":
                recorded += 1
            else:
                changed.append(entry.id)
            report_progress(recorded)
        return AppliedPlan(recorded, tuple(changed))


def _find_faults(
    review: Review,
    changed: Collection[int],
    moved: Collection[int],
    captured: Mapping[UUID, str],
    intents: Collection[str],
) -> dict[int, str]:
    """Return why decisions cannot be recorded, by the number of their entry."""
    found = {
        number: _MOVED if number in moved else _find_fault(entry, captured, intents)
        for number, entry in review.decided.items()
        if number not in changed
    }
    return {number: fault for number, fault in found.items() if fault}


def _find_fault(
    entry: ReviewedPrompt, captured: Mapping[UUID, str], intents: Collection[str]
) -> str | None:
    """Return why the decision of an entry cannot be recorded, or None where it can."""
    if entry.id not in captured:
        return "id: no captured prompt has this id"
    unknown = find_unknown_intent(entry.decision, intents)
    return _describe(unknown, entry.decision, intents) if unknown else None


def _with_decision(entry: ReviewedPrompt, decision: Decision) -> ReviewedPrompt:
    """Return an entry with a decision: silence says nothing against its secondary intents."""
    return entry.model_copy(update={SECONDARY: decision.secondary_intents})


def _is_same_intent(written: str, recorded: str) -> bool:
    """Return whether two intents differ in nothing but case and invisible characters, if at all."""
    name = strip_invisible(recorded)
    return match_intent(written, [name]) == name


def _describe_change(stated: StatedPrediction, recorded: PredictedIntents) -> str | None:
    """Say which predicted intents were changed, and what to do; None: those stated were not."""
    if stated.intent is not None and not _is_same_intent(stated.intent, recorded.intent):
        return (
            "predicted_intent: it was changed, and corrected_intent is empty. If it is the "
            "decision, write it into corrected_intent. If not, restore "
            f"{recorded.intent or 'an empty one'}"
        )
    names = {strip_invisible(each) for each in recorded.secondary}
    if stated.secondary and {match_intent(each, names) for each in stated.secondary} != names:
        restored = write_intents(recorded.secondary) if names else "an empty list"
        return (
            f"{PREDICTED_SECONDARY}: they were changed, and {SECONDARY} is empty. If they are the "
            f"decision, write them there. If not, restore {restored}"
        )
    return None


def _is_on_record(decision: Decision, existing: Decision) -> bool:
    """Return whether a decision says nothing that the one on record does not say."""
    return decision.intent == existing.intent and decision.secondary_intents in {
        None,
        existing.secondary_intents,
    }


def _describe(unknown: UnknownIntent, decision: Decision, catalogue: Collection[str]) -> str:
    """Say which field has an unknown intent, and what may be meant."""
    others = set(decision.secondary_intents or ()).difference(catalogue)
    if unknown.field == SECONDARY and any(map(means_none, others)):
        return (
            f"{SECONDARY}: {min(filter(means_none, others))} is not in the intent catalogue. If "
            f"there are no secondary intents, write {NO_INTENTS}"
        )
    hint = f"; did you mean {', '.join(unknown.suggestions)}?" if unknown.suggestions else ""
    return f"{unknown.field}: not in the intent catalogue{hint}"
