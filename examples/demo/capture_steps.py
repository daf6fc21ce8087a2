"""The steps that capture messages: start the stack, send traffic, record outcomes, check access."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import psycopg

from examples.demo.access_checks import check_access
from examples.demo.client import CONCURRENCY, DemoClient, SentMessage
from examples.demo.console import DemoConsole, shorten
from examples.demo.failures import DemoCheckFailed
from examples.demo.scenario import Scenario
from infra.local.stack import Stack
from prompt_capture.domain.predictions import UNKNOWN_INTENT

SERVICES = 5
"""PostgreSQL, PostgREST, S3, HTTP, and the functions."""


def start_stack(console: DemoConsole, scenario: Scenario, stack: Stack) -> DemoClient:
    """Start the stack, and sign up three users and a reviewer."""
    console.start_step(
        "Start the local stack",
        "PostgreSQL with the migrations, PostgREST, an S3 server, and the Lambda functions under "
        "the AWS Lambda runtime client, all on this machine.",
    )
    _start_services(console, stack)
    _add_to_catalogue(stack, {example.label for example in scenario.traffic})
    users = [stack.create_user(f"{name}@example.com") for name in ("ada", "ben", "cleo")]
    console.print("Signed up three users (ada, ben and cleo) and one reviewer (grace).")
    return DemoClient(stack, users, stack.create_reviewer("grace@example.com"))


def send_traffic(console: DemoConsole, scenario: Scenario, client: DemoClient) -> list[SentMessage]:
    """Send the messages and print how they were classified and captured."""
    console.start_step(
        "Send messages",
        f"{len(scenario.traffic):,} messages over HTTP. Each is classified, captured and answered.",
    )
    if scenario.skipped_traffic:
        console.print(
            f"({scenario.skipped_traffic:,} more messages are skipped to save time; change this "
            "with --limit.)"
        )
    with console.progress("Sending messages", len(scenario.traffic)) as advance:
        sent = client.send_messages(scenario.traffic, advance)
    responses = [message.response for message in sent]
    sources = Counter(response["source"] for response in responses)
    captured = Counter(response["captured"] for response in responses)
    latencies = [message.milliseconds for message in sent]
    unknown = sum(response["intent"] == UNKNOWN_INTENT for response in responses)
    secondary = sum(bool(response["secondary_intents"]) for response in responses)
    needs_review = sum(response["needs_review"] for response in responses)
    console.print_table(
        ["result", "messages"],
        [
            ("classified by a rule", sources["rule"]),
            ("classified by the model", sources["model"]),
            ("with a secondary intent", secondary),
            ("out of scope (unknown)", unknown),
            ("need review (unknown or low confidence)", needs_review),
            ("stored", captured["stored"]),
            ("lost", captured["lost"]),
        ],
    )
    if captured["lost"]:
        raise DemoCheckFailed(f"{captured['lost']:,} messages were answered but not captured.")
    console.print(
        f"Latency with {CONCURRENCY} concurrent requests: p50 {np.percentile(latencies, 50):.0f} "
        f"ms, p95 {np.percentile(latencies, 95):.0f} ms."
    )
    console.print_table(["message", "intent", "confidence"], _samples(sent))
    return sent


def send_next_week(
    console: DemoConsole, scenario: Scenario, client: DemoClient
) -> list[SentMessage]:
    """Send the messages of the second week, which nobody reviews."""
    console.start_step(
        "Send a second week of messages",
        f"{len(scenario.test):,} messages that no model learns: they show which model is better.",
    )
    if scenario.skipped_tests:
        console.print(
            f"({scenario.skipped_tests:,} more messages are skipped, because the first model was "
            "trained on the same texts.)"
        )
    with console.progress("Sending messages", len(scenario.test)) as advance:
        sent = client.send_messages(scenario.test, advance)
    correct = sum(message.is_correct for message in sent)
    console.print(f"The first model answers {correct / max(len(sent), 1):.1%} correctly.")
    return sent


def record_outcomes(console: DemoConsole, client: DemoClient, sent: Sequence[SentMessage]) -> None:
    """Record the outcome of a simulated workflow for each message."""
    console.start_step(
        "Record workflow outcomes",
        "A simulated backend runs a workflow for each intent and records its outcome. A workflow "
        "succeeds only if the intent is correct.",
    )
    with console.progress("Recording outcomes", len(sent)) as advance:
        client.record_outcomes(sent, advance)
    failed = sum(not message.is_correct for message in sent)
    console.print(f"{len(sent) - failed:,} workflows succeeded, {failed:,} failed.")


def check_row_level_security(console: DemoConsole, stack: Stack, client: DemoClient) -> None:
    """Show which rows each user can read and change."""
    console.start_step(
        "Check row-level security",
        "Different users access the same table through the Supabase API.",
    )
    checks = list(check_access(stack, client.users))
    console.print_table(
        ["user", "operation", "result"],
        [(check.user, check.operation, check.result) for check in checks],
    )
    failures = [
        f"{check.user}, {check.operation}: {check.result}"
        for check in checks
        if not check.has_passed
    ]
    if failures:
        raise DemoCheckFailed(f"Row-level security check failed: {'; '.join(failures)}.")


def _start_services(console: DemoConsole, stack: Stack) -> None:
    start = time.monotonic()
    with console.progress("Starting services", SERVICES) as advance:
        stack.start(lambda part: advance())
        stack.warm()
        _lift_daily_cap(stack)
        advance()
    console.print(f"The stack is ready after {time.monotonic() - start:.0f} seconds.")


def _lift_daily_cap(stack: Stack) -> None:
    """Lift the daily cap per user, because three users send the messages of hundreds."""
    with psycopg.connect(stack.postgres_dsn) as connection:
        connection.execute("update private.settings set daily_cap = 1000000")


def _add_to_catalogue(stack: Stack, labels: set[str]) -> None:
    with psycopg.connect(stack.postgres_dsn) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into public.intent_catalogue (intent, domain, description) "
            "values (%s, 'demo', 'From the labelled data of the demo.') on conflict do nothing",
            [(label,) for label in sorted(labels)],
        )


def _samples(sent: Sequence[SentMessage]) -> list[list[object]]:
    """Return a row for one message by a rule, by the model, with two intents, and for review."""
    conditions: list[Callable[[dict[str, Any]], bool]] = [
        lambda response: response["source"] == "rule",
        lambda response: response["source"] == "model" and not response["needs_review"],
        lambda response: bool(response["secondary_intents"]),
        lambda response: bool(response["needs_review"]),
    ]
    samples = (
        next((message for message in sent if condition(message.response)), None)
        for condition in conditions
    )
    return [
        [
            shorten(message.example.text, 44),
            _join_intents(message.response),
            message.response["confidence"],
        ]
        for message in samples
        if message
    ]


def _join_intents(response: dict[str, Any]) -> str:
    secondary = (intent["intent"] for intent in response["secondary_intents"])
    return " + ".join([response["intent"], *secondary])
