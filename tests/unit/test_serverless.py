"""serverless.yml and infra/aws/ deploy what the folders hold; each gets no more than it needs."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.packaging.targets import PYTHON_VERSION
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.log_ids import SPOOL_RETENTION
from prompt_capture.settings import (
    PARAMETER,
    CallerSettings,
    CaptureSettings,
    ClassifierSettings,
    ExportSettings,
    SpoolSettings,
    SupabaseSettings,
)

ROOT = Path(__file__).parents[2]

SETTINGS = {
    "classify-and-log": (
        SupabaseSettings,
        CallerSettings,
        ClassifierSettings,
        CaptureSettings,
        SpoolSettings,
    ),
    "record-outcome": (SupabaseSettings, CallerSettings),
    "correct": (SupabaseSettings, CallerSettings),
    "drain": (SupabaseSettings,),
    "export": (SupabaseSettings, ExportSettings),
}

BY_LAMBDA = {"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
KNOWS_NO_RESOURCES = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
PREFIXES = ["${Datasets.Arn}/exports/*", "${Datasets.Arn}/retained/*"]
NEITHER_SECRET_NOR_SETTING = {"PARAMETERS_AS_OF"}


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's tags as what they are applied to."""


_Loader.add_multi_constructor("!", lambda loader, tag, node: _content(loader, node))


