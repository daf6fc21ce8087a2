"""serverless.yml and infra/aws/: functions, settings, permissions, alarms and retention."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from infra.packaging.layers import layer_of
from infra.packaging.targets import PYTHON_VERSION
from prompt_capture.api.errors import DRAIN_INTERVAL_SECONDS
from prompt_capture.api.events import monitoring_mode
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.log_ids import SPOOL_RETENTION
from prompt_capture.settings.callers import AuthenticationSettings, OperatorSettings
from prompt_capture.settings.capture import CaptureSettings, SpoolSettings
from prompt_capture.settings.classification import ClassifierSettings
from prompt_capture.settings.console import ConsoleSettings
from prompt_capture.settings.exports import ExportSettings
from prompt_capture.settings.models import ModelBucketSettings, ModelSettings, PublishingSettings
from prompt_capture.settings.monitoring import MonitorSettings
from prompt_capture.settings.parameters import PARAMETER_SUFFIX
from prompt_capture.settings.retraining import RetrainingSettings
from prompt_capture.settings.supabase import SupabaseSettings
from prompt_capture.settings.web_pages import WebSettings
from training.retrain.requests import RetrainingRequest

ROOT = Path(__file__).parents[2]

SETTINGS = {
    "classify-and-log": (
        SupabaseSettings,
        AuthenticationSettings,
        ClassifierSettings,
        CaptureSettings,
        SpoolSettings,
        WebSettings,
        ModelSettings,
    ),
    "record-outcome": (SupabaseSettings, AuthenticationSettings),
    "correct": (SupabaseSettings, AuthenticationSettings, WebSettings),
    "models": (SupabaseSettings, OperatorSettings),
    "console": (ConsoleSettings, AuthenticationSettings),
    "drain": (SupabaseSettings,),
    "export": (SupabaseSettings, ExportSettings),
    "monitor": (SupabaseSettings, MonitorSettings),
    "retrain": (
        SupabaseSettings,
        ExportSettings,
        ModelBucketSettings,
        PublishingSettings,
        RetrainingSettings,
    ),
}

SET_BY_LAMBDA = {"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
WITHOUT_RESOURCE_PERMISSIONS = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
CLEANING_ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:DeleteObjectVersion"]
MODEL_OBJECTS = "${Datasets.Arn}/models/*"
READING_MODELS = ["s3:GetObject", "s3:GetObjectVersion"]
PUBLISHING_MODELS = ["s3:GetObject", "s3:PutObject"]
RETRAINING_MODELS = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
TRAINING_PREFIXES = [
    "${Datasets.Arn}/exports/audited/*",
    "${Datasets.Arn}/retained/gold/*",
    "${Datasets.Arn}/seeds/*",
]
DATASET_PREFIXES = ["${Datasets.Arn}/exports/*", "${Datasets.Arn}/retained/*"]
WRITERS_OF_MODELS = ["PublishingRole.Arn", "RetrainRole.Arn"]
NOT_A_SETTING = {"PARAMETERS_VERSION"}


class _Loader(yaml.SafeLoader):
    """Replaces CloudFormation's tags by the values that they are applied to."""


_Loader.add_multi_constructor("!", lambda loader, tag, node: _untagged(loader, node))


def _untagged(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)  # type: ignore[arg-type]


