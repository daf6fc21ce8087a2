"""The cost estimate matches the deployment, and the documentation shows its output."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from infra import costs
from tests.unit.test_serverless import read_yaml

ROOT = Path(__file__).parents[2]
DOCUMENTATION = (ROOT / "docs/reference/costs.md").read_text("utf-8")


def total(messages: int) -> float:
    return sum(usd for _, usd in costs.line_items(costs.MonthlyUsage(messages)))


def run_command(*messages: str) -> Any:
    command = [sys.executable, "-m", "infra.costs", *messages]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_documentation_shows_the_output_of_the_command() -> None:
    assert costs.table(costs.MESSAGES) in DOCUMENTATION
    assert run_command().stdout == costs.table(costs.MESSAGES)


def test_the_documentation_shows_every_price_with_its_source() -> None:
    prices = [price for price in vars(costs).values() if isinstance(price, costs.Price)]
    sources = {part for price in prices for part in price.source.split("; free units: ")}

    assert all("as of" in source or "undated copy" in source for source in sources)
    assert [source for source in sources if source not in DOCUMENTATION] == []


def test_assumptions_about_the_deployment_match_its_templates() -> None:
    service = read_yaml("serverless.yml")
    resources = read_yaml("infra/aws/alarms.yml")["Resources"].values()
    usage = costs.MonthlyUsage(1)

    assert usage.memory_gb * 1024 == service["provider"]["memorySize"]
    assert usage.alarms == sum(
        resource["Type"] == "AWS::CloudWatch::Alarm" for resource in resources
    )
    assert usage.log_retention_months * 30 == service["params"]["prod"]["logRetentionDays"]
    assert usage.row_retention_months * 30 == service["params"]["default"]["datasetRetentionDays"]


def test_only_units_beyond_the_free_ones_are_charged() -> None:
    price = costs.Price(2.0, "a test", free_units=10)

    assert (price.cost_of(0), price.cost_of(10), price.cost_of(13)) == (0, 0, 6)


def test_more_messages_cost_no_less_in_total_and_no_more_per_message() -> None:
    volumes = [10**power for power in range(3, 9)]

    for fewer, more in pairwise(volumes):
        assert total(fewer) <= total(more)
        assert total(fewer) / fewer >= total(more) / more


@pytest.mark.parametrize("number", ["0", "-5", "many"])
def test_invalid_numbers_of_messages_are_rejected(number: str) -> None:
    assert run_command("--", number).returncode == 2
