"""`make soak`: thousands of messages through every fault, with an account and the times of each.

MESSAGES says how many (10,000 unless set), ONLY a part of the names of the faults to run, and
DEADLINE the seconds that a write and its spool have (0.3 unless set): a busy machine needs more.
An answer is late that took longer than the slowest without capture and the deadline.
"""

import json
import os
import sys
from collections.abc import Iterator
from functools import partial

import psycopg
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from cli.progress import columns
from infra.local.functions import CLASSIFY
from infra.local.stack import Stack
from tests.emptying import EMPTY

from .load import Account, Breakage, Load
from .scenarios import BOTH_DOWN, CLOCK, NOTHING, PROCESS, QUEUE, STORE, clock_settings

MAX_RECEIVES, HIDDEN_SECONDS = 1000, "20"
COLUMNS = (
    "stored",
    "spooled",
    "said lost",
    "lost",
    "twice",
    "wrong",
    "late",
    "p50 ms",
    "slowest ms",
)


def scenarios() -> Iterator[tuple[str, Breakage]]:
    """Yield what to run, the clock's last: for them the function is set up anew."""
    yield "nothing", NOTHING
    for group in (STORE, QUEUE, PROCESS):
        yield from group.items()
    yield "store and queue refuse", BOTH_DOWN
    yield from CLOCK.items()


def measure(stack: Stack, load: Load, progress: Progress) -> Iterator[tuple[str, Account]]:
    """Run every scenario on an empty table."""
    for name, breakage in scenarios():
        if os.environ.get("ONLY", "") not in name:
            continue
        if name in CLOCK:
            stack.redeploy(CLASSIFY, clock_settings(stack))
            load.warm_up()
        task = progress.add_task(name, total=len(load.messages))
        account = load.run(breakage, partial(progress.advance, task))
        if not progress.console.is_terminal:
            progress.console.print(
                f"{name}: {'kept' if meets_guarantees(name, account) else account}"
            )
        yield name, account
        with psycopg.connect(stack.postgres_admin_dsn) as connection:
            connection.execute(EMPTY)


def last_as_long_as_a_fault(stack: Stack) -> None:
    """Give the spool's messages a deployment's patience: a fault here lasts for minutes.

    With the local stack's, they would be dead letters before the fault is over, and come again
    while a batch of them is still being written.
    """
    client, url = stack.sqs_client(), stack.spool_url
    told = client.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    redrive = json.loads(told["Attributes"]["RedrivePolicy"]) | {"maxReceiveCount": MAX_RECEIVES}
    attributes = {"VisibilityTimeout": HIDDEN_SECONDS, "RedrivePolicy": json.dumps(redrive)}
    client.set_queue_attributes(QueueUrl=url, Attributes=attributes)  # type: ignore[arg-type]


def meets_guarantees(name: str, account: Account) -> bool:
    """Whether the promises were: with both down, a message may be lost that is said to be."""
    said_lost = 0 if name == "store and queue refuse" else account.said_lost
    return not (
        said_lost or account.unanswered or account.lost or account.duplicated or account.wrong
    )


def main() -> int:
    """Run, print the table, and fail when a promise was broken."""
    number = int(os.environ.get("MESSAGES", "10000"))
    deadline = float(os.environ.get("DEADLINE", "0.3"))
    settings = {CLASSIFY: {"CAPTURE_TIMEOUT_SECONDS": str(deadline)}}
    console = Console(width=140)
    with Stack("soak", settings, with_faults=True) as stack, Progress(*columns()) as shown:
        last_as_long_as_a_fault(stack)
        stack.warm()
        load = Load(stack, number, deadline)
        accounts = list(measure(stack, load, shown))
    table = Table(
        "what was wrong", *COLUMNS, title=f"{number:,} messages each, half of them under it"
    )
    for name, account in accounts:
        figures = [account.stored, account.spooled, account.said_lost, account.lost]
        figures += [account.duplicated, account.wrong, account.late]
        times = (account.p50 * 1000, account.slowest * 1000)
        verdict = "" if meets_guarantees(name, account) else "  BROKEN"
        shown_figures = [f"{figure:,}" for figure in figures] + [f"{ms:.0f}" for ms in times]
        table.add_row(name + verdict, *shown_figures)
    console.print(table)
    return int(not all(meets_guarantees(name, account) for name, account in accounts))


if __name__ == "__main__":
    sys.exit(main())
