"""The retraining, from its claim to its notification.

Each step leaves something whole behind: files that only the next step makes visible, or one row.
What a later step needs is saved with the claim. So a run that is killed anywhere is continued by
the next invocation, and does no step twice whose repetition would show.
"""

import logging
import tempfile
from datetime import timedelta
from pathlib import Path

from prompt_capture.domain.errors import ClaimLost, PromptCaptureError, RetrainingNotReady
from training.data.examples import InvalidExamples
from training.retrain.notification import describe_report
from training.retrain.ports import RetrainingOptions, RetrainingPorts
from training.retrain.progress import SavedProgress
from training.retrain.requests import RetrainingReport, RetrainingRequest
from training.retrain.steps import Steps

_SILENT = frozenset({"nothing_new"})
"""The outcomes of which nobody needs to hear."""

logger = logging.getLogger(__name__)


class Retrain:
    """Retrains once for each tick."""

    def __init__(self, ports: RetrainingPorts, options: RetrainingOptions) -> None:
        self._ports = ports
        self._options = options

    async def __call__(self, request: RetrainingRequest, seconds: float) -> RetrainingReport:
        """Carry out a request within `seconds`, after which another call may take it over.

        The outcome is None where the tick has been run. Raise `ClaimLost` where another run is
        under way, and any error of the ports; the same request again continues then.
        """
        lease = timedelta(seconds=seconds)
        claim = await self._ports.runs.claim_run(request.tick, lease)
        if claim is None:
            return await self._report_no_claim(request.tick)
        saved = SavedProgress(self._ports.runs, claim, lease)
        try:
            report = await self._carry_out(request, saved)
            if report.outcome not in _SILENT and not saved.progress.is_notified:
                self._ports.notifier.publish(*describe_report(report))
                await saved.update(is_notified=True)
        except Exception:
            await _release(saved)
            raise
        assert report.outcome is not None  # noqa: S101 - a run that was carried out has one
        await self._ports.runs.finish_run(saved.claim, report.outcome)
        logger.info(
            "The retraining ended.",
            extra={"outcome": report.outcome, "candidate": report.candidate, "tick": request.tick},
        )
        return report

    async def _report_no_claim(self, tick: str) -> RetrainingReport:
        latest = await self._ports.runs.latest_run()
        if latest is None or latest.tick != tick:
            raise ClaimLost("Another retraining is under way. Try again when it has ended.")
        return RetrainingReport(tick=tick, outcome=None)

    async def _carry_out(
        self, request: RetrainingRequest, saved: SavedProgress
    ) -> RetrainingReport:
        report = RetrainingReport(tick=request.tick, outcome=None)
        with tempfile.TemporaryDirectory(prefix="retraining-") as folder:
            steps = Steps(self._ports, self._options, saved, Path(folder))
            try:
                return await steps.carry_out(request.occasion, report)
            except (RetrainingNotReady, InvalidExamples) as error:
                outcome = "nothing_new" if request.occasion == "day" else "not_ready"
                return report.model_copy(update={"outcome": outcome, "messages": (str(error),)})


async def _release(saved: SavedProgress) -> None:
    """Let the next call continue at once. It can also wait for the end of the claim."""
    try:
        await saved.release()
    except PromptCaptureError:
        logger.warning("The claim of the retraining could not be released: it ends by itself.")
