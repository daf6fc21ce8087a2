"""Bring a filled-in review file back: first what would change, then the change."""

from collections.abc import Callable
from dataclasses import dataclass

from prompt_capture.domain.intents import close_intents
from prompt_capture.domain.prompts import Correction
from prompt_capture.domain.reviews import Fault, Review, ReviewedPrompt
from prompt_capture.ports import PromptStore
from prompt_capture.workflows.correct import Correct


@dataclass(frozen=True)
class Conflict:
    """A decision that would replace another: its entry's number, and what is on record."""

    entry: int
    on_record: str
    reviewed: ReviewedPrompt


@dataclass(frozen=True)
class ImportPlan:
    """What an import would do, and what it will not.

    `unchanged` says the same as is on record already; `overwriting` would replace what somebody
    decided since.
    """

    new: list[ReviewedPrompt]
    overwriting: list[Conflict]
    unchanged: int
    undecided: int
    faults: list[Fault]


class ImportReview:
    """Plan and apply reviews in one reviewer's name; importing a file twice changes nothing."""

    def __init__(self, store: PromptStore, reviewer: str) -> None:
        self._store = store
        self._correct = Correct(store)
        self._reviewer = reviewer

    async def plan(self, review: Review) -> ImportPlan:
        """Compare a review with what is on record; writes nothing."""
        intents = set(await self._store.known_intents())
        log_ids = [entry.id for entry in review.decided.values()]
        on_record = await self._store.get_corrected_intents(log_ids)
        new, overwriting, unchanged, faults = [], [], 0, list(review.faults)
        for number, entry in review.decided.items():
            if entry.id not in on_record:
                faults.append(Fault(number, "id: no captured prompt has this id"))
            elif entry.corrected_intent not in intents:
                faults.append(Fault(number, _unknown(entry.corrected_intent, intents)))
            elif (existing := on_record[entry.id]) is None:
                new.append(entry)
            elif existing == entry.corrected_intent:
                unchanged += 1
            else:
                overwriting.append(Conflict(number, existing, entry))
        faults.sort(key=lambda fault: fault.entry)
        return ImportPlan(new, overwriting, unchanged, review.undecided, faults)

    async def apply(
        self,
        plan: ImportPlan,
        overwrite: bool = False,
        report: Callable[[int], None] = lambda recorded: None,
    ) -> int:
        """Record the new corrections, and the overwriting ones if told so; answer how many.

        Interrupted, it can be run again: what was recorded is then unchanged.
        """
        replacing = [conflict.reviewed for conflict in plan.overwriting] if overwrite else []
        entries = plan.new + replacing
        for recorded, entry in enumerate(entries, 1):
            correction = Correction(
                corrected_intent=entry.corrected_intent,
                corrected_by=self._reviewer,
                notes=entry.notes,
                channel="import",
            )
            await self._correct(entry.id, correction)
            report(recorded)
        return len(entries)


def _unknown(intent: str, intents: set[str]) -> str:
    close = close_intents(intent, intents)
    hint = f"; did you mean {', '.join(close)}?" if close else ""
    return f"corrected_intent: not in the intent catalogue{hint}"
