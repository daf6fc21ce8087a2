"""`python -m infra.costs`: estimate the monthly costs of a deployment by the number of messages.

The estimate is for decisions, not a bill. It uses list prices in eu-west-1 without taxes and
discounts, a month of 730 hours, and the stage `prod`. `MonthlyUsage` holds the assumptions. Each
`Price` names its source and the date as of which it was read.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

MESSAGES = (10_000, 1_000_000, 100_000_000)

AWS_PRICE_LIST = "AWS price list for eu-west-1, as of 2026-10-01 (copied 2026-10-02)"
LAMBDA_PAGE = "aws.amazon.com/lambda/pricing, as of 2026-09-20"
CLOUDWATCH_PAGE = "aws.amazon.com/cloudwatch/pricing, undated copy"
SUPABASE_DOCS = "supabase.com/docs/guides/platform/manage-your-usage, as of 2026-11-27"
SIGNOZ = "signoz.io/guides/cloudwatch-pricing, as of 2026-02-15"
XRAY_PAGE = "aws.amazon.com/xray/pricing, undated copy"
S3_INVOICE = "AWS invoice for eu-west-1, usage type EU-TimedStorage-ByteHrs, as of 2017-05"
TRANSFER_GUIDE = "wring.co/blog/aws-data-transfer-pricing-guide, as of 2026-03-08"

_SECONDS = 730 * 3600
_GB = 1e9
_MILLION = 1e6


@dataclass(frozen=True)
class Price:
    """US dollars per unit beyond the free units of each month, and the source of both."""

    usd: float
    source: str
    free_units: float = 0

    def cost_of(self, units: float) -> float:
        """Return the cost in US dollars of a month's units."""
        return max(0.0, units - self.free_units) * self.usd


LAMBDA_REQUEST = Price(
    0.20 / _MILLION, f"{AWS_PRICE_LIST}; free units: {LAMBDA_PAGE}", free_units=_MILLION
)
LAMBDA_GB_SECOND = Price(
    0.0000166667, f"{AWS_PRICE_LIST}; free units: {LAMBDA_PAGE}", free_units=400_000
)
LOG_INGESTION_GB = Price(0.57, f"{AWS_PRICE_LIST}; free units: {CLOUDWATCH_PAGE}", free_units=5)
LOG_STORAGE_GB = Price(0.03, AWS_PRICE_LIST)
CLOUDWATCH_ALARM = Price(0.10, f"{AWS_PRICE_LIST}; free units: {CLOUDWATCH_PAGE}", free_units=10)
CLOUDWATCH_METRIC = Price(0.30, SIGNOZ, free_units=10)
XRAY_TRACE = Price(5 / _MILLION, XRAY_PAGE, free_units=100_000)
SQS_REQUEST = Price(0.40 / _MILLION, AWS_PRICE_LIST, free_units=_MILLION)
S3_STORAGE_GB = Price(0.023, S3_INVOICE)
AWS_TRANSFER_OUT_GB = Price(0.09, TRANSFER_GUIDE, free_units=100)
SUPABASE_PLAN = Price(25, SUPABASE_DOCS)
"""Includes the smallest compute size. Which size a number of messages needs is not measured."""

SUPABASE_DISK_GB = Price(0.125, SUPABASE_DOCS, free_units=8)
SUPABASE_EGRESS_GB = Price(0.09, SUPABASE_DOCS, free_units=250)