def read_yaml(file: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.load((ROOT / file).read_text("utf-8"), _Loader)
    return content


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    return read_yaml("serverless.yml")


@pytest.fixture(scope="module")
def resources(service: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for reference in service["resources"]:
        file = reference.removeprefix("${file(").removesuffix(")}")
        merged |= read_yaml(file)["Resources"]
    return merged


def environment(service: dict[str, Any], name: str) -> dict[str, str]:
    variables: dict[str, str] = (
        service["provider"]["environment"] | service["functions"][name]["environment"]
    )
    return variables


def statements(resources: dict[str, Any], role: str) -> Iterator[dict[str, Any]]:
    for policy in resources[role]["Properties"]["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def actions(statement: dict[str, Any]) -> list[str]:
    value = statement["Action"]
    return [value] if isinstance(value, str) else list(value)


def resource_arns(statement: dict[str, Any]) -> list[str]:
    value = statement["Resource"]
    return [value] if isinstance(value, str) else list(value)


def test_every_function_folder_is_deployed_with_its_own_zip(service: dict[str, Any]) -> None:
    folders = {handler.parent.name for handler in (ROOT / "functions").glob("*/handler.py")}

    assert set(service["functions"]) == folders
    for name, function in service["functions"].items():
        assert function["handler"] == "handler.handler"
        assert function["package"]["artifact"] == f"build/package/functions-x86_64/{name}.zip"


def test_functions_run_on_the_python_version_that_packages_are_built_for(
    service: dict[str, Any],
) -> None:
    runtime = f"python{PYTHON_VERSION}"

    assert service["provider"]["runtime"] == runtime
    assert all(layer["compatibleRuntimes"] == [runtime] for layer in service["layers"].values())


def test_a_function_has_the_layer_that_is_packaged_for_it(service: dict[str, Any]) -> None:
    zips = {
        f"{name[0].upper()}{name[1:]}LambdaLayer": layer["package"]["artifact"]
        for name, layer in service["layers"].items()
    }
    for name, function in service["functions"].items():
        [used] = function.get("layers", service["provider"]["layers"])
        assert zips[used] == f"build/package/{layer_of(name).name}-x86_64.zip"


@pytest.mark.parametrize("name", SETTINGS)
def test_a_function_receives_exactly_the_settings_that_it_reads(
    service: dict[str, Any], name: str
) -> None:
    variables = environment(service, name).keys() - NOT_A_SETTING
    settings = {variable.removesuffix(PARAMETER_SUFFIX) for variable in variables} | SET_BY_LAMBDA
    fields = {field: info for model in SETTINGS[name] for field, info in model.model_fields.items()}

    assert settings <= {field.upper() for field in fields} | SET_BY_LAMBDA
    assert {field.upper() for field, info in fields.items() if info.is_required()} <= settings
    secrets = settings & {"SUPABASE_SECRET_KEY", "SUPABASE_SIGNING_KEY"}
    assert len(secrets) == (0 if name == "console" else 1)


def test_the_environment_contains_no_key(service: dict[str, Any]) -> None:
    secrets = {"SUPABASE_SECRET_KEY", "SUPABASE_SIGNING_KEY", "API_KEY_HASHES"}
    secrets |= {"SUPABASE_JWT_SECRET", "IDEMPOTENCY_SECRET", "OPERATOR_KEY_HASHES"}

    for name in service["functions"]:
        assert not environment(service, name).keys() & secrets


def test_a_function_may_read_only_the_parameters_in_its_environment(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    for name, function in service["functions"].items():
        variables = environment(service, name).items()
        expected = {value for variable, value in variables if variable.endswith(PARAMETER_SUFFIX)}
        [readable] = [
            resource_arns(statement)
            for statement in statements(resources, function["role"])
            if actions(statement) == ["ssm:GetParameters"]
        ]
        assert {arn.partition(":parameter")[2] for arn in readable} == expected


def test_only_record_outcome_and_correct_receive_the_secret_key(
    service: dict[str, Any],
) -> None:
    holders = {
        name
        for name, function in service["functions"].items()
        if f"SUPABASE_SECRET_KEY{PARAMETER_SUFFIX}" in function["environment"]
    }

    assert holders == {"record-outcome", "correct"}


def test_every_function_has_its_own_role(service: dict[str, Any]) -> None:
    roles = [function["role"] for function in service["functions"].values()]

    assert len(set(roles)) == len(roles)
    assert "iam" not in service["provider"]


def test_roles_have_wildcards_only_for_tracing_and_prefixes_of_the_bucket(
    resources: dict[str, Any],
) -> None:
    roles = [name for name, resource in resources.items() if resource["Type"] == "AWS::IAM::Role"]
    wildcards = [
        (role, actions(statement), resource_arns(statement))
        for role in roles
        for statement in statements(resources, role)
        if "*" in "".join([*actions(statement), *resource_arns(statement)])
        and actions(statement) != WITHOUT_RESOURCE_PERMISSIONS
    ]

    assert wildcards == [
        ("ClassifyRole", READING_MODELS, [MODEL_OBJECTS]),
        ("ExportRole", CLEANING_ACTIONS, DATASET_PREFIXES),
        ("RetrainRole", ["s3:GetObject"], TRAINING_PREFIXES),
        ("RetrainRole", RETRAINING_MODELS, [MODEL_OBJECTS]),
        ("PublishingRole", PUBLISHING_MODELS, [MODEL_OBJECTS]),
    ]


def test_the_bucket_is_only_open_to_those_who_need_it(
    resources: dict[str, Any],
) -> None:
    allowed = {
        (role, action, arn)
        for role, resource in resources.items()
        if resource["Type"] == "AWS::IAM::Role"
        for statement in statements(resources, role)
        for action in actions(statement)
        for arn in resource_arns(statement)
        if action.startswith("s3:")
    }

    listing = [("s3:ListBucket", "Datasets.Arn"), ("s3:ListBucketVersions", "Datasets.Arn")]
    objects = [(action, prefix) for action in CLEANING_ACTIONS for prefix in DATASET_PREFIXES]
    assert allowed == {
        *(("ExportRole", *right) for right in (*listing, *objects)),
        *(("ClassifyRole", action, MODEL_OBJECTS) for action in READING_MODELS),
        *(("PublishingRole", action, MODEL_OBJECTS) for action in PUBLISHING_MODELS),
        *(("RetrainRole", action, MODEL_OBJECTS) for action in RETRAINING_MODELS),
        *(("RetrainRole", "s3:GetObject", prefix) for prefix in TRAINING_PREFIXES),
        ("RetrainRole", "s3:ListBucket", "Datasets.Arn"),
    }


def test_only_publishing_and_retraining_write_models_and_they_replace_none(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    policy = resources["DatasetsPolicy"]["Properties"]
    denied = {
        (*sorted(actions(statement)), str(statement["Condition"]))
        for statement in policy["PolicyDocument"]["Statement"]
        if resource_arns(statement) == [MODEL_OBJECTS]
        and (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    }

    assert policy["Bucket"] == "Datasets"
    not_publishing = {"ArnNotEquals": {"aws:PrincipalArn": WRITERS_OF_MODELS}}
    unconditional = {"Null": {"s3:if-none-match": "true"}}
    assert denied == {
        ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject", str(not_publishing)),
        ("s3:PutObject", str(unconditional)),
    }
    assert "PublishingRole" not in json.dumps(service["functions"])


def test_no_rule_expires_a_model_or_a_version_of_one(resources: dict[str, Any]) -> None:
    rules = resources["Datasets"]["Properties"]["LifecycleConfiguration"]["Rules"]
    expiring = {
        rule.get("Prefix")
        for rule in rules
        if rule.keys() & {"ExpirationInDays", "NoncurrentVersionExpiration"}
    }
    deleting_versions = {rule["Prefix"] for rule in rules if "NoncurrentVersionExpiration" in rule}

    assert expiring == deleting_versions == {"exports/", "retained/"}
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)


def test_permissions_to_erase_and_redrive_are_only_in_the_operator_policy(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    policy = resources["OperatorPolicy"]["Properties"]
    allowed = policy["PolicyDocument"]["Statement"]
    wildcards = [
        statement
        for statement in allowed
        if "*" in "".join([*actions(statement), *resource_arns(statement)])
    ]
    allowed_actions = {action for statement in allowed for action in actions(statement)}

    assert [resource_arns(statement) for statement in wildcards] == [DATASET_PREFIXES]
    assert {"s3:DeleteObjectVersion", "s3:ListBucketVersions"} <= allowed_actions
    assert policy.keys() == {"Description", "PolicyDocument"}
    assert "OperatorPolicy" not in json.dumps(service["functions"])
    roles = [
        resource["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::IAM::Role"
    ]
    assert all("ManagedPolicyArns" not in role for role in roles)


@pytest.mark.parametrize("metric", ["Errors", "Throttles", "Duration"])
def test_every_function_has_its_own_alarms(
    service: dict[str, Any], resources: dict[str, Any], metric: str
) -> None:
    watched = [
        resource["Properties"]["Dimensions"][0]["Value"]
        for resource in resources.values()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
        and resource["Properties"]["MetricName"] == metric
    ]

    assert len(set(watched)) == len(watched) == len(service["functions"])


def test_duration_alarms_fire_at_80_percent_of_the_timeout(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    for name, function in service["functions"].items():
        role = function["role"].removesuffix("Role")
        threshold = resources[f"{role}Duration"]["Properties"]["Threshold"]
        seconds = function.get("timeout", service["provider"]["timeout"])
        assert threshold == seconds * 1000 * 0.8, name


def test_every_alarm_notifies_the_alarm_topic(resources: dict[str, Any]) -> None:
    alarms = [
        resource for resource in resources.values() if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]

    assert all(alarm["Properties"]["AlarmActions"] == ["AlarmTopic"] for alarm in alarms)


def schedules(resources: dict[str, Any], target: str = "") -> list[dict[str, Any]]:
    """Return the schedules of a function, or all of them."""
    return [
        resource["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Scheduler::Schedule"
        and target in {"", resource["Properties"]["Target"]["Arn"]}
    ]


def test_the_rules_are_evaluated_every_hour_and_the_digest_is_sent_every_week(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    scheduled = schedules(resources, "MonitorLambdaFunction.Arn")
    modes = {
        monitoring_mode(json.loads(one["Target"]["Input"])): one["ScheduleExpression"]
        for one in scheduled
    }

    assert len(scheduled) == 2
    assert modes == {"evaluate": "cron(10 * * * ? *)", "digest": "cron(30 9 ? * MON *)"}
    assert "url" not in service["functions"]["monitor"]
    alarm = resources["NoEvaluationInThreeHours"]["Properties"]
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": "MonitorLambdaFunction"}]


def test_the_monitor_reads_parameters_counts_prompts_that_wait_and_publishes_alone(
    resources: dict[str, Any],
) -> None:
    allowed = {
        (action, arn)
        for statement in statements(resources, "MonitorRole")
        for action in actions(statement)
        for arn in resource_arns(statement)
        if not action.startswith(("xray:", "logs:", "ssm:"))
    }

    assert allowed == {
        ("sqs:GetQueueAttributes", "Spool.Arn"),
        ("sqs:GetQueueAttributes", "DeadLetters.Arn"),
        ("sns:Publish", "AlarmTopic"),
    }


def test_the_console_calls_the_url_of_models_and_nothing_else(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    """With AWS_IAM, a Function URL wants two permissions, both for calls by its URL alone."""
    allowed = [
        (actions(statement), resource_arns(statement), statement["Condition"])
        for statement in statements(resources, "ConsoleRole")
        if not actions(statement)[0].startswith(("xray:", "logs:", "ssm:"))
    ]

    models = ["ModelsLambdaFunction.Arn"]
    with_iam = {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}
    by_url = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
    assert allowed == [
        (["lambda:InvokeFunctionUrl"], models, with_iam),
        (["lambda:InvokeFunction"], models, by_url),
    ]
    assert environment(service, "console")["MODELS_URL_AUTH"] == "${param:urlAuth}"
    values = get_args(ConsoleSettings.model_fields["models_url_auth"].annotation)
    assert set(values) == set(service["custom"]["urls"])
    assert service["functions"]["console"]["url"] is True


def test_the_retraining_is_scheduled_by_month_and_by_day_and_promotes_nothing_by_default(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    payloads = [
        schedule["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", "2026-11-02T10:00Z")
        for schedule in schedules(resources, "RetrainLambdaFunction.Arn")
    ]
    requests = [RetrainingRequest.from_event(json.loads(one), "id") for one in payloads]

    assert [(one.occasion, one.tick) for one in requests] == [
        ("month", "month-20261102T100000Z"),
        ("day", "day-20261102T100000Z"),
    ]
    variables = service["functions"]["retrain"]["environment"]
    assert variables["RETRAIN_AUTO_PROMOTE"] == "${param:autoPromote}"
    assert service["params"]["default"]["autoPromote"] == "false"
    assert "autoPromote" not in service["params"]["prod"]
    assert service["functions"]["retrain"]["memorySize"] == 3008
    assert "url" not in service["functions"]["retrain"]


def test_every_export_mode_is_scheduled_and_the_export_has_no_url(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    scheduled_time = "2026-11-23T07:00:00Z"
    requests = []
    for schedule in schedules(resources, "ExportLambdaFunction.Arn"):
        payload = schedule["Target"]["Input"].replace("${param:exportPolicy}", "audited")
        event = json.loads(payload.replace("<aws.scheduler.scheduled-time>", scheduled_time))
        requests.append(ExportRequest.from_event(event))

    assert {request.mode for request in requests} == {"retraining", "review", "gold", "labelled"}
    assert all(
        request.scheduled_at == datetime.fromisoformat(scheduled_time) for request in requests
    )
    assert "url" not in service["functions"]["export"]


def test_the_split_is_evaluated_every_day_by_a_job_of_the_function_models(
    resources: dict[str, Any],
) -> None:
    [schedule] = schedules(resources, "ModelsLambdaFunction.Arn")
    job = json.loads(schedule["Target"]["Input"])["job"]

    assert schedule["ScheduleExpression"].endswith("* * ? *)")
    assert f'"{job}": evaluate_split' in (ROOT / "functions/models/handler.py").read_text("utf-8")
    statement = resources["ScheduleRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    assert schedule["Target"]["Arn"] in statement["Statement"][0]["Resource"]


def test_an_alarm_is_raised_when_an_export_fails_is_missed_or_is_small(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    for schedule in schedules(resources, "ExportLambdaFunction.Arn"):
        assert schedule["Target"]["DeadLetterConfig"] == {"Arn": "MissedExports.Arn"}
    assert service["functions"]["export"]["destinations"]["onFailure"]["arn"] == "AlarmTopic"
    assert {"SmallDatasets", "ExportsNotStarted", "NoExportInSevenDays"} <= resources.keys()
    cleaning = resources["UncleanedObjects"]["Properties"]
    assert cleaning["MetricName"].lower() == "uncleaned"
    assert cleaning["Dimensions"] == [{"Name": "service", "Value": "export"}]
    pattern = resources["SmallDatasetMetricFilter"]["Properties"]["FilterPattern"]
    workflow = ROOT / "shared/python/prompt_capture/workflows/exports/export.py"
    assert pattern.split('"')[1] in workflow.read_text("utf-8")


def test_labels_are_retained_longer_than_other_datasets(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    bucket = resources["Datasets"]["Properties"]
    rules = {rule.get("Prefix"): rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    params = service["params"]["default"]

    assert rules["exports/"]["ExpirationInDays"] == "${param:datasetRetentionDays}"
    assert rules["retained/"]["ExpirationInDays"] == "${param:labelRetentionDays}"
    assert params["labelRetentionDays"] > params["datasetRetentionDays"]


def test_web_pages_may_call_only_by_the_setting_of_the_functions(service: dict[str, Any]) -> None:
    assert all("cors" not in url for url in service["custom"]["urls"].values())
    assert service["params"]["default"]["corsAllowOrigins"] == ""
    assert "CORS_ALLOW_ORIGINS" not in environment(service, "record-outcome")


def test_an_alarm_is_raised_when_a_function_is_not_configured(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    filters = [
        resource["Properties"]
        for name, resource in resources.items()
        if name.endswith("ConfigurationMetricFilter")
    ]
    with_url = {name for name, function in service["functions"].items() if "url" in function}
    handler = ROOT / "shared/python/prompt_capture/api/lambda_handler.py"

    assert len({one["LogGroupName"] for one in filters}) == len(filters) == len(with_url)
    for one in filters:
        assert one["FilterPattern"].split('"')[1] in handler.read_text("utf-8")
        assert one["MetricTransformations"][0]["MetricName"] == "NotConfigured"


@pytest.mark.parametrize("metric", ["ModelFallback", "ChallengerFallback"])
def test_an_alarm_is_raised_when_a_model_that_should_serve_does_not(
    resources: dict[str, Any], metric: str
) -> None:
    alarm = resources[metric]["Properties"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("PromptCapture", metric)
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "classify-and-log"}]
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 0)


def test_queues_and_the_bucket_are_encrypted_and_the_bucket_private(
    resources: dict[str, Any],
) -> None:
    queues = [resource for resource in resources.values() if resource["Type"] == "AWS::SQS::Queue"]
    bucket = resources["Datasets"]["Properties"]

    assert all(queue["Properties"]["SqsManagedSseEnabled"] for queue in queues)
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def test_failed_messages_are_retried_for_a_day_and_then_become_dead_letters(
    service: dict[str, Any], resources: dict[str, Any]
) -> None:
    spool = resources["Spool"]["Properties"]
    attempts = spool["RedrivePolicy"]["maxReceiveCount"]

    assert spool["VisibilityTimeout"] * attempts >= 24 * 60 * 60
    assert spool["VisibilityTimeout"] >= 6 * service["functions"]["drain"]["timeout"]
    assert spool["RedrivePolicy"]["deadLetterTargetArn"] == "DeadLetters.Arn"
    [event] = service["functions"]["drain"]["events"]
    assert event["sqs"]["functionResponseType"] == "ReportBatchItemFailures"


def test_callers_wait_for_the_drain_before_they_defer_more_corrections(
    resources: dict[str, Any],
) -> None:
    assert resources["Spool"]["Properties"]["VisibilityTimeout"] == DRAIN_INTERVAL_SECONDS


def test_the_spool_retains_prompts_as_long_as_their_changes_are_deferred(
    resources: dict[str, Any],
) -> None:
    retention = int(SPOOL_RETENTION.total_seconds())

    for name in ("Spool", "DeadLetters"):
        assert resources[name]["Properties"]["MessageRetentionPeriod"] == retention
