"""`prompt-capture health` and `alerts`: what operators see in a terminal."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.health_tables import sparkline
from cli.main import app
from prompt_capture.bootstrap import monitoring
from prompt_capture.domain.errors import AlertResolved
from prompt_capture.domain.health import Health
from tests.unit.test_monitor import NOW, TASKS, health, new_finding_alert

Run = Callable[..., Result]

FIGURES: dict[str, Any] = {
    "accuracy": [
        {
            "model_version": "assistant-1", "messages": 900, "audited": 45, "accuracy": 0.911,
            "ci_lower": 0.79, "ci_upper": 0.965,
        },
        {
            "model_version": "rules-2", "messages": 9, "audited": 1, "accuracy": None,
            "ci_lower": None, "ci_upper": None,
        },
    ],
    "intents": [
        {
            "predicted_intent": "search", "messages": 1000, "with_outcome": 50, "failed": 10,
            "expected_failures": 200.0,
        }
    ],
    "confusions": [
        {"predicted_intent": "search", "label": "status", "audited": 7, "messages": 140}
    ],
    "calibration": [
        {
            "model_version": "assistant-1", "confidence_band": 9, "decided": 40, "correct": 39,
            "accuracy": 0.975,
        }
    ],
    "backlog": [
        {
            "day": NOW.date(), "waiting": 31, "audits_waiting": 5, "oldest_waiting_since": NOW,
        }
    ],
    "marks": [{"at": NOW, "kind": "promoted", "subject": "assistant-1"}],
    "tasks": TASKS
    | {
        "exports": [
            {"series": "weekly", "done_at": NOW, "lines": 10, "due_at": "2026-11-01T00:00:00Z"}
        ]
    },
}  # fmt: skip


class FakeMonitoring:
    """Returns planted figures and one alert, which is resolved."""

    async def health(self, days: int) -> Health:
        return health(**FIGURES)

    async def alerts(self, with_resolved: bool, limit: int) -> list[Any]:
        return [new_finding_alert()] if with_resolved else []

    async def acknowledge(self, alert_id: int, actor: str) -> Any:
        raise AlertResolved("The alert is resolved, so there is nothing left to do.")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(monitoring, "monitoring_store", FakeMonitoring)
    return lambda *arguments: CliRunner().invoke(app, arguments, env={"COLUMNS": "160"})


@pytest.mark.parametrize(
    "shown",
    [
        "91.1%     79.0% to 96.5%",
        "assistant-1",
        "search     1,000     10      50        200",
        "search     status  7       140",
        "0.9 to 1.0  40      97.5%",
        "31",
        "promoted",
        "2026-11-01 (overdue)",
    ],
)
def test_every_table_shows_its_figures(run: Run, shown: str) -> None:
    printed = run("health").stdout

    squeezed = " ".join(printed.split())
    assert " ".join(shown.split()) in squeezed


def test_programs_get_every_figure(run: Run) -> None:
    figures = json.loads(run("health", "--json").stdout)

    assert figures["confusions"][0]["messages"] == 140
    assert set(figures) == set(Health.model_fields)


def test_bars_are_scaled_to_the_largest_and_a_missing_day_is_blank() -> None:
    assert sparkline([0, 1, None, 2]) == "▁▅ █"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""


def test_alerts_are_listed_with_what_to_do(run: Run) -> None:
    assert "No alert is open." in run("alerts", "list").stdout
    listed = run("alerts", "list", "--all").stdout
    assert "docs/how-to/operate.md#workflows-fail" in listed
    assert "1 alert." in listed


def test_handling_a_resolved_alert_is_an_error_without_a_traceback(run: Run) -> None:
    result = run("alerts", "ack", "1", "--operator", "grace")

    assert result.exit_code == 1
    assert "nothing left to do" in result.stderr