@dataclass(frozen=True)
class MonthlyUsage:
    """The resources that a month with this number of messages uses.

    The constants are assumptions unless they name their origin. Every message is classified and
    captured, and gets an outcome; one in a hundred is corrected. Nothing fails: an outage, whose
    prompts are spooled, adds about a hundredth of the costs.
    """

    messages: int

    memory_gb = 0.5
    """From serverless.yml."""

    alarms = 38
    """From infra/aws/alarms.yml."""

    metrics = 16
    """Custom metrics, counted per function."""

    log_retention_months = 3
    """From serverless.yml, stage `prod`."""

    row_retention_months = 3
    """The default of the database setting `row_retention_days`."""

    max_exported_rows = 5_000_000
    """The default of EXPORT_MAX_ROWS: exports of larger windows must use `since_last`."""

    classify_seconds = 0.08
    other_seconds = 0.06
    cold_start_rate, cold_start_seconds = 0.01, 2.0
    log_bytes, log_compression_ratio = 1500, 0.15
    row_bytes = 750
    """In the database, indexes and queue included.

    Measured with 20,000 messages of 40 characters on average, each with an outcome.
    """

    database_request_bytes, response_bytes, database_response_bytes = 2500, 1500, 800
    """Of an API call: sent to the database, sent to the caller, received from the database."""

    exports = 5 * 52 / 12
    export_seconds = 300
    line_bytes, compressed_line_bytes = 600, 150

    retraining_seconds, daily_check_seconds = 240, 15
    """Once with 10,000 texts, and each day without a retraining; see `make bench NAME=retrain`."""
    retraining_memory_gb = 3008 / 1024

    queue_polls = 15 * 60 * 730
    """Five pollers; each long poll takes 20 seconds."""

    @property
    def api_calls(self) -> float:
        """Calls of the API: classifications, outcomes and corrections."""
        return 2.01 * self.messages

    @property
    def rows(self) -> float:
        """Rows in the database after retention has reached its steady state."""
        return self.messages * self.row_retention_months

    @property
    def exported_rows(self) -> float:
        """Rows that a month's exports read."""
        return min(self.rows, self.max_exported_rows) * self.exports

    @property
    def lambda_gb_seconds(self) -> float:
        """Memory by time, cold starts, exports and the retraining included."""
        warm = self.messages * self.classify_seconds
        warm += (self.api_calls - self.messages) * self.other_seconds
        cold = self.api_calls * self.cold_start_rate * self.cold_start_seconds
        shared = (warm + cold + self.exports * self.export_seconds) * self.memory_gb
        retraining = self.retraining_seconds + 30 * self.daily_check_seconds
        return shared + retraining * self.retraining_memory_gb

    @property
    def log_gb(self) -> float:
        """Log data that the functions write."""
        return self.api_calls * self.log_bytes / _GB

    @property
    def traces(self) -> float:
        """X-Ray's default sampling: the first request per second and function, 5% of the others."""
        always_sampled = min(self.api_calls, 2.0 * _SECONDS)
        return always_sampled + 0.05 * (self.api_calls - always_sampled)

    @property
    def transfer_out_gb(self) -> float:
        """Data sent from AWS to the database and to the callers."""
        return self.api_calls * (self.database_request_bytes + self.response_bytes) / _GB

    @property
    def egress_gb(self) -> float:
        """Data sent from the database: responses and exports."""
        responses = self.api_calls * self.database_response_bytes
        return (responses + self.exported_rows * self.line_bytes) / _GB

    @property
    def dataset_gb(self) -> float:
        """Datasets of three months."""
        return self.exported_rows * 3 * self.compressed_line_bytes / _GB


def line_items(usage: MonthlyUsage) -> Iterator[tuple[str, float]]:
    """Yield each line item and its cost in US dollars per month."""
    requests = LAMBDA_REQUEST.cost_of(usage.api_calls)
    yield "Lambda", requests + LAMBDA_GB_SECOND.cost_of(usage.lambda_gb_seconds)
    stored_log_gb = usage.log_gb * usage.log_retention_months * usage.log_compression_ratio
    ingestion = LOG_INGESTION_GB.cost_of(usage.log_gb)
    yield "CloudWatch logs", ingestion + LOG_STORAGE_GB.cost_of(stored_log_gb)
    alarms = CLOUDWATCH_ALARM.cost_of(usage.alarms)
    yield "CloudWatch alarms and metrics", alarms + CLOUDWATCH_METRIC.cost_of(usage.metrics)
    yield "X-Ray traces", XRAY_TRACE.cost_of(usage.traces)
    yield "SQS requests", SQS_REQUEST.cost_of(usage.queue_polls)
    yield "S3 storage", S3_STORAGE_GB.cost_of(usage.dataset_gb)
    yield "Data transfer out of AWS", AWS_TRANSFER_OUT_GB.cost_of(usage.transfer_out_gb)
    yield "Supabase plan", SUPABASE_PLAN.cost_of(1)
    disk_gb = ceil(usage.rows * usage.row_bytes / _GB)
    yield "Supabase disk", SUPABASE_DISK_GB.cost_of(disk_gb)
    yield "Supabase egress", SUPABASE_EGRESS_GB.cost_of(usage.egress_gb)


def table(volumes: Sequence[int]) -> str:
    """Return a Markdown table of the costs, with one column per number of messages."""
    usages = [MonthlyUsage(messages) for messages in volumes]
    costs = [dict(line_items(usage)) for usage in usages]
    rows = [[item, *(_format_usd(items[item]) for items in costs)] for item in costs[0]]
    totals = [f"**{_format_usd(sum(items.values()))}**" for items in costs]
    per_million = [
        _format_usd(sum(items.values()) / usage.messages * _MILLION)
        for items, usage in zip(costs, usages, strict=True)
    ]
    header = ["USD per month", *(f"{messages:,} messages" for messages in volumes)]
    rows += [["**Total**", *totals], ["Total per million messages", *per_million]]
    separator = ["---", *("---:" for _ in volumes)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, separator, *rows))


def _format_usd(usd: float) -> str:
    return f"{usd:,.2f}"


def _parse_messages(text: str) -> int:
    number = int(text.replace(",", ""))
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def main() -> None:
    """Print the table for the given numbers of messages."""
    parser = argparse.ArgumentParser(prog="python -m infra.costs", description=__doc__)
    parser.add_argument(
        "messages", nargs="*", type=_parse_messages, default=MESSAGES, help="messages per month"
    )
    sys.stdout.write(table(parser.parse_args().messages))


if __name__ == "__main__":
    main()
