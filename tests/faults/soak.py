"""`make soak NAME=faults`: sends thousands of messages under each fault and prints a table.

Three environment variables configure it:

- MESSAGES: the number of messages under each fault (default 10,000).
- ONLY: a part of the names of the faults to run (default: all faults).
- DEADLINE: `CAPTURE_TIMEOUT_SECONDS` of the function, in seconds (default 0.3). A busy machine
  needs more.

The exit status is 1 if a delivery guarantee does not hold.
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

from cli.progress import progress_columns
from infra.local.functions import CLASSIFY
from infra.local.stack import Stack
from tests.database_reset import DELETE_ALL_ROWS

from .load import DeliveryReport, FaultScenario, MessageLoad
from .scenarios import (
    CLOCK_FAULTS,
    INSTANCE_FAULTS,
    NO_FAULT,
    QUEUE_FAULTS,
    STORE_AND_QUEUE_DOWN,
    STORE_FAULTS,
    clock_variables,
)

MAX_RECEIVES, VISIBILITY_SECONDS = 1000, "20"
BOTH_DOWN = "store and queue refuse connections"
COLUMNS = (
    "stored",
    "spooled",
    "reported lost",
    "lost",
    "duplicated",
    "wrong",
    "late",
    "p50 ms",
    "slowest ms",
)


def scenarios() -> Iterator[tuple[str, FaultScenario]]:
    """Yield the scenarios by name; those of the clock come last, because they need a redeploy."""
    yield "no fault", NO_FAULT
    for group in (STORE_FAULTS, QUEUE_FAULTS, INSTANCE_FAULTS):
        yield from group.items()
    yield BOTH_DOWN, STORE_AND_QUEUE_DOWN
    yield from CLOCK_FAULTS.items()


def run_scenarios(
    stack: Stack, load: MessageLoad, progress: Progress
) -> Iterator[tuple[str, DeliveryReport]]:
    """Run each selected scenario on empty tables and yield its report."""
    for name, scenario in scenarios():
        if os.environ.get("ONLY", "") not in name:
            continue
        if name in CLOCK_FAULTS:
            stack.redeploy(CLASSIFY, clock_variables(stack))
            load.warm_up()
        task = progress.add_task(name, total=len(load.messages))
        report = load.run(scenario, partial(progress.advance, task))
        if not progress.console.is_terminal:
            verdict = "passed" if meets_guarantees(name, report) else f"FAILED: {report}"
            progress.console.print(f"{name}: {verdict}")
        yield name, report
        with psycopg.connect(stack.postgres_admin_dsn) as connection:
            connection.execute(DELETE_ALL_ROWS)


def configure_spool(stack: Stack) -> None:
    """Set a visibility timeout and a receive limit that are long enough for faults of minutes.

    With the settings of the local stack, messages would become dead letters before the fault ends,
    and the queue would deliver them again while a drain still writes their batch.
    """
    client, url = stack.sqs_client(), stack.spool_url
    response = client.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    policy = json.loads(response["Attributes"]["RedrivePolicy"]) | {"maxReceiveCount": MAX_RECEIVES}
    attributes = {"VisibilityTimeout": VISIBILITY_SECONDS, "RedrivePolicy": json.dumps(policy)}
    client.set_queue_attributes(QueueUrl=url, Attributes=attributes)  # type: ignore[arg-type]


def meets_guarantees(name: str, report: DeliveryReport) -> bool:
    """Whether the delivery guarantees hold.

    If store and queue are both down, messages can be lost, but only if the response reports it.
    """
    reported_lost = 0 if name == BOTH_DOWN else report.reported_lost
    return not (
        reported_lost or report.no_response or report.lost or report.duplicated or report.wrong
    )


def main() -> int:
    """Run the scenarios, print the table and return the exit status."""
    number = int(os.environ.get("MESSAGES", "10000"))
    deadline = float(os.environ.get("DEADLINE", "0.3"))
    settings = {CLASSIFY: {"CAPTURE_TIMEOUT_SECONDS": str(deadline)}}
    console = Console(width=140)
    with (
        Stack("soak", settings, with_faults=True) as stack,
        Progress(*progress_columns()) as progress,
    ):
        configure_spool(stack)
        stack.warm()
        load = MessageLoad(stack, number, deadline)
        reports = list(run_scenarios(stack, load, progress))
    table = Table(
        "fault",
        *COLUMNS,
        title=f"{number:,} messages per fault, half of them while the fault is active",
    )
    for name, report in reports:
        counts = [report.stored, report.spooled, report.reported_lost, report.lost]
        counts += [report.duplicated, report.wrong, report.late]
        times = (report.p50 * 1000, report.slowest * 1000)
        cells = [f"{count:,}" for count in counts] + [f"{ms:.0f}" for ms in times]
        verdict = "" if meets_guarantees(name, report) else "  FAILED"
        table.add_row(name + verdict, *cells)
    console.print(table)
    return int(not all(meets_guarantees(name, report) for name, report in reports))


if __name__ == "__main__":
    sys.exit(main())
