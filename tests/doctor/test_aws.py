"""Bucket, schedules and queues, against a stand-in for AWS."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest

from tests.doctor.conftest import Environment, Look, faults, states

BUCKET, GROUP, REGION = "datasets", "exports", "eu-west-1"
BLOCK = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def client(aws: Environment, service: str) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=aws["AWS_ENDPOINT_URL"],
        region_name=REGION,
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
    )


@pytest.fixture
def deployed(aws: Environment) -> Environment:
    """A bucket, schedules and queues as the template has them."""
    s3 = client(aws, "s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_public_access_block(
        Bucket=BUCKET, PublicAccessBlockConfiguration=dict.fromkeys(BLOCK, True)
    )
    encrypted = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(
        Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [encrypted]}
    )
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    client(aws, "scheduler").create_schedule_group(Name=GROUP)
    for name in ("RetrainingExport", "ReviewExport"):
        schedule(aws, name, "ENABLED")
    return aws | {
        "EXPORT_BUCKET": BUCKET,
        "EXPORT_SCHEDULE_GROUP": GROUP,
        "SPOOL_QUEUE_URL": queue(aws, "spool", queue(aws, "letters")),
        "MISSED_EXPORTS_QUEUE_URL": queue(aws, "missed"),
    }


def schedule(aws: Environment, name: str, state: str, change: str = "create_schedule") -> None:
    getattr(client(aws, "scheduler"), change)(
        Name=name,
        GroupName=GROUP,
        State=state,
        ScheduleExpression="cron(0 8 ? * MON *)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": "arn:aws:lambda:eu-west-1:1:function:x", "RoleArn": "arn:aws:iam::1:role/x"},
    )


def queue(aws: Environment, name: str, dead_letters: str | None = None) -> str:
    sqs = client(aws, "sqs")
    attributes = {}
    if dead_letters:
        arn = sqs.get_queue_attributes(QueueUrl=dead_letters, AttributeNames=["QueueArn"])
        redrive = {
            "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
            "maxReceiveCount": 480,
        }
        attributes = {"RedrivePolicy": json.dumps(redrive)}
    url: str = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url


@pytest.mark.parametrize("check", ["bucket", "schedules", "queues"])
def test_what_the_template_deploys_is_well(look: Look, deployed: Environment, check: str) -> None:
    assert set(states(look(check, deployed)).values()) == {"ok"}


@pytest.mark.parametrize("setting", BLOCK)
def test_a_bucket_that_could_be_made_public_is_named_with_the_command_that_mends_it(
    look: Look, deployed: Environment, setting: str
) -> None:
    client(deployed, "s3").put_public_access_block(
        Bucket=BUCKET, PublicAccessBlockConfiguration=dict.fromkeys(BLOCK, True) | {setting: False}
    )
    findings = look("bucket", deployed)

    assert faults(findings) == {"public access": f"is not blocked: {setting}"}
    assert f"put-public-access-block --bucket {BUCKET}" in findings[0].remediation


def test_a_bucket_that_nothing_protects_is_named_three_times(
    look: Look, deployed: Environment
) -> None:
    s3 = client(deployed, "s3")
    s3.delete_public_access_block(Bucket=BUCKET)
    s3.delete_bucket_encryption(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})

    found = faults(look("bucket", deployed))

    assert found.keys() == {"public access", "encryption", "versioning"}
    assert found["public access"] == f"is not blocked: {', '.join(BLOCK)}"


def test_a_bucket_that_is_not_there_is_wrong(look: Look, deployed: Environment) -> None:
    found = faults(look("bucket", deployed | {"EXPORT_BUCKET": "elsewhere"}))

    assert found == {"the rest": "AWS answers NoSuchBucket to GetPublicAccessBlock"}


def test_a_schedule_that_is_off_is_named(look: Look, deployed: Environment) -> None:
    schedule(deployed, "ReviewExport", "DISABLED", change="update_schedule")

    assert faults(look("schedules", deployed)) == {"ReviewExport": "is switched off"}


def test_a_group_without_schedules_is_wrong(look: Look, deployed: Environment) -> None:
    client(deployed, "scheduler").create_schedule_group(Name="empty")

    found = faults(look("schedules", deployed | {"EXPORT_SCHEDULE_GROUP": "empty"}))

    assert found == {"empty": "holds no schedule"}


def test_dead_letters_and_missed_exports_are_counted_and_not_received(
    look: Look, deployed: Environment
) -> None:
    sqs = client(deployed, "sqs")
    letters = sqs.get_queue_url(QueueName="letters")["QueueUrl"]
    for url in (letters, letters, deployed["MISSED_EXPORTS_QUEUE_URL"]):
        sqs.send_message(QueueUrl=url, MessageBody="a prompt that nobody may see")

    findings = look("queues", deployed)

    assert faults(findings) == {
        "dead letters": "2 prompts could not be written",
        "missed exports": "1 exports could not be started",
    }
    assert "nobody may see" not in repr(findings)
    assert len(sqs.receive_message(QueueUrl=letters, MaxNumberOfMessages=10)["Messages"]) == 2


def test_a_spool_without_a_queue_for_dead_letters_is_wrong(
    look: Look, deployed: Environment
) -> None:
    bare = queue(deployed, "bare")

    found = faults(look("queues", deployed | {"SPOOL_QUEUE_URL": bare}))

    assert found == {"dead letters": "the spool has no queue for them"}


@pytest.fixture
def refusing(deployed: Environment) -> Iterator[Environment]:
    """The same, with rights that nobody has."""
    reset = f"{deployed['AWS_ENDPOINT_URL']}/moto-api/reset-auth"
    httpx.post(reset, content=b"0").raise_for_status()
    yield deployed
    httpx.post(reset, content=b"inf").raise_for_status()


@pytest.mark.parametrize("check", ["bucket", "schedules", "queues"])
def test_what_the_credentials_may_not_see_is_skipped_with_the_right_to_give(
    look: Look, refusing: Environment, check: str
) -> None:
    [finding] = look(check, refusing)

    assert finding.state == "skipped"
    assert "lists the rights" in finding.remediation


@pytest.mark.parametrize(
    ("check", "setting"),
    [
        ("bucket", "EXPORT_BUCKET"),
        ("schedules", "EXPORT_SCHEDULE_GROUP"),
        ("queues", "SPOOL_QUEUE_URL"),
    ],
)
def test_what_nobody_named_is_skipped_and_aws_is_not_asked(
    look: Look, check: str, setting: str
) -> None:
    assert states(look(check, {"SUPABASE_URL": "https://here.supabase.co"})) == {setting: "skipped"}


@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_REGION"])
def test_without_credentials_or_a_region_aws_is_skipped(
    look: Look, monkeypatch: pytest.MonkeyPatch, deployed: Environment, variable: str
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    missing = {name: value for name, value in deployed.items() if name != variable}
    if variable == "AWS_ACCESS_KEY_ID":
        del missing["AWS_SECRET_ACCESS_KEY"]

    [finding] = look("schedules", missing)

    assert finding.state == "skipped"
    assert "aws configure" in finding.remediation
