"""Evaluate the split daily: stop it where the challenger does harm, and never promote."""

import logging
from dataclasses import asdict, dataclass

from prompt_capture.domain.models import ModelEvent
from prompt_capture.domain.split_statistics import ArmComparison, compare_arms
from prompt_capture.domain.splits import SplitResults
from prompt_capture.ports.models import ModelRegistry
from prompt_capture.workflows.models.decisions import decision_of

EVALUATOR = "split evaluator"
"""The name under which the ledger has its decisions."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SplitStatus:
    """A split, and what its outcomes say."""

    results: SplitResults
    comparison: ArmComparison


class EvaluateSplit:
    """Compares the arms of the split, and stops it where the challenger does harm.

    Every method may raise `StoreUnavailable`.
    """

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry

    async def status(self) -> SplitStatus | None:
        """Return the latest split with its comparison. Return None where there was none."""
        results = await self._registry.split_results()
        if results is None:
            return None
        return SplitStatus(results, compare_arms(results.groups, results.latest_share))

    async def __call__(self) -> ModelEvent | None:
        """Stop the split where it shows harm, and return the event.

        A repeated call changes nothing more. The event's evidence holds counts and rates alone.
        """
        status = await self.status()
        if status is None or status.results.stopped is not None:
            logger.info("No split is under way.")
            return None
        comparison = status.comparison
        evidence = {"split": status.results.id, **asdict(comparison)}
        logger.info("The split was evaluated.", extra={"comparison": evidence})
        if not comparison.shows_harm:
            return None
        decision = decision_of(EVALUATOR, _reason(comparison)).model_copy(
            update={"evidence": evidence}
        )
        event = await self._registry.stop_split(decision, status.results.id)
        logger.warning("The split was stopped: the challenger does harm.", extra=evidence)
        return event


def _reason(comparison: ArmComparison) -> str:
    return (
        f"The challenger succeeds less often: {100 * (comparison.difference or 0):+.1f} points, "
        f"and {100 * (comparison.highest or 0):+.1f} at best."
    )
