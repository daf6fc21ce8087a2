"""Import a completed review file: first plan the changes, then apply them."""

from collections.abc import Callable
from dataclasses import dataclass

from prompt_capture.domain.changes import suggest_intents
from prompt_capture.domain.review_files import EntryError, Review, ReviewedPrompt
from prompt_capture.ports.review import ReviewStore
from prompt_capture.workflows.correct import Correct


@dataclass(frozen=True)
class Overwrite:
    """A decision that would replace the corrected intent on record.

    `entry` is the number of the entry in the file.
    """

    entry: int
    on_record: str
    reviewed: ReviewedPrompt


@dataclass(frozen=True)
class ImportPlan:
    """The effect of an import.

    `new` are decisions on prompts without a corrected intent, and `overwrites` those that would
    replace one. `unchanged` counts the decisions that are on record already, and `undecided` the
    entries without a decision.
    """

    new: list[ReviewedPrompt]
    overwrites: list[Overwrite]
    unchanged: int
    undecided: int
    errors: list[EntryError]


class ImportReview:
    """Plans and applies reviews in one reviewer's name. Importing a file again changes nothing."""

    def __init__(self, store: ReviewStore, reviewer: str) -> None:
        self._store = store
        self._correct = Correct(store)
        self._reviewer = reviewer

    async def plan(self, review: Review) -> ImportPlan:
        """Compare a review with the corrections on record, without writing."""
        intents = set(await self._store.known_intents())
        log_ids = [entry.id for entry in review.decided.values()]
        on_record = await self._store.get_corrected_intents(log_ids)
        new, overwrites, unchanged, errors = [], [], 0, list(review.errors)
        for number, entry in review.decided.items():
            if entry.id not in on_record:
                errors.append(EntryError(number, "id: no captured prompt has this id"))
            elif entry.corrected_intent not in intents:
                errors.append(EntryError(number, _unknown_intent(entry.corrected_intent, intents)))
            elif (existing := on_record[entry.id]) is None:
                new.append(entry)
            elif existing == entry.corrected_intent:
                unchanged += 1
            else:
                overwrites.append(Overwrite(number, existing, entry))
        errors.sort(key=lambda error: error.entry)
        return ImportPlan(new, overwrites, unchanged, review.undecided, errors)

    async def apply(
        self,
        plan: ImportPlan,
        overwrite: bool = False,
        report_progress: Callable[[int], None] = lambda recorded: None,
    ) -> int:
        """Record the new corrections and return their number.

        With `overwrite`, record those that replace another one too. An interrupted import can be
        run again: the corrections that it recorded are then unchanged.
        """
        replacing = [item.reviewed for item in plan.overwrites] if overwrite else []
        entries = plan.new + replacing
        for recorded, entry in enumerate(entries, 1):
            await self._correct(
                entry.id, entry.corrected_intent, self._reviewer, entry.notes, "import"
            )
            report_progress(recorded)
        return len(entries)


def _unknown_intent(intent: str, intents: set[str]) -> str:
    suggestions = suggest_intents(intent, intents)
    hint = f"; did you mean {', '.join(suggestions)}?" if suggestions else ""
    return f"corrected_intent: not in the intent catalogue{hint}"
