"""Figures and alerts through the deployed monitor, the command line, and a topic of moto."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest

from infra.local import stack_env
from infra.local.functions import MONITOR
from infra.packaging.template import moto_server
from tests.end_to_end.conftest import DeployedStack

Command = Callable[..., "subprocess.CompletedProcess[str]"]

TEXT = "my very own secret message about the dentist"


def invoke(deployment: DeployedStack, event: object) -> Any:
    response = deployment.stack.lambda_client().invoke(
        FunctionName=MONITOR, Payload=json.dumps(event).encode()
    )
    return json.loads(response["Payload"].read())


def count_days(deployment: DeployedStack) -> None:
    with psycopg.connect(deployment.stack.postgres_dsn, autocommit=True) as connection:
        while connection.execute("select private.count_changed_day()").fetchone() != (0,):
            pass


def plant_overdue_export(deployment: DeployedStack) -> None:
    with psycopg.connect(deployment.stack.postgres_dsn, autocommit=True) as connection:
        for number, days in enumerate((21, 14)):
            connection.execute(
                """insert into public.dataset_exports
                     (series, bucket, manifest, window_from, window_to, lines, exported_at)
                   values ('weekly', 'b', %s, 0, 0, 10, now() - make_interval(days => %s))""",
                [str(number), days],
            )


@pytest.fixture
def command(deployment: DeployedStack) -> Command:
    """Run `prompt-capture` with the settings of the stack, in a process of its own."""
    environment = {"PATH": os.environ["PATH"], "COLUMNS": "200"}
    environment |= stack_env.variables(deployment.stack)

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [Path(sys.executable).with_name("prompt-capture"), *arguments],
            env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def topic(deployment: DeployedStack) -> Iterator[Any]:
    """A topic that the monitor publishes to; yields a function that takes what arrived."""
    with moto_server() as environment:
        options: dict[str, Any] = {
            "endpoint_url": environment["AWS_ENDPOINT_URL"],
            "region_name": environment["AWS_REGION"],
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }
        sns, sqs = boto3.client("sns", **options), boto3.client("sqs", **options)
        arn = sns.create_topic(Name="alarms")["TopicArn"]
        url = sqs.create_queue(QueueName="mail")["QueueUrl"]
        queue_arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn["Attributes"]["QueueArn"])
        deployment.stack.redeploy(
            MONITOR,
            {"ALERT_TOPIC_ARN": arn, "AWS_ENDPOINT_URL_SNS": environment["AWS_ENDPOINT_URL"]},
        )

        def take() -> list[dict[str, str]]:
            taken: list[dict[str, str]] = []
            while messages := sqs.receive_message(QueueUrl=url).get("Messages", []):
                for message in messages:
                    taken.append(json.loads(message["Body"]))
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return taken

        yield take
        deployment.stack.redeploy(MONITOR, {"ALERT_TOPIC_ARN": "", "AWS_ENDPOINT_URL_SNS": ""})


def test_the_command_shows_planted_figures_and_no_text(
    deployment: DeployedStack, command: Command
) -> None:
    log_id = deployment.classify(TEXT)["log_id"]
    deployment.classify(TEXT)
    deployment.record_outcome(log_id, was_successful=False)
    count_days(deployment)

    figures = json.loads(command("health", "--days", "7", "--json").stdout)
    printed = command("health").stdout

    [day] = figures["days"]
    assert (day["messages"], day["with_outcome"], day["failed"]) == (2, 1, 1)
    assert day["by_rule"] + day["by_model"] == 2
    assert [one["expected_failures"] for one in figures["intents"]] == [2.0]
    assert "Failed workflows" in printed
    assert "100.0%" in printed
    for text in (printed, json.dumps(figures)):
        assert "dentist" not in text
        assert deployment.ada.id not in text


def test_an_alert_reaches_the_topic_once_and_operators_handle_it(
    deployment: DeployedStack, command: Command, topic: Any
) -> None:
    count_days(deployment)
    plant_overdue_export(deployment)

    assert invoke(deployment, {"mode": "evaluate"}) == {"findings": 1, "published": 1}
    assert invoke(deployment, {"mode": "evaluate"}) == {"findings": 1, "published": 0}

    [message] = topic()
    assert message["Subject"].startswith("Prompt Capture: export overdue")
    assert "docs/how-to/operate.md#export-overdue" in message["Message"]
    [alert] = map(json.loads, command("alerts", "list", "--json").stdout.splitlines())
    number = str(alert["id"])
    assert (alert["rule"], alert["subject"], alert["state"]) == ("export_overdue", "weekly", "open")
    assert "grace" in command("alerts", "ack", number, "--operator", "grace").stdout
    assert "is muted until" in command("alerts", "mute", number, "--operator", "grace").stdout
    assert "muted" in command("alerts", "list").stdout

    with psycopg.connect(deployment.stack.postgres_dsn) as connection:
        connection.execute("truncate public.dataset_exports")
    assert invoke(deployment, {"mode": "evaluate"}) == {"findings": 0, "published": 0}
    assert "No alert is open." in command("alerts", "list").stdout
    assert "resolved" in command("alerts", "list", "--all").stdout
    refused = command("alerts", "ack", number, "--operator", "grace")
    assert refused.returncode == 1
    assert command("alerts", "ack", "999", "--operator", "grace").returncode == 1


def test_a_deployment_is_a_mark_of_the_figures(deployment: DeployedStack, command: Command) -> None:
    for digest in ("a" * 64, "b" * 64):
        deployment.stack.redeploy(MONITOR, {"PACKAGE_DIGEST": digest})
        invoke(deployment, {"mode": "evaluate"})
    deployment.stack.redeploy(MONITOR, {"PACKAGE_DIGEST": ""})

    figures = json.loads(command("health", "--json").stdout)

    marks = [(mark["kind"], mark["subject"]) for mark in figures["marks"]]
    assert ("deployed", "b" * 12) in marks
    assert ("deployed", "a" * 12) not in marks


def test_an_alert_that_the_topic_refuses_is_sent_by_the_next_evaluation(
    deployment: DeployedStack, topic: Any
) -> None:
    count_days(deployment)
    plant_overdue_export(deployment)
    reachable = deployment.stack.environment(MONITOR)["AWS_ENDPOINT_URL_SNS"]
    deployment.stack.redeploy(MONITOR, {"AWS_ENDPOINT_URL_SNS": "http://127.0.0.1:9"})

    failed = invoke(deployment, {"mode": "evaluate"})
    deployment.stack.redeploy(MONITOR, {"AWS_ENDPOINT_URL_SNS": reachable})

    assert failed["errorType"] == "TopicUnavailable"
    assert invoke(deployment, {"mode": "evaluate"})["published"] == 1
    assert len(topic()) == 1


def test_the_digest_has_figures_and_no_text(deployment: DeployedStack, topic: Any) -> None:
    deployment.classify(TEXT)
    count_days(deployment)

    invoke(deployment, {"mode": "digest"})

    [message] = topic()
    assert "Messages: " in message["Message"]
    assert "dentist" not in json.dumps(message)


def test_any_other_event_says_what_to_send(deployment: DeployedStack) -> None:
    assert '{"mode": "evaluate"}' in invoke(deployment, {"mode": "x"})["errorMessage"]
