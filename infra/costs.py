"""`python -m infra.costs`: what a deployment costs a month, by the number of messages.

A model to decide by, not a bill: list prices in eu-west-1 without tax or discounts, a month of 730
hours, the stage `prod`. `Use` holds what is assumed, and each price what it was read from.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

MESSAGES = (10_000, 1_000_000, 100_000_000)

AWS_LIST = "AWS price list for eu-west-1, 2026-10-01, in a copy of 2026-10-02"
LAMBDA_PAGE = "aws.amazon.com/lambda/pricing, 2026-09-20"
CLOUDWATCH_PAGE = "aws.amazon.com/cloudwatch/pricing, undated copy"
SUPABASE_DOCS = "supabase.com/docs/guides/platform/manage-your-usage, copy read on 2026-11-27"
SIGNOZ = "signoz.io/guides/cloudwatch-pricing, 2026-02-15"
UNVERIFIED = "AWS's list for eu-west-1 as it was in 2025; could not be verified"

_SECONDS = 730 * 3600
_GB = 1e9
_MILLION = 1e6


@dataclass(frozen=True)
class Price:
    """US dollars a unit, beyond the units that are free each month, and where both were read."""

    usd: float
    read_in: str
    free: float = 0

    def of(self, amount: float) -> float:
        """Price an amount of a month."""
        return max(0.0, amount - self.free) * self.usd


REQUEST = Price(0.20 / _MILLION, f"{AWS_LIST}; free: {LAMBDA_PAGE}", free=_MILLION)
GB_SECOND = Price(0.0000166667, f"{AWS_LIST}; free: {LAMBDA_PAGE}", free=400_000)
LOG_GB = Price(0.57, f"{AWS_LIST}; free: {CLOUDWATCH_PAGE}", free=5)
LOG_GB_KEPT = Price(0.03, AWS_LIST)
ALARM = Price(0.10, f"{AWS_LIST}; free: {CLOUDWATCH_PAGE}", free=10)
QUEUE_REQUEST = Price(0.40 / _MILLION, AWS_LIST, free=_MILLION)
METRIC = Price(0.30, SIGNOZ, free=10)
TRACE = Price(5 / _MILLION, UNVERIFIED, free=100_000)
S3_GB = Price(0.023, UNVERIFIED)
GB_OUT = Price(0.09, UNVERIFIED, free=100)
PLAN = Price(25, SUPABASE_DOCS)
COMPUTE_CREDIT = 10  # SUPABASE_DOCS
DISK_GB = Price(0.125, SUPABASE_DOCS, free=8)
EGRESS_GB = Price(0.09, SUPABASE_DOCS, free=250)
COMPUTE = {
    300_000: ("Micro", 10),
    3_000_000: ("Small", 15),
    10_000_000: ("Medium", 60),
    30_000_000: ("XL", 210),
    100_000_000: ("2XL", 410),
    300_000_000: ("4XL", 960),
}
"""The size that is assumed to do up to so many messages, and its price (SUPABASE_DOCS)."""


@dataclass(frozen=True)
class Use:
    """What a month of so many messages uses; the numbers are assumptions unless they say more.

    Every message is classified and captured, its workflow ends in an outcome, and one in a hundred
    is corrected. Nothing fails: what is spooled in an outage costs a hundredth of the rest.
    """

    messages: int

    memory_gb = 0.5
    """As in serverless.yml."""

    alarms = 21
    """As in infra/aws/alarms.yml."""

    metrics = 12
    """The custom ones, by function."""

    log_months = 3
    """As in the stage prod."""

    kept_months = 3
    """The database's default `row_retention_days`."""

    max_exported_rows = 5_000_000
    """EXPORT_MAX_ROWS: a larger window is refused, so that `since_last` has to take its place."""

    classify_seconds = 0.08
    other_seconds = 0.06
    cold_share, cold_seconds = 0.01, 2.0
    log_bytes, log_compressed = 1500, 0.15
    row_bytes = 1500
    """In the database, with its indexes."""

    sent_bytes, answered_bytes, received_bytes = 2500, 1500, 800
    """Of a call, in turn: to the database, to the caller, and back from the database."""

    exports = 4 * 52 / 12
    export_seconds = 300
    line_bytes, compressed_line_bytes = 600, 150

    polls = 15 * 60 * 730
    """Five pollers that wait for 20 seconds each."""

    @property
    def calls(self) -> float:
        """Invocations by callers."""
        return 2.01 * self.messages

    @property
    def rows(self) -> float:
        """Rows in the database once retention keeps their number."""
        return self.messages * self.kept_months

    @property
    def exported(self) -> float:
        """Rows that a month's exports read."""
        return min(self.rows, self.max_exported_rows) * self.exports

    @property
    def gb_seconds(self) -> float:
        """Memory by time, starts and exports included."""
        warm = self.messages * self.classify_seconds
        warm += (self.calls - self.messages) * self.other_seconds
        cold = self.calls * self.cold_share * self.cold_seconds
        return (warm + cold + self.exports * self.export_seconds) * self.memory_gb

    @property
    def log_gb(self) -> float:
        """What the functions write into their logs."""
        return self.calls * self.log_bytes / _GB

    @property
    def traces(self) -> float:
        """One a second of each function that answers, and a twentieth of the rest."""
        first = min(self.calls, 2.0 * _SECONDS)
        return first + 0.05 * (self.calls - first)

    @property
    def out_gb(self) -> float:
        """What leaves AWS: to the database and to the callers."""
        return self.calls * (self.sent_bytes + self.answered_bytes) / _GB

    @property
    def egress_gb(self) -> float:
        """What leaves the database: answers and exports."""
        return (self.calls * self.received_bytes + self.exported * self.line_bytes) / _GB

    @property
    def dataset_gb(self) -> float:
        """Datasets of three months."""
        return self.exported * 3 * self.compressed_line_bytes / _GB

    @property
    def compute(self) -> tuple[str, int]:
        """The database's size and its price; raises `ValueError` where none is large enough."""
        for most, size in COMPUTE.items():
            if self.messages <= most:
                return size
        raise ValueError(f"The model ends at {max(COMPUTE):,} messages a month.")


