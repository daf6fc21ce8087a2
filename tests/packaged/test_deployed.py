"""What the template makes is used: objects land, the queue is drained, schedules start exports."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError
from moto.cloudformation.parsing import get_model_map

from infra.local.stack import Stack
from infra.packaging.build import layer_folder
from infra.packaging.functions import function_folder
from infra.packaging.mounted import MountedFunction
from infra.packaging.targets import X86_64
from infra.packaging.template import aws_on_this_machine
from prompt_capture.domain.datasets.manifests import Manifest
from prompt_capture.settings import parameter_names
from tests.packaged.conftest import called, recorded
from tests.packaged.deployed import NOT_IN_MOTO, Deployed

SCHEDULES = {
    "RetrainingExport": "retraining",
    "ReviewExport": "review",
    "GoldExport": "gold",
    "LabelledExport": "labelled",
}
TICK = "2026-11-23T07:00:00Z"
NOBODY_LISTENS = "http://127.0.0.1:9"
Start = Callable[..., AbstractContextManager[MountedFunction]]


@pytest.fixture(scope="module")
def deployed(packages: object) -> Iterator[Deployed]:
    with aws_on_this_machine() as aws:
        yield Deployed(aws)


@pytest.fixture(scope="module")
def start(deployed: Deployed, stack: Stack) -> Start:
    """Start a function with the environment that was deployed, and the keys of the stack."""

    def starting(name: str, **more: str) -> MountedFunction:
        settings = deployed.settings(name)
        given = stack.env(name)
        for setting, parameter in parameter_names(settings).items():
            deployed.client("ssm").put_parameter(
                Name=parameter, Value=given[setting], Type="SecureString", Overwrite=True
            )
        around = {f"AWS_ENDPOINT_URL_{one}": deployed.endpoint for one in ("SSM", "SQS", "S3")}
        environment = {**settings, **around, **more}
        task = function_folder(name, X86_64)
        return MountedFunction(task, layer_folder(X86_64), environment, seconds=60)

    return starting


@pytest.fixture(scope="module")
def export(deployed: Deployed, start: Start) -> Iterator[MountedFunction]:
    """The export, started and in its own role."""
    with start("export", **deployed.credentials("ExportRole")) as running:
        refused = running.invoke({"mode": "nothing that there is"})
        assert "errorMessage" in refused
        yield running


def fired(deployed: Deployed, name: str, tick: str = TICK) -> Any:
    """Answer what a schedule sends at a tick."""
    target = deployed.schedule(name)["Target"]
    return json.loads(target["Input"].replace("<aws.scheduler.scheduled-time>", tick))


def manifest(deployed: Deployed, key: str) -> Manifest:
    bucket = deployed.outputs()["DatasetsBucket"]
    content = deployed.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return Manifest.model_validate_json(content)


def test_all_that_moto_knows_is_made(deployed: Deployed) -> None:
    resources = deployed.template["Resources"]
    types = {one["Type"] for one in resources.values()}
    known = {name for name, one in resources.items() if one["Type"] not in NOT_IN_MOTO}

    assert types - set(get_model_map()) == NOT_IN_MOTO
    assert deployed.stack["StackStatus"] == "UPDATE_COMPLETE"
    assert set(deployed.made()) == known


@pytest.mark.parametrize(("schedule", "mode"), SCHEDULES.items())
def test_a_schedule_starts_an_export_whose_objects_land_and_whose_repeat_finds_them(
    deployed: Deployed, export: MountedFunction, schedule: str, mode: str
) -> None:
    event = fired(deployed, schedule)
    with deployed.roles_enforced():
        answer, again = export.invoke(event), export.invoke(event)

    assert "errorMessage" not in answer, answer
    assert answer["bucket"] == deployed.outputs()["DatasetsBucket"]
    written = manifest(deployed, answer["manifest"])
    assert written.request.mode == mode
    assert written.request.scheduled_at == datetime.fromisoformat(TICK)
    for part in written.objects:
        found = deployed.client("s3").head_object(Bucket=answer["bucket"], Key=part.key)
        assert found["ContentLength"] == part.bytes
    assert again == answer | {"is_repeat": True}


def test_every_schedule_there_is_was_fired(deployed: Deployed) -> None:
    found = deployed.client("scheduler").list_schedules()["Schedules"]

    assert {one["Name"] for one in found} == SCHEDULES.keys()
    assert all(one["Target"]["Arn"].endswith(":prompt-capture-dev-export") for one in found)


def test_the_exports_role_reads_no_dataset_and_deletes_lists_and_puts_nothing_elsewhere(
    deployed: Deployed, export: MountedFunction
) -> None:
    answer = export.invoke(fired(deployed, "ReviewExport", "2026-11-30T08:00:00Z"))
    there = {"Bucket": answer["bucket"], "Key": answer["key"]}
    role = deployed.client("s3", "ExportRole")
    attempts = {
        "read": lambda: role.get_object(**there),
        "delete": lambda: role.delete_object(**there),
        "list": lambda: role.list_objects_v2(Bucket=answer["bucket"]),
        "put": lambda: role.put_object(Bucket=answer["bucket"], Key="elsewhere", Body=b""),
    }
    with deployed.roles_enforced():
        told = {name: _refusal(attempt) for name, attempt in attempts.items()}
        role.put_object(**there, Body=b"")

    assert told == dict.fromkeys(attempts, "AccessDenied")


def _refusal(attempt: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as refusal:
        attempt()
    return str(refusal.value.response["Error"]["Code"])


def _received(sqs: Any, url: str) -> list[Any]:
    answer = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
    )
    return list(answer.get("Messages", []))


def _event(deployed: Deployed, messages: list[Any]) -> Any:
    """Answer what messages of the queue invoke the drain with."""
    [pattern] = recorded("sqs")["Records"]
    return {
        "Records": [
            pattern
            | {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "md5OfBody": message["MD5OfBody"],
                "eventSourceARN": deployed.mapping["EventSourceArn"],
            }
            for message in messages
        ]
    }


def test_what_the_store_could_not_take_waits_in_the_queue_and_is_drained(
    deployed: Deployed, start: Start, stack: Stack
) -> None:
    user = stack.create_user("spooled-as-deployed@example.com")
    body = {"message": "remind me to water the plants", "user_id": user.id}
    store_is_away = {"SUPABASE_URL_PARAMETER": "", "SUPABASE_URL": NOBODY_LISTENS}
    with start("classify-and-log", **store_is_away, CAPTURE_TIMEOUT_SECONDS="8") as classify:
        key = {"x-api-key": stack.keys.api_key}
        answer = json.loads(classify.invoke(called("/v1/classify", body, **key))["body"])
    assert answer["captured"] == "spooled"

    queue = deployed.outputs()["SpoolUrl"]
    event = _event(deployed, _received(deployed.client("sqs"), queue))
    assert deployed.mapping["EventSourceArn"].rpartition(":")[2] == queue.rpartition("/")[2]
    assert deployed.mapping["FunctionArn"].endswith(":prompt-capture-dev-drain")
    assert deployed.mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    with start("drain") as drain:
        assert drain.invoke(event) == {"batchItemFailures": []}

    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        query = "select id::text from public.nlu_prompt_logs where user_id = %s"
        assert connection.execute(query, [user.id]).fetchall() == [(answer["log_id"],)]


def test_what_cannot_be_drained_comes_again_until_it_is_a_dead_letter(
    deployed: Deployed, start: Start
) -> None:
    sqs, queue = deployed.client("sqs"), deployed.outputs()["SpoolUrl"]
    sqs.purge_queue(QueueUrl=queue)
    sent = sqs.send_message(QueueUrl=queue, MessageBody="{}")["MessageId"]
    with start("drain") as drain:
        answer = drain.invoke(_event(deployed, _received(sqs, queue)))

    assert answer == {"batchItemFailures": [{"itemIdentifier": sent}]}
    told = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])
    redrive = json.loads(told["Attributes"]["RedrivePolicy"])
    letters = deployed.made()["DeadLetters"].rpartition("/")[2]
    assert redrive["deadLetterTargetArn"].rpartition(":")[2] == letters
    assert redrive["maxReceiveCount"] == 480
