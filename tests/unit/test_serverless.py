"""serverless.yml deploys what the folders hold, and gives each function what it needs, no more."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from prompt_capture.domain.datasets import ExportRequest
from prompt_capture.domain.log_ids import SPOOL_RETENTION
from prompt_capture.settings import (
    CallerSettings,
    CaptureSettings,
    ClassifierSettings,
    ExportSettings,
    SupabaseSettings,
)

ROOT = Path(__file__).parents[2]

SETTINGS = {
    "classify-and-log": (SupabaseSettings, CallerSettings, ClassifierSettings, CaptureSettings),
    "record-outcome": (SupabaseSettings, CallerSettings),
    "correct": (SupabaseSettings, CallerSettings),
    "drain": (SupabaseSettings,),
    "export": (SupabaseSettings, ExportSettings),
}


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's tags as what they are applied to."""


_Loader.add_multi_constructor("!", lambda loader, tag, node: node.value)


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    content: dict[str, Any] = yaml.load((ROOT / "serverless.yml").read_text("utf-8"), _Loader)
    return content


def test_each_folder_is_a_function(service: dict[str, Any]) -> None:
    folders = {handler.parent.name for handler in (ROOT / "functions").glob("*/handler.py")}

    assert set(service["functions"]) == folders
    for name, function in service["functions"].items():
        assert function["handler"] == f"functions/{name}/handler.handler"
        assert function["package"]["patterns"] == ["!**", f"functions/{name}/handler.py"]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_function_gets_the_settings_that_it_reads(service: dict[str, Any], name: str) -> None:
    given = set(service["provider"]["environment"]) | set(service["functions"][name]["environment"])
    fields = {field: info for part in SETTINGS[name] for field, info in part.model_fields.items()}

    assert given <= {field.upper() for field in fields}
    assert {field.upper() for field, info in fields.items() if info.is_required()} <= given
    assert len(given & {"SUPABASE_SECRET_KEY", "SUPABASE_SIGNING_KEY"}) == 1


def test_only_what_writes_outcomes_and_corrections_has_the_secret_key(
    service: dict[str, Any],
) -> None:
    holders = {
        name
        for name, function in service["functions"].items()
        if "SUPABASE_SECRET_KEY" in function["environment"]
    }

    assert holders == {"record-outcome", "correct"}


def _schedules(service: dict[str, Any]) -> list[dict[str, Any]]:
    resources = service["resources"]["Resources"].values()
    return [
        resource["Properties"]
        for resource in resources
        if resource["Type"] == "AWS::Scheduler::Schedule"
    ]


def test_exports_are_scheduled_and_have_no_url(service: dict[str, Any]) -> None:
    tick = "2026-11-23T07:00:00Z"
    requests = []
    for schedule in _schedules(service):
        told = schedule["Target"]["Input"].replace("${param:exportPolicy}", "trusted")
        event = json.loads(told.replace("<aws.scheduler.scheduled-time>", tick))
        requests.append(ExportRequest.from_event(event))

    assert {request.mode for request in requests} == {"retraining", "review", "gold", "labelled"}
    assert all(request.scheduled_at == datetime.fromisoformat(tick) for request in requests)
    assert "url" not in service["functions"]["export"]


def test_somebody_is_told_when_an_export_fails_is_missed_or_holds_too_little(
    service: dict[str, Any],
) -> None:
    resources = service["resources"]["Resources"]
    for schedule in _schedules(service):
        assert schedule["Target"]["DeadLetterConfig"] == {"Arn": "MissedExports.Arn"}
    assert service["functions"]["export"]["destinations"]["onFailure"]["arn"] == "ExportAlarms"
    for name in ("ThinDatasets", "ExportsThatNeverBegan"):
        assert resources[name]["Properties"]["AlarmActions"] == ["ExportAlarms"]
    pattern = resources["ExportHoldsTooLittle"]["Properties"]["FilterPattern"]
    workflow = ROOT / "shared/python/prompt_capture/workflows/export_dataset.py"
    assert pattern.split('"')[1] in workflow.read_text("utf-8")


def test_what_people_taught_is_kept_for_longer_than_other_datasets(
    service: dict[str, Any],
) -> None:
    bucket = service["resources"]["Resources"]["Datasets"]["Properties"]
    rules = {rule.get("Prefix"): rule for rule in bucket["LifecycleConfiguration"]["Rules"]}

    assert rules["exports/"]["ExpirationInDays"] == "${param:datasetRetentionDays}"
    assert rules["kept/"]["ExpirationInDays"] == "${param:keptRetentionDays}"
    assert (
        service["params"]["default"]["keptRetentionDays"]
        > (service["params"]["default"]["datasetRetentionDays"])
    )
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


def test_the_bucket_is_private_and_encrypted(service: dict[str, Any]) -> None:
    bucket = service["resources"]["Resources"]["Datasets"]["Properties"]

    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["BucketEncryption"]


def test_the_spool_is_encrypted_and_keeps_prompts_as_long_as_their_outcomes_are_held(
    service: dict[str, Any],
) -> None:
    queues = [
        service["resources"]["Resources"][name]["Properties"] for name in ("Spool", "DeadLetters")
    ]

    assert all(queue["SqsManagedSseEnabled"] for queue in queues)
    retention = int(SPOOL_RETENTION.total_seconds())
    assert [queue["MessageRetentionPeriod"] for queue in queues] == [retention, retention]


def test_a_message_comes_again_only_when_its_drain_is_over_and_an_outage_kills_none(
    service: dict[str, Any],
) -> None:
    spool = service["resources"]["Resources"]["Spool"]["Properties"]
    drain = service["functions"]["drain"]
    (event,) = drain["events"]

    assert spool["VisibilityTimeout"] >= 6 * drain["timeout"]
    assert spool["VisibilityTimeout"] * spool["RedrivePolicy"]["maxReceiveCount"] >= 86_400
    assert event["sqs"]["functionResponseType"] == "ReportBatchItemFailures"
