"""The checks of bucket, schedules and queues, against moto's AWS."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest

from tests.doctor.conftest import Environment, RunCheck, problems, states

BUCKET, GROUP, REGION = "datasets", "exports", "eu-west-1"
BLOCK = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def aws_client(aws: Environment, service: str) -> Any:
    create: Any = boto3.client
    return create(
        service,
        endpoint_url=aws["AWS_ENDPOINT_URL"],
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture
def deployment(aws: Environment) -> Environment:
    """A bucket, schedules and queues as the template defines them."""
    s3 = aws_client(aws, "s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_public_access_block(
        Bucket=BUCKET, PublicAccessBlockConfiguration=dict.fromkeys(BLOCK, True)
    )
    encrypted = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(
        Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [encrypted]}
    )
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    aws_client(aws, "scheduler").create_schedule_group(Name=GROUP)
    for name in ("RetrainingExport", "ReviewExport"):
        put_schedule(aws, name, "ENABLED")
    return aws | {
        "EXPORT_BUCKET": BUCKET,
        "EXPORT_SCHEDULE_GROUP": GROUP,
        "SPOOL_QUEUE_URL": create_queue(aws, "spool", create_queue(aws, "dead-letters")),
        "MISSED_EXPORTS_QUEUE_URL": create_queue(aws, "missed-exports"),
    }


def put_schedule(
    aws: Environment, name: str, state: str, operation: str = "create_schedule"
) -> None:
    getattr(aws_client(aws, "scheduler"), operation)(
        Name=name,
        GroupName=GROUP,
        State=state,
        ScheduleExpression="cron(0 8 ? * MON *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:lambda:eu-west-1:1:function:x", "RoleArn": "arn:aws:iam::1:role/x"},
    )


def create_queue(aws: Environment, name: str, dead_letters: str | None = None) -> str:
    sqs = aws_client(aws, "sqs")
    attributes = {}
    if dead_letters:
        arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])
        redrive_policy = {
            "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
            "maxReceiveCount": 480,
        }
        attributes = {"RedrivePolicy": json.dumps(redrive_policy)}
    url: str = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url


@pytest.mark.parametrize("check", ["bucket", "schedules", "queues"])
def test_what_the_template_deploys_is_ok(
    run_check: RunCheck, deployment: Environment, check: str
) -> None:
    assert set(states(run_check(check, deployment)).values()) == {"ok"}


@pytest.mark.parametrize("setting", BLOCK)
def test_a_bucket_that_can_be_made_public_is_wrong_with_the_command_to_fix_it(
    run_check: RunCheck, deployment: Environment, setting: str
) -> None:
    aws_client(deployment, "s3").put_public_access_block(
        Bucket=BUCKET, PublicAccessBlockConfiguration=dict.fromkeys(BLOCK, True) | {setting: False}
    )
    results = run_check("bucket", deployment)

    assert problems(results) == {"public access": f"is not blocked: {setting}"}
    assert f"put-public-access-block --bucket {BUCKET}" in results[0].remediation


def test_a_bucket_without_any_protection_is_wrong_in_three_ways(
    run_check: RunCheck, deployment: Environment
) -> None:
    s3 = aws_client(deployment, "s3")
    s3.delete_public_access_block(Bucket=BUCKET)
    s3.delete_bucket_encryption(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})

    reported = problems(run_check("bucket", deployment))

    assert reported.keys() == {"public access", "encryption", "versioning"}
    assert reported["public access"] == f"is not blocked: {', '.join(BLOCK)}"


def test_a_bucket_that_does_not_exist_is_wrong(
    run_check: RunCheck, deployment: Environment
) -> None:
    reported = problems(run_check("bucket", deployment | {"EXPORT_BUCKET": "elsewhere"}))

    assert reported == {"remaining checks": "AWS returns NoSuchBucket for GetPublicAccessBlock"}


def test_a_disabled_schedule_is_wrong(run_check: RunCheck, deployment: Environment) -> None:
    put_schedule(deployment, "ReviewExport", "DISABLED", operation="update_schedule")

    assert problems(run_check("schedules", deployment)) == {"ReviewExport": "is disabled"}


def test_a_group_without_schedules_is_wrong(run_check: RunCheck, deployment: Environment) -> None:
    aws_client(deployment, "scheduler").create_schedule_group(Name="empty")

    reported = problems(run_check("schedules", deployment | {"EXPORT_SCHEDULE_GROUP": "empty"}))

    assert reported == {"empty": "has no schedules"}


def test_dead_letters_and_missed_exports_are_counted_and_not_received(
    run_check: RunCheck, deployment: Environment
) -> None:
    sqs = aws_client(deployment, "sqs")
    dead_letters = sqs.get_queue_url(QueueName="dead-letters")["QueueUrl"]
    for url in (dead_letters, dead_letters, deployment["MISSED_EXPORTS_QUEUE_URL"]):
        sqs.send_message(QueueUrl=url, MessageBody="a private prompt")

    results = run_check("queues", deployment)

    assert problems(results) == {
        "dead letters": "2 prompts could not be stored",
        "missed exports": "1 exports could not be started",
    }
    assert "private prompt" not in repr(results)
    assert len(sqs.receive_message(QueueUrl=dead_letters, MaxNumberOfMessages=10)["Messages"]) == 2


def test_a_spool_without_a_dead_letter_queue_is_wrong(
    run_check: RunCheck, deployment: Environment
) -> None:
    spool = create_queue(deployment, "spool-without-redrive")

    reported = problems(run_check("queues", deployment | {"SPOOL_QUEUE_URL": spool}))

    assert reported == {"dead letters": "the spool has no dead-letter queue"}


@pytest.fixture
def without_permissions(deployment: Environment) -> Iterator[Environment]:
    """The same deployment, with credentials that have no permissions."""
    reset = f"{deployment['AWS_ENDPOINT_URL']}/moto-api/reset-auth"
    httpx.post(reset, content=b"0").raise_for_status()
    yield deployment
    httpx.post(reset, content=b"inf").raise_for_status()


@pytest.mark.parametrize("check", ["bucket", "schedules", "queues"])
def test_a_check_without_permissions_is_skipped_with_where_to_find_them(
    run_check: RunCheck, without_permissions: Environment, check: str
) -> None:
    [result] = run_check(check, without_permissions)

    assert result.state == "skipped"
    assert "lists the permissions" in result.remediation


@pytest.mark.parametrize(
    ("check", "setting"),
    [
        ("bucket", "EXPORT_BUCKET"),
        ("schedules", "EXPORT_SCHEDULE_GROUP"),
        ("queues", "SPOOL_QUEUE_URL"),
    ],
)
def test_a_check_without_its_setting_is_skipped_without_calling_aws(
    run_check: RunCheck, check: str, setting: str
) -> None:
    assert states(run_check(check, {"SUPABASE_URL": "https://here.supabase.co"})) == {
        setting: "skipped"
    }


@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_REGION"])
def test_checks_of_aws_are_skipped_without_credentials_or_a_region(
    run_check: RunCheck, monkeypatch: pytest.MonkeyPatch, deployment: Environment, variable: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    incomplete = {name: value for name, value in deployment.items() if name != variable}
    if variable == "AWS_ACCESS_KEY_ID":
        del incomplete["AWS_SECRET_ACCESS_KEY"]

    [result] = run_check("schedules", incomplete)

    assert result.state == "skipped"
    assert "aws configure" in result.remediation


@pytest.mark.parametrize("bucket", [f"s3://{BUCKET}", f"arn:aws:s3:::{BUCKET}"])
def test_a_bucket_may_be_given_by_its_url_or_its_arn(
    run_check: RunCheck, deployment: Environment, bucket: str
) -> None:
    results = run_check("bucket", deployment | {"EXPORT_BUCKET": bucket})

    assert set(states(results).values()) == {"ok"}


def test_a_folder_in_place_of_the_bucket_is_named(
    run_check: RunCheck, deployment: Environment
) -> None:
    (result,) = run_check("bucket", deployment | {"EXPORT_BUCKET": "./exports"})

    assert (result.state, result.message) == ("skipped", "is a folder on this machine")
