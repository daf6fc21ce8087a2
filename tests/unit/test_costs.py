"""The model of costs: what it assumes is what is deployed, and the guide shows what it says."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from infra import costs
from tests.unit.test_serverless import read

ROOT = Path(__file__).parents[2]


def total(messages: int) -> float:
    return sum(usd for _, usd in costs.lines(costs.Use(messages)))


def told(*messages: str) -> Any:
    command = [sys.executable, "-m", "infra.costs", *messages]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_guide_shows_what_the_command_prints() -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text("utf-8")

    assert costs.table(costs.MESSAGES) in guide
    assert told().stdout == costs.table(costs.MESSAGES)


def test_the_guide_says_which_prices_could_not_be_verified() -> None:
    guide = (ROOT / "docs" / "deploy.md").read_text("utf-8")
    prices = vars(costs).items()
    doubtful = {
        name
        for name, price in prices
        if isinstance(price, costs.Price) and costs.UNVERIFIED in price.read_in
    }

    assert all(f"`{name}`" in guide for name in doubtful)


def test_what_it_assumes_of_the_deployment_is_what_is_deployed() -> None:
    service, alarms = read("serverless.yml"), read("infra/aws/alarms.yml")["Resources"].values()
    use = costs.Use(1)

    assert use.memory_gb * 1024 == service["provider"]["memorySize"]
    assert use.alarms == sum(one["Type"] == "AWS::CloudWatch::Alarm" for one in alarms)
    assert use.log_months * 30 == service["params"]["prod"]["logRetentionDays"]
    assert use.kept_months * 30 == service["params"]["default"]["datasetRetentionDays"]


def test_what_is_free_costs_nothing_and_only_the_rest_is_paid() -> None:
    price = costs.Price(2.0, "a test", free=10)

    assert (price.of(0), price.of(10), price.of(13)) == (0, 0, 6)


def test_more_messages_never_cost_less_in_all_nor_more_apiece() -> None:
    volumes = [10**power for power in range(3, 9)]

    for fewer, more in pairwise(volumes):
        assert total(fewer) <= total(more)
        assert total(fewer) / fewer >= total(more) / more


def test_where_the_model_ends_it_says_so() -> None:
    answer = told("1,000,000,000")

    assert answer.returncode == 1
    assert answer.stderr == "The model ends at 300,000,000 messages a month.\n"


@pytest.mark.parametrize("number", ["0", "-5", "many"])
def test_what_is_no_number_of_messages_is_refused(number: str) -> None:
    assert told("--", number).returncode == 2
