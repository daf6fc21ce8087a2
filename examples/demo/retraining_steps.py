"""The steps in which the function retrains: a candidate, blind decisions, and the verdict."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import psycopg

from examples.demo.client import SentMessage
from examples.demo.console import DemoConsole, shorten
from examples.demo.learning import invoke
from infra.local.stack import Stack
from prompt_capture.domain.redaction import redact
from training.data.examples import grouping_key

REVIEWERS = ("grace", "hedy", "ida")
SHOWN = 4


def retrain(console: DemoConsole, stack: Stack) -> dict[str, Any]:
    """Invoke the retraining as an operator does, and return its report."""
    console.start_step(
        "Retrain",
        "The function retrain fits new heads to the encoders of the model that serves, runs both "
        "models over the captured messages, and asks the gate.",
    )
    return _invoke(console, stack, {"occasion": "request"})


def decide_and_look_again(
    console: DemoConsole, stack: Stack, report: Mapping[str, Any], sent: Sequence[SentMessage]
) -> dict[str, Any]:
    """Decide the disagreements blind, then invoke the retraining as its daily schedule does."""
    console.start_step(
        "Decide where the models disagree",
        "Where both models agree, a label says nothing about which one is better. So reviewers "
        "decide only disagreements, blind: nothing says which model said which intent.",
    )
    rows = _decide(stack, sent)
    console.print_table(
        ["message", "one model", "the other", "decided"],
        [[shorten(text, 36), *intents] for text, *intents in rows[:SHOWN]],
    )
    console.print(f"{', '.join(REVIEWERS)} decided {len(rows):,} disagreements.")
    if not rows:
        return dict(report)
    event = {"occasion": "day", "scheduled_at": "2026-12-01T11:00:00Z"}
    again = _invoke(console, stack, event)
    return again if again["candidate"] else dict(report)


def _invoke(console: DemoConsole, stack: Stack, event: Mapping[str, str]) -> dict[str, Any]:
    report = invoke(stack, "retrain", event)
    for message in report["messages"]:
        console.print_unwrapped(message)
    outcome = str(report["outcome"]).replace("_", " ")
    drawn = f"; {report['drawn']:,} disagreements to decide" if report["drawn"] else ""
    console.print(f"[bold]Outcome: {outcome}{drawn}.[/bold]")
    return report


def _decide(stack: Stack, sent: Sequence[SentMessage]) -> list[tuple[str, str, str, str]]:
    """Edit the table as reviewers do in the dashboard; return texts, both intents and decisions."""
    truth = {grouping_key(redact(one.example.text)): one.example.label for one in sent}
    decided = []
    with psycopg.connect(stack.postgres_dsn) as dashboard:
        rows = dashboard.execute(
            "select id, text, first_intent, second_intent from public.model_disagreements "
            "where decided_at is null order by rank, id"
        ).fetchall()
        for (number, text, one, other), reviewer in zip(rows, cycle(REVIEWERS), strict=False):
            intent = truth[grouping_key(text)]
            dashboard.execute(
                "update public.model_disagreements set corrected_intent = %s, reviewer = %s "
                "where id = %s",
                (intent, reviewer, number),
            )
            decided.append((text, one, other, intent))
    return decided