def lines(use: Use) -> Iterator[tuple[str, float]]:
    """Answer each item of the bill, in US dollars a month."""
    yield "Lambda", REQUEST.of(use.calls) + GB_SECOND.of(use.gb_seconds)
    kept = use.log_gb * use.log_months * use.log_compressed
    yield "CloudWatch logs", LOG_GB.of(use.log_gb) + LOG_GB_KEPT.of(kept)
    yield "CloudWatch alarms and metrics", ALARM.of(use.alarms) + METRIC.of(use.metrics)
    yield "X-Ray traces", TRACE.of(use.traces)
    yield "SQS", QUEUE_REQUEST.of(use.polls)
    yield "S3", S3_GB.of(use.dataset_gb)
    yield "Data out of AWS", GB_OUT.of(use.out_gb)
    yield "Supabase plan and compute", PLAN.of(1) + use.compute[1] - COMPUTE_CREDIT
    yield "Supabase disk", DISK_GB.of(ceil(use.rows * use.row_bytes / _GB))
    yield "Supabase egress", EGRESS_GB.of(use.egress_gb)


def table(volumes: Sequence[int]) -> str:
    """Write the bills side by side, as a table of Markdown."""
    uses = [Use(messages) for messages in volumes]
    bills = [dict(lines(use)) for use in uses]
    rows = [[item, *(_dollars(bill[item]) for bill in bills)] for item in bills[0]]
    totals = [f"**{_dollars(sum(bill.values()))}**" for bill in bills]
    each = [
        _dollars(sum(bill.values()) / use.messages * _MILLION)
        for bill, use in zip(bills, uses, strict=True)
    ]
    head = ["US dollars a month", *(f"{messages:,} messages" for messages in volumes)]
    size = ["the database's size", *(use.compute[0] for use in uses)]
    rows += [["**Total**", *totals], ["a million messages", *each], size]
    ruler = ["---", *("---:" for _ in volumes)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ruler, *rows))


def _dollars(usd: float) -> str:
    return f"{usd:,.2f}"


def _positive(told: str) -> int:
    number = int(told.replace(",", ""))
    if number < 1:
        raise argparse.ArgumentTypeError("at least one message")
    return number


def main() -> None:
    """Print the table for the numbers of messages that are given."""
    parser = argparse.ArgumentParser(prog="python -m infra.costs", description=__doc__)
    parser.add_argument("messages", nargs="*", type=_positive, default=MESSAGES, help="a month")
    try:
        sys.stdout.write(table(parser.parse_args().messages))
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
