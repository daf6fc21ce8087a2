"""The deployed template works: exports write objects, the queue is drained, schedules fire."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError

from infra.local.stack import Stack
from infra.packaging.emulator import EmulatedFunction
from infra.packaging.layers import layer_of
from infra.packaging.paths import function_folder, layer_folder
from infra.packaging.targets import X86_64
from infra.packaging.template import moto_server
from prompt_capture.domain.datasets.manifest import Manifest
from prompt_capture.settings.parameters import parameter_names
from tests.packaged.conftest import FunctionFactory, read_event, url_event
from tests.packaged.moto_deployment import UNSUPPORTED_TYPES, MotoDeployment

SCHEDULES = {
    "RetrainingExport": "retraining",
    "ReviewExport": "review",
    "GoldExport": "gold",
    "LabelledExport": "labelled",
    "AuditedExport": "retraining",
}
SCHEDULED_TIME = "2026-11-23T07:00:00Z"
CLOSED_PORT_URL = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def deployment(packages: object) -> Iterator[MotoDeployment]:
    with moto_server() as aws:
        yield MotoDeployment(aws)


@pytest.fixture(scope="module")
def create_deployed_function(deployment: MotoDeployment, stack: Stack) -> FunctionFactory:
    """Create a function with its deployed environment and the secrets of the stack."""

    def create(name: str, **variables: str) -> EmulatedFunction:
        settings = deployment.settings(name)
        secrets = stack.environment(name)
        for setting, parameter in parameter_names(settings).items():
            deployment.client("ssm").put_parameter(
                Name=parameter, Value=secrets[setting], Type="SecureString", Overwrite=True
            )
        endpoints = {
            f"AWS_ENDPOINT_URL_{service}": deployment.endpoint
            for service in ("SSM", "SQS", "S3", "SNS")
        }
        environment = {**settings, **endpoints, **variables}
        task = function_folder(name, X86_64)
        layer = layer_folder(X86_64, name=layer_of(name).name)
        return EmulatedFunction(task, layer, environment, seconds=60)

    return create


@pytest.fixture(scope="module")
def export(
    deployment: MotoDeployment, create_deployed_function: FunctionFactory
) -> Iterator[EmulatedFunction]:
    """The export, already started, with the credentials of its role."""
    credentials = deployment.credentials("ExportRole")
    with create_deployed_function("export", **credentials) as running:
        response = running.invoke({"mode": "unknown"})
        assert "errorMessage" in response
        yield running


def schedule_event(
    deployment: MotoDeployment, name: str, scheduled_time: str = SCHEDULED_TIME
) -> Any:
    """Return the event that a schedule sends at a time."""
    target = deployment.schedule(name)["Target"]
    return json.loads(target["Input"].replace("<aws.scheduler.scheduled-time>", scheduled_time))


def read_manifest(deployment: MotoDeployment, key: str) -> Manifest:
    bucket = deployment.outputs()["DatasetsBucketName"]
    content = deployment.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return Manifest.model_validate_json(content)


def test_all_resources_that_moto_supports_are_created(deployment: MotoDeployment) -> None:
    # It imports all of moto: seconds in each worker, although one of them runs this test.
    from moto.cloudformation.parsing import get_model_map  # noqa: PLC0415

    resources = deployment.template["Resources"]
    types = {resource["Type"] for resource in resources.values()}
    supported = {
        name for name, resource in resources.items() if resource["Type"] not in UNSUPPORTED_TYPES
    }

    assert types - set(get_model_map()) == UNSUPPORTED_TYPES
    assert deployment.stack["StackStatus"] == "UPDATE_COMPLETE"
    assert set(deployment.resources()) == supported


@pytest.mark.parametrize(("schedule", "mode"), SCHEDULES.items())
def test_a_schedule_starts_an_export_and_its_repeat_returns_the_same_dataset(
    deployment: MotoDeployment, export: EmulatedFunction, schedule: str, mode: str
) -> None:
    event = schedule_event(deployment, schedule)
    with deployment.enforced_roles():
        response, repeated = export.invoke(event), export.invoke(event)

    assert "errorMessage" not in response, response
    assert response["bucket"] == deployment.outputs()["DatasetsBucketName"]
    manifest = read_manifest(deployment, response["manifest"])
    assert manifest.request.mode == mode
    assert manifest.request.scheduled_at == datetime.fromisoformat(SCHEDULED_TIME)
    for part in manifest.objects:
        head = deployment.client("s3").head_object(Bucket=response["bucket"], Key=part.key)
        assert head["ContentLength"] == part.bytes
    assert repeated == response | {"is_repeat": True}


def test_every_deployed_schedule_of_the_export_is_tested_and_each_other_invokes_its_function(
    deployment: MotoDeployment,
) -> None:
    schedules = deployment.client("scheduler").list_schedules()["Schedules"]
    functions = {
        schedule["Name"]: schedule["Target"]["Arn"].rpartition(":prompt-capture-dev-")[2]
        for schedule in schedules
    }

    assert {
        name for name, function in functions.items() if function == "export"
    } == SCHEDULES.keys()
    assert {name: function for name, function in functions.items() if function != "export"} == {
        "MonthlyRetraining": "retrain",
        "DailyRetraining": "retrain",
        "HourlyEvaluation": "monitor",
        "WeeklyDigest": "monitor",
        "SplitEvaluation": "models",
    }


def test_the_export_removes_users_whose_account_was_deleted_from_earlier_datasets(
    deployment: MotoDeployment, export: EmulatedFunction, stack: Stack
) -> None:
    user = stack.create_user("deleted@example.com")
    first, second = (
        schedule_event(deployment, "RetrainingExport", f"2026-12-{day}T07:00:00Z")
        for day in ("07", "14")
    )
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as database:
        database.execute(
            "insert into public.nlu_prompt_logs "
            "(id, user_id, prompt, predicted_intent, confidence, source, model_version) "
            "values (gen_random_uuid(), %s, 'my deleted words', 'help', 0.9, 'model', 'test')",
            [user.id],
        )
        with deployment.enforced_roles():
            before = export.invoke(first)
        database.execute("delete from auth.users where id = %s", [user.id])
    with deployment.enforced_roles():
        assert "errorMessage" not in export.invoke(second)

    s3, dataset = deployment.client("s3"), {"Bucket": before["bucket"], "Prefix": before["key"]}
    [version] = s3.list_object_versions(**dataset)["Versions"]
    content = s3.get_object(
        Bucket=before["bucket"], Key=before["key"], VersionId=version["VersionId"]
    )["Body"].read()
    assert before["rows"] > 0
    assert b"my deleted words" not in content
    lines = read_manifest(deployment, before["manifest"]).counts.lines
    assert lines == before["rows"] - 1 == content.count(b"\n")


def test_the_export_role_cannot_delete_datasets_or_reach_other_objects(
    deployment: MotoDeployment, export: EmulatedFunction
) -> None:
    response = export.invoke(schedule_event(deployment, "ReviewExport", "2026-11-30T08:00:00Z"))
    dataset = {"Bucket": response["bucket"], "Key": response["key"]}
    s3 = deployment.client("s3", "ExportRole")
    elsewhere = {"Bucket": response["bucket"], "Key": "elsewhere"}
    deployment.client("s3").put_object(**elsewhere, Body=b"")
    attempts = {
        "delete": lambda: s3.delete_object(**dataset),
        "read elsewhere": lambda: s3.get_object(**elsewhere),
        "put elsewhere": lambda: s3.put_object(**elsewhere, Body=b""),
    }
    with deployment.enforced_roles():
        codes = {name: _error_code(attempt) for name, attempt in attempts.items()}
        s3.put_object(**dataset, Body=b"")

    assert codes == dict.fromkeys(attempts, "AccessDenied")


def test_models_are_written_by_the_publishing_role_and_read_by_exact_keys_alone(
    deployment: MotoDeployment,
) -> None:
    bucket = deployment.outputs()["DatasetsBucketName"]
    blob = {"Bucket": bucket, "Key": "models/blobs/0"}
    publisher = deployment.client("s3", "PublishingRole")
    classify = deployment.client("s3", "ClassifyRole")
    models = deployment.client("s3", "ModelsRole")
    attempts = {
        "publish elsewhere": lambda: publisher.put_object(Bucket=bucket, Key="exports/0", Body=b""),
        "delete": lambda: publisher.delete_object(**blob),
        "list": lambda: classify.list_objects_v2(Bucket=bucket),
        "write": lambda: classify.put_object(**blob, Body=b""),
        "read datasets": lambda: classify.get_object(Bucket=bucket, Key="exports/0"),
        "read by the function models": lambda: models.get_object(**blob),
        "write by the function models": lambda: models.put_object(**blob, Body=b""),
    }
    with deployment.enforced_roles():
        publisher.put_object(**blob, Body=b"head", IfNoneMatch="*")
        codes = {name: _error_code(attempt) for name, attempt in attempts.items()}
        content = classify.get_object(**blob)["Body"].read()

    assert codes == dict.fromkeys(attempts, "AccessDenied")
    assert content == b"head"


def _error_code(attempt: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as raised:
        attempt()
    return str(raised.value.response["Error"]["Code"])


def _receive_messages(sqs: Any, url: str) -> list[Any]:
    response = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
    )
    return list(response.get("Messages", []))


def _queue_event(deployment: MotoDeployment, messages: list[Any]) -> Any:
    """Return the event that messages of the queue invoke the drain with."""
    [template] = read_event("sqs")["Records"]
    return {
        "Records": [
            template
            | {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "md5OfBody": message["MD5OfBody"],
                "eventSourceARN": deployment.mapping["EventSourceArn"],
            }
            for message in messages
        ]
    }


def test_a_prompt_that_cannot_be_stored_is_spooled_and_drained(
    deployment: MotoDeployment, create_deployed_function: FunctionFactory, stack: Stack
) -> None:
    user = stack.create_user("spooled-as-deployed@example.com")
    body = {"message": "remind me to water the plants", "user_id": user.id}
    outage = {
        "SUPABASE_URL_PARAMETER": "",
        "SUPABASE_URL": CLOSED_PORT_URL,
        "CAPTURE_TIMEOUT_SECONDS": "8",
    }
    with create_deployed_function("classify-and-log", **outage) as classify:
        key = {"x-api-key": stack.keys.api_key}
        response = json.loads(classify.invoke(url_event("/v1/classify", body, **key))["body"])
    assert response["captured"] == "spooled"

    queue = deployment.outputs()["SpoolQueueUrl"]
    event = _queue_event(deployment, _receive_messages(deployment.client("sqs"), queue))
    assert deployment.mapping["EventSourceArn"].rpartition(":")[2] == queue.rpartition("/")[2]
    assert deployment.mapping["FunctionArn"].endswith(":prompt-capture-dev-drain")
    assert deployment.mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    with create_deployed_function("drain") as drain:
        assert drain.invoke(event) == {"batchItemFailures": []}

    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        query = "select id::text from public.nlu_prompt_logs where user_id = %s"
        assert connection.execute(query, [user.id]).fetchall() == [(response["log_id"],)]


def test_a_message_that_cannot_be_drained_is_reported_and_can_become_a_dead_letter(
    deployment: MotoDeployment, create_deployed_function: FunctionFactory
) -> None:
    sqs, queue = deployment.client("sqs"), deployment.outputs()["SpoolQueueUrl"]
    sqs.purge_queue(QueueUrl=queue)
    message_id = sqs.send_message(QueueUrl=queue, MessageBody="{}")["MessageId"]
    with create_deployed_function("drain") as drain:
        response = drain.invoke(_queue_event(deployment, _receive_messages(sqs, queue)))

    assert response == {"batchItemFailures": [{"itemIdentifier": message_id}]}
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])
    redrive_policy = json.loads(attributes["Attributes"]["RedrivePolicy"])
    dead_letter_queue = deployment.resources()["DeadLetters"].rpartition("/")[2]
    assert redrive_policy["deadLetterTargetArn"].rpartition(":")[2] == dead_letter_queue
    assert redrive_policy["maxReceiveCount"] == 480
