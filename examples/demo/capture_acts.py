"""The acts in which messages are captured: people, traffic, outcomes, privacy."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import psycopg

from examples.demo.assistant import Answered, Assistant
from examples.demo.failures import BrokenPromise
from examples.demo.privacy import questions
from examples.demo.scenario import Scenario
from examples.demo.stage import Stage, shorten
from infra.local.stack import Stack
from prompt_capture.domain.predictions import UNKNOWN_INTENT

PARTS = 5
"""PostgreSQL, PostgREST, S3, HTTP, and the functions."""


def welcome(stage: Stage, scenario: Scenario, stack: Stack) -> Assistant:
    """Start the stack, and sign up three users and a reviewer."""
    stage.act(
        "The stack starts",
        "PostgreSQL with the migrations, PostgREST, an S3 server, and four functions under the "
        "real Lambda runtime client, all on this machine.",
    )
    _start(stage, stack)
    _add_to_catalogue(stack, {example.label for example in scenario.traffic})
    users = [stack.create_user(f"{name}@example.com") for name in ("ada", "ben", "cleo")]
    stage.say("Three users signed up, ada, ben and cleo, and grace, who reviews.")
    return Assistant(stack, users, stack.create_reviewer("grace@example.com"))


def send_traffic(stage: Stage, scenario: Scenario, assistant: Assistant) -> list[Answered]:
    """Send the messages and show what became of them."""
    stage.act(
        "Messages come in",
        f"{len(scenario.traffic):,} messages over HTTP: classified, captured, answered.",
    )
    if scenario.left_out:
        stage.say(f"({scenario.left_out:,} more are left out for time; --limit changes that.)")
    with stage.progress("Sending", len(scenario.traffic)) as advance:
        answered = assistant.send(scenario.traffic, advance)
    answers = [item.answer for item in answered]
    by = Counter(answer["source"] for answer in answers)
    captured = Counter(answer["captured"] for answer in answers)
    times = [item.milliseconds for item in answered]
    stage.table(
        ["what", "messages"],
        [
            ("answered by a rule", by["rule"]),
            ("answered by the model", by["model"]),
            ("with a second intent", sum(bool(answer["secondary_intents"]) for answer in answers)),
            ("for nobody (unknown)", sum(answer["intent"] == UNKNOWN_INTENT for answer in answers)),
            ("unknown or unsure: needs review", sum(answer["needs_review"] for answer in answers)),
            ("stored", captured["stored"]),
            ("lost", captured["lost"]),
        ],
    )
    if captured["lost"]:
        raise BrokenPromise(f"{captured['lost']:,} messages were answered but not captured.")
    stage.say(
        f"Half were answered within {np.percentile(times, 50):.0f} ms, "
        f"95 of 100 within {np.percentile(times, 95):.0f} ms, four at a time."
    )
    stage.table(["message", "intent", "confidence"], _samples(answered))
    return answered


def run_workflows(stage: Stage, assistant: Assistant, answered: Sequence[Answered]) -> None:
    """Act on each intent, and record how it went."""
    stage.act(
        "Workflows run",
        "A stand-in for the product acts on each intent and reports how it went; it can only "
        "succeed where the intent was right.",
    )
    with stage.progress("Recording", len(answered)) as advance:
        assistant.record_outcomes(answered, advance)
    failed = sum(not item.is_right for item in answered)
    stage.say(f"{len(answered) - failed:,} succeeded, {failed:,} failed.")


def ask_for_rows(stage: Stage, stack: Stack, assistant: Assistant) -> None:
    """Show who can see and change whose rows."""
    stage.act(
        "Whose words are they?",
        "The same table through Supabase's own API, asked by different people.",
    )
    asked = list(questions(stack, assistant.users))
    stage.table(["who", "asks for", "answer"], [(a.who, a.wish, a.answer) for a in asked])
    leaks = [f"{a.who}, asking for {a.wish}: {a.answer}" for a in asked if not a.as_promised]
    if leaks:
        raise BrokenPromise(f"This must not happen. {'; '.join(leaks)}.")


def _start(stage: Stage, stack: Stack) -> None:
    began = time.monotonic()
    with stage.progress("Starting", PARTS) as advance:
        stack.start(lambda part: advance())
        stack.warm()
        _let_users_send_all(stack)
        advance()
    stage.say(f"Everything answers after {time.monotonic() - began:.0f} seconds.")


def _let_users_send_all(stack: Stack) -> None:
    """Three people send what hundreds would: lift the cap that keeps one from filling the queue."""
    with psycopg.connect(stack.postgres_dsn) as connection:
        connection.execute("update private.settings set daily_cap = 1000000")


def _add_to_catalogue(stack: Stack, labels: set[str]) -> None:
    with psycopg.connect(stack.postgres_dsn) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into public.intent_catalogue (intent, domain, description) "
            "values (%s, 'demo', 'From the file that the demo was given.') on conflict do nothing",
            [(label,) for label in sorted(labels)],
        )


def _samples(answered: Sequence[Answered]) -> list[list[object]]:
    """One message of each kind: by a rule, by the model, with two intents, to be looked at."""
    kinds: list[Callable[[dict[str, Any]], bool]] = [
        lambda answer: answer["source"] == "rule",
        lambda answer: answer["source"] == "model" and not answer["needs_review"],
        lambda answer: bool(answer["secondary_intents"]),
        lambda answer: bool(answer["needs_review"]),
    ]
    found = (next((item for item in answered if kind(item.answer)), None) for kind in kinds)
    return [
        [shorten(item.example.text, 44), _intents(item.answer), item.answer["confidence"]]
        for item in found
        if item
    ]


def _intents(answer: dict[str, Any]) -> str:
    return " + ".join(
        [answer["intent"], *(other["intent"] for other in answer["secondary_intents"])]
    )