def _content(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


def read(file: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load((ROOT / file).read_text("utf-8"), _Loader)
    return content


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    return read("serverless.yml")


@pytest.fixture(scope="module")
def resources(service: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in service["resources"]:
        found |= read(part.removeprefix("${file(").removesuffix(")}"))["Resources"]
    return found


def environment(service: dict[str, Any], name: str) -> dict[str, str]:
    variables: dict[str, str] = (
        service["provider"]["environment"] | service["functions"][name]["environment"]
    )
    return variables


def statements(resources: dict[str, Any], role: str) -> Iterator[dict[str, Any]]:
    for policy in resources[role]["Properties"]["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def actions(statement: dict[str, Any]) -> list[str]:
    given = statement["Action"]
    return [given] if isinstance(given, str) else list(given)


def targets(statement: dict[str, Any]) -> list[str]:
    given = statement["Resource"]
    return [given] if isinstance(given, str) else list(given)


def test_each_folder_is_a_function_and_uploads_its_own_zip(service: dict[str, Any]) -> None:
    folders = {handler.parent.name for handler in (ROOT / "functions").glob("*/handler.py")}

    assert set(service["functions"]) == folders
    for name, function in service["functions"].items():
        assert function["handler"] == "handler.handler"
        assert function["package"]["artifact"] == f"build/package/functions-x86_64/{name}.zip"


def test_the_runtime_that_is_deployed_is_the_one_that_is_packaged_for(
    service: dict[str, Any],
) -> None:
    runtime = f"python{PYTHON_VERSION}"

    assert service["provider"]["runtime"] == runtime
    assert service["layers"]["promptCapture"]["compatibleRuntimes"] == [runtime]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_function_gets_the_settings_that_it_reads(service: dict[str, Any], name: str) -> None:
    variables = environment(service, name).keys() - NEITHER_SECRET_NOR_SETTING
    given = {variable.removesuffix(PARAMETER) for variable in variables} | BY_LAMBDA
    fields = {field: info for part in SETTINGS[name] for field, info in part.model_fields.items()}

    assert given <= {field.upper() for field in fields} | BY_LAMBDA
    assert {field.upper() for field, info in fields.items() if info.is_required()} <= given
    assert len(given & {"SUPABASE_SECRET_KEY", "SUPABASE_SIGNING_KEY"}) == 1


def test_no_key_is_in_the_environment(service: dict[str, Any]) -> None:
    secrets = {"SUPABASE_SECRET_KEY", "SUPABASE_SIGNING_KEY", "API_KEY_HASHES"}
    secrets |= {"SUPABASE_JWT_SECRET", "IDEMPOTENCY_SECRET"}

    for name in service["functions"]:
        assert not environment(service, name).keys() & secrets


def test_a_function_may_read_the_parameters_that_it_names_and_no_others(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    for name, function in service["functions"].items():
        variables = environment(service, name).items()
        named = {value for variable, value in variables if variable.endswith(PARAMETER)}
        [readable] = [
            targets(one)
            for one in statements(resources, function["role"])
            if actions(one) == ["ssm:GetParameters"]
        ]
        assert {one.partition(":parameter")[2] for one in readable} == named


def test_only_what_writes_outcomes_and_corrections_has_the_secret_key(
    service: dict[str, Any],
) -> None:
    holders = {
        name
        for name, function in service["functions"].items()
        if f"SUPABASE_SECRET_KEY{PARAMETER}" in function["environment"]
    }

    assert holders == {"record-outcome", "correct"}


def test_every_function_has_a_role_of_its_own(service: dict[str, Any]) -> None:
    roles = [function["role"] for function in service["functions"].values()]

    assert len(set(roles)) == len(roles)
    assert "iam" not in service["provider"]


def test_no_role_has_a_wildcard_but_for_traces_and_the_exports_prefixes(
    resources: dict[str, Any],
) -> None:
    roles = [name for name, one in resources.items() if one["Type"] == "AWS::IAM::Role"]
    wild = [
        (role, actions(one), targets(one))
        for role in roles
        for one in statements(resources, role)
        if "*" in "".join([*actions(one), *targets(one)]) and actions(one) != KNOWS_NO_RESOURCES
    ]

    assert wild == [
        ("ExportRole", ["s3:PutObject"], PREFIXES),
        ("ExportRole", ["s3:GetObject"], [f"{prefix}.manifest" for prefix in PREFIXES]),
    ]


def test_only_the_export_does_anything_in_s3_and_it_puts_objects_and_reads_manifests(
    resources: dict[str, Any],
) -> None:
    able = {
        (role, action)
        for role, one in resources.items()
        if one["Type"] == "AWS::IAM::Role"
        for statement in statements(resources, role)
        for action in actions(statement)
        if action.startswith("s3:")
    }

    assert able == {("ExportRole", "s3:PutObject"), ("ExportRole", "s3:GetObject")}


def test_what_erases_and_replays_is_for_people_and_no_function_has_it(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    policy = resources["OperatorPolicy"]["Properties"]
    allowed = policy["PolicyDocument"]["Statement"]
    wild = [one for one in allowed if "*" in "".join([*actions(one), *targets(one)])]
    given = {action for one in allowed for action in actions(one)}

    assert [targets(one) for one in wild] == [PREFIXES]
    assert {"s3:DeleteObjectVersion", "s3:ListBucketVersions"} <= given
    assert policy.keys() == {"Description", "PolicyDocument"}
    assert "OperatorPolicy" not in json.dumps(service["functions"])
    roles = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::IAM::Role"]
    assert all("ManagedPolicyArns" not in role for role in roles)


@pytest.mark.parametrize("kind", ["Errors", "Throttles", "Duration"])
def test_every_function_has_alarms_of_its_own(
    service: dict[str, Any], resources: dict[str, Any], kind: str
) -> None:
    watched = [
        one["Properties"]["Dimensions"][0]["Value"]
        for name, one in resources.items()
        if one["Type"] == "AWS::CloudWatch::Alarm" and one["Properties"]["MetricName"] == kind
    ]

    assert len(set(watched)) == len(watched) == len(service["functions"])


def test_an_alarm_of_duration_goes_off_before_its_timeout(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    for name, function in service["functions"].items():
        role = function["role"].removesuffix("Role")
        threshold = resources[f"{role}Duration"]["Properties"]["Threshold"]
        seconds = function.get("timeout", service["provider"]["timeout"])
        assert threshold == seconds * 1000 * 0.8, name


def test_every_alarm_reaches_somebody(resources: dict[str, Any]) -> None:
    alarms = [one for one in resources.values() if one["Type"] == "AWS::CloudWatch::Alarm"]

    assert all(alarm["Properties"]["AlarmActions"] == ["Alarms"] for alarm in alarms)


def schedules(resources: dict[str, Any]) -> list[dict[str, Any]]:
    found = resources.values()
    return [one["Properties"] for one in found if one["Type"] == "AWS::Scheduler::Schedule"]


def test_exports_are_scheduled_and_have_no_url(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    tick = "2026-11-23T07:00:00Z"
    requests = []
    for schedule in schedules(resources):
        told = schedule["Target"]["Input"].replace("${param:exportPolicy}", "audited")
        event = json.loads(told.replace("<aws.scheduler.scheduled-time>", tick))
        requests.append(ExportRequest.from_event(event))

    assert {request.mode for request in requests} == {"retraining", "review", "gold", "labelled"}
    assert all(request.scheduled_at == datetime.fromisoformat(tick) for request in requests)
    assert "url" not in service["functions"]["export"]


def test_somebody_is_told_when_an_export_fails_is_missed_or_holds_too_little(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    for schedule in schedules(resources):
        assert schedule["Target"]["DeadLetterConfig"] == {"Arn": "MissedExports.Arn"}
    assert service["functions"]["export"]["destinations"]["onFailure"]["arn"] == "Alarms"
    assert {"ThinDatasets", "ExportsThatNeverBegan", "ExportMissed"} <= resources.keys()
    pattern = resources["ExportHoldsTooLittle"]["Properties"]["FilterPattern"]
    workflow = ROOT / "shared/python/prompt_capture/workflows/datasets/export.py"
    assert pattern.split('"')[1] in workflow.read_text("utf-8")


def test_what_people_taught_is_kept_for_longer_than_other_datasets(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    bucket = resources["Datasets"]["Properties"]
    rules = {rule.get("Prefix"): rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    given = service["params"]["default"]

    assert rules["exports/"]["ExpirationInDays"] == "${param:datasetRetentionDays}"
    assert rules["retained/"]["ExpirationInDays"] == "${param:labelRetentionDays}"
    assert given["labelRetentionDays"] > given["datasetRetentionDays"]


def test_no_browser_may_call_across_origins(service: dict[str, Any]) -> None:
    assert all("cors" not in url for url in service["custom"]["urls"].values())


def test_queues_and_the_bucket_are_encrypted_and_the_bucket_private(
    resources: dict[str, Any],
) -> None:
    queues = [one for one in resources.values() if one["Type"] == "AWS::SQS::Queue"]
    bucket = resources["Datasets"]["Properties"]

    assert all(queue["Properties"]["SqsManagedSseEnabled"] for queue in queues)
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def test_what_fails_is_tried_again_for_a_day_and_never_dropped(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    spool = resources["Spool"]["Properties"]
    tries = spool["RedrivePolicy"]["maxReceiveCount"]

    assert spool["VisibilityTimeout"] * tries >= 24 * 60 * 60
    assert spool["VisibilityTimeout"] >= 6 * service["functions"]["drain"]["timeout"]
    assert spool["RedrivePolicy"]["deadLetterTargetArn"] == "DeadLetters.Arn"
    [event] = service["functions"]["drain"]["events"]
    assert event["sqs"]["functionResponseType"] == "ReportBatchItemFailures"


def test_the_spool_keeps_prompts_as_long_as_their_outcomes_are_held(
    resources: dict[str, Any],
) -> None:
    retention = int(SPOOL_RETENTION.total_seconds())

    for name in ("Spool", "DeadLetters"):
        assert resources[name]["Properties"]["MessageRetentionPeriod"] == retention
