"""Figures and alerts through database functions, called over PostgREST."""

from collections.abc import Sequence
from datetime import datetime

import httpx

from prompt_capture.adapters.supabase.postgrest import ErrorsByCode, PostgrestAdapter
from prompt_capture.domain.alerts import Alert
from prompt_capture.domain.errors import AlertNotFound, AlertResolved, ReviewerErased
from prompt_capture.domain.health import Health
from prompt_capture.domain.monitoring.figures import MonitoringFigures, Observed
from prompt_capture.domain.monitoring.findings import Finding, RuleName

HISTORY_DAYS = 400
"""The days whose counts the rules read: a year, and what the first of its days compare with."""

_FORBIDDEN, _NOT_FOUND, _CONFLICT = "PT403", "PT404", "PT409"
_MAX_ATTEMPTS = 2


class SupabaseMonitoring:
    """Calls the functions of health and alerts, as the role `prompt_monitor`.

    All of them are idempotent. The client's read timeout is the deadline of each call.
    """

    def __init__(self, client: httpx.AsyncClient, rest_url: str) -> None:
        self._postgrest = PostgrestAdapter(client, rest_url, client.timeout.read, _MAX_ATTEMPTS)

    async def health(self, days: int) -> Health:
        return Health.model_validate(await self._postgrest.call("health", {"days": days}))

    async def figures(self) -> MonitoringFigures:
        figures = await self._postgrest.call("read_monitoring", {"days": HISTORY_DAYS})
        return MonitoringFigures.model_validate(figures)

    async def record(
        self, findings: Sequence[Finding], rules: Sequence[RuleName], observed: Observed
    ) -> list[Alert]:
        found = [one.model_dump(mode="json") | {"runbook": one.runbook} for one in findings]
        arguments = {
            "findings": found,
            "rules": list(rules),
            "observed": observed.model_dump(mode="json"),
        }
        alerts = await self._postgrest.call("record_alerts", arguments)
        return [Alert.model_validate(alert) for alert in alerts]

    async def mark_as_sent(self, alerts: Sequence[Alert]) -> None:
        ids = [alert.id for alert in alerts]
        await self._postgrest.call("mark_alerts_as_sent", {"ids": ids})

    async def alerts(self, with_resolved: bool, limit: int) -> list[Alert]:
        arguments = {"with_resolved": with_resolved, "max_alerts": limit}
        alerts = await self._postgrest.call("list_alerts", arguments)
        return [Alert.model_validate(alert) for alert in alerts]

    async def acknowledge(self, alert_id: int, actor: str) -> Alert:
        arguments = {"id": alert_id, "actor": actor}
        alert = await self._postgrest.call("acknowledge_alert", arguments, _errors())
        return Alert.model_validate(alert)

    async def mute(self, alert_id: int, until: datetime, actor: str) -> Alert:
        arguments = {"id": alert_id, "until": until.isoformat(), "actor": actor}
        alert = await self._postgrest.call("mute_alert", arguments, _errors())
        return Alert.model_validate(alert)


def _errors() -> ErrorsByCode:
    """Return new errors: one that is raised keeps the frames that it passed."""
    return {
        _NOT_FOUND: AlertNotFound("There is no alert with this number. See `alerts list --all`."),
        _CONFLICT: AlertResolved("The alert is resolved, so there is nothing left to do."),
        _FORBIDDEN: ReviewerErased("The account of this operator was erased."),
    }
