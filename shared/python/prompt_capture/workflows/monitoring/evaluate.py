"""Evaluate the rules, record what they found, and publish new alerts."""

import logging
from collections.abc import Callable, Mapping

from prompt_capture.domain.alerts import notification
from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.domain.monitoring.evaluation import evaluate
from prompt_capture.domain.monitoring.figures import Observed, QueueLengths
from prompt_capture.domain.types import FrozenModel
from prompt_capture.ports.monitoring import AlertStore, PromptQueue, Topic

logger = logging.getLogger(__name__)


class RulesEvaluation(FrozenModel):
    """What an evaluation did: rules that fired, and alerts that were published."""

    findings: int
    published: int


class EvaluateRules:
    """Runs every rule once. It may run at any time: a rule is silent about what it said before.

    Without a topic, alerts are recorded and logged. An alert that cannot be published is published
    by the next evaluation. Without a queue, its rule is not evaluated. `package` names what is
    deployed.
    """

    def __init__(
        self,
        store: AlertStore,
        topic: Topic | None,
        spool: PromptQueue | None,
        dead_letters: PromptQueue | None,
        package: str | None = None,
        record_metrics: Callable[[Mapping[str, int]], None] = lambda counts: None,
    ) -> None:
        self._store, self._topic = store, topic
        self._spool, self._dead_letters = spool, dead_letters
        self._package, self._record_metrics = package, record_metrics

    async def __call__(self) -> RulesEvaluation:
        """Evaluate and publish. Raise `StoreUnavailable` or `TopicUnavailable`."""
        queues = QueueLengths(
            spooled=await _count(self._spool, "the spool"),
            dead_letters=await _count(self._dead_letters, "the dead letters"),
        )
        findings, rules = evaluate(await self._store.figures(), queues)
        observed = Observed(spooled=queues.spooled, package=self._package)
        unsent = await self._store.record(findings, rules, observed)
        for alert in unsent:
            fields = {"alert_id": alert.id, "rule": alert.rule, "summary": alert.summary}
            logger.warning("Alert opened.", extra=fields)
            if self._topic is not None:
                await self._topic.publish(notification(alert))
            await self._store.mark_as_sent([alert])
        self._record_metrics({"findings": len(findings), "published": len(unsent)})
        return RulesEvaluation(findings=len(findings), published=len(unsent))


async def _count(queue: PromptQueue | None, name: str) -> int | None:
    if queue is None:
        return None
    try:
        return await queue.count()
    except SpoolUnavailable as error:
        # The other rules are worth more than an error.
        logger.warning("A queue cannot be counted.", extra={"queue": name, "reason": str(error)})
        return None
