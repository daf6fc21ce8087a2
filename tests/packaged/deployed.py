"""A stage's template, deployed as far as moto's CloudFormation goes: its types, its properties."""

import ast
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx

from infra.packaging import template
from infra.packaging.functions import function_folder
from infra.packaging.paths import PACKAGES
from infra.packaging.targets import X86_64

STAGE = "dev"
NOT_IN_MOTO = {
    "AWS::CloudWatch::Alarm",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Url",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::Scheduler::Schedule",
    "AWS::Scheduler::ScheduleGroup",
}
"""Types of ours that moto's CloudFormation does not make."""

_STACK = f"prompt-capture-{STAGE}"
_SCHEDULES = "exports"
_FUNCTIONS = function_folder("export", X86_64).parent


class Deployed:
    """What stands after `osls deploy`, as far as moto can make it; nothing in it runs by itself."""

    def __init__(self, aws: Mapping[str, str]) -> None:
        self.endpoint = aws["AWS_ENDPOINT_URL"]
        self._aws = aws
        made = template.make(STAGE, aws)
        self.template: dict[str, Any] = json.loads(made.read_text("utf-8"))
        formation = self.client("cloudformation")
        first = made.with_name("cloudformation-template-create-stack.json").read_text("utf-8")
        formation.create_stack(StackName=_STACK, TemplateBody=json.dumps(_known(json.loads(first))))
        self._upload()
        formation.update_stack(StackName=_STACK, TemplateBody=json.dumps(_known(self.template)))
        [self.stack] = formation.describe_stacks(StackName=_STACK)["Stacks"]
        self._make_schedules()
        self.mapping = self._mapping_off()

    def client(self, service: str, role: str | None = None) -> Any:
        """Connect as an administrator, or in a role of the template."""
        given = self.credentials(role) if role else dict(self._aws)
        return boto3.client(
            service,  # type: ignore[call-overload]
            region_name=self._aws["AWS_REGION"],
            endpoint_url=self.endpoint,
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=given.get("AWS_SESSION_TOKEN"),
        )

    def made(self) -> dict[str, str]:
        """Answer the names of what was made, by the template's names for them."""
        found = self.client("cloudformation").describe_stack_resources(StackName=_STACK)
        return {
            one["LogicalResourceId"]: one.get("PhysicalResourceId", "")
            for one in found["StackResources"]
        }

    def outputs(self) -> dict[str, str]:
        """Answer what the stack tells of itself."""
        return {one["OutputKey"]: one["OutputValue"] for one in self.stack["Outputs"]}

    def settings(self, function: str) -> dict[str, str]:
        """Answer a function's environment, as it was deployed."""
        found = self.client("lambda").get_function_configuration(
            FunctionName=f"{_STACK}-{function}"
        )
        variables: dict[str, str] = found["Environment"]["Variables"]
        return variables

    def credentials(self, role: str) -> dict[str, str]:
        """Answer variables with which a function is in its role."""
        iam, name = self.client("iam"), self.made()[role]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            # Moto has a template's policy as Python writes it, and compares requests with JSON.
            told = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            document = json.dumps(ast.literal_eval(str(told)))
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
        arn = iam.get_role(RoleName=name)["Role"]["Arn"]
        given = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="function")
        return {
            "AWS_ACCESS_KEY_ID": given["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["Credentials"]["SessionToken"],
        }

    @contextmanager
    def roles_enforced(self) -> Iterator[None]:
        """Refuse what a caller's role does not allow. Moto compares resources for S3 alone."""
        self._enforce_after("0")
        try:
            yield
        finally:
            self._enforce_after("inf")

    def _enforce_after(self, requests: str) -> None:
        httpx.post(f"{self.endpoint}/moto-api/reset-auth", content=requests).raise_for_status()

    def schedule(self, name: str) -> dict[str, Any]:
        """Answer a schedule as the Scheduler has it."""
        schedule: dict[str, Any] = self.client("scheduler").get_schedule(
            GroupName=_SCHEDULES, Name=name
        )
        return schedule

    def _upload(self) -> None:
        """Put every artifact where the template looks for it."""
        s3, bucket = self.client("s3"), self.made()["ServerlessDeploymentBucket"]
        for one in self.template["Resources"].values():
            properties = one.get("Properties", {})
            if place := properties.get("Code") or properties.get("Content"):
                name = Path(place["S3Key"]).name
                folder = PACKAGES if name.startswith("layer") else _FUNCTIONS
                s3.upload_file(str(folder / name), bucket, place["S3Key"])

    def _mapping_off(self) -> dict[str, Any]:
        """Answer what invokes the drain, and switch it off: moto would start a container."""
        functions = self.client("lambda")
        [mapping] = functions.list_event_source_mappings()["EventSourceMappings"]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        return dict(mapping)

    def _make_schedules(self) -> None:
        scheduler = self.client("scheduler")
        scheduler.create_schedule_group(Name=_SCHEDULES)
        for name, one in _schedules(self.template).items():
            properties = _resolved(one, self.outputs())
            scheduler.create_schedule(**properties | {"Name": name, "GroupName": _SCHEDULES})


def _schedules(whole: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: one["Properties"]
        for name, one in whole["Resources"].items()
        if one["Type"] == "AWS::Scheduler::Schedule"
    }


def _resolved(value: Any, told: Mapping[str, str]) -> Any:
    if not isinstance(value, dict):
        return value
    if attribute := value.get("Fn::GetAtt"):
        return told["".join(attribute)]
    return {key: _resolved(part, told) for key, part in value.items()}


def _attributes(value: Any) -> Iterator[list[str]]:
    if isinstance(value, dict):
        if attribute := value.get("Fn::GetAtt"):
            yield attribute
        for part in value.values():
            yield from _attributes(part)


def _known(whole: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what moto does not know; outputs tell what the schedules refer to."""
    resources = whole["Resources"]
    gone = {name for name, one in resources.items() if one["Type"] in NOT_IN_MOTO}
    told = {
        name: output
        for name, output in whole["Outputs"].items()
        if not any(f'"{one}"' in json.dumps(output["Value"]) for one in gone)
    }
    for attribute in _attributes(_schedules(whole)):
        told["".join(attribute)] = {"Value": {"Fn::GetAtt": attribute}}
    kept = {name: one for name, one in resources.items() if name not in gone}
    return {**whole, "Resources": kept, "Outputs": told}
