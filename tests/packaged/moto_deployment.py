"""Deploy a stage's template to moto, as far as moto's CloudFormation supports its resources."""

import ast
import json
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx

from infra.packaging import template
from infra.packaging.paths import PACKAGES, function_folder
from infra.packaging.targets import X86_64

STAGE = "dev"
UNSUPPORTED_TYPES = {
    "AWS::CloudWatch::Alarm",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Url",
    "AWS::Logs::MetricFilter",
    "AWS::S3::BucketPolicy",
    "AWS::Scheduler::Schedule",
    "AWS::Scheduler::ScheduleGroup",
}
"""Types in the template that moto's CloudFormation does not support."""

_STACK = f"prompt-capture-{STAGE}"
_SCHEDULE_GROUP = "exports"
_FUNCTIONS = function_folder("export", X86_64).parent


class MotoDeployment:
    """The result of `osls deploy` in moto, with schedules created through their API.

    Nothing runs by itself: neither the schedules nor the event source mapping invoke a function.
    """

    def __init__(self, aws: Mapping[str, str]) -> None:
        self.endpoint = aws["AWS_ENDPOINT_URL"]
        self._aws = aws
        update_template = template.build_template(STAGE, aws)
        create_template = update_template.with_name("cloudformation-template-create-stack.json")
        self.template: dict[str, Any] = json.loads(update_template.read_text("utf-8"))
        formation = self.client("cloudformation")
        first = _supported(json.loads(create_template.read_text("utf-8")))
        formation.create_stack(StackName=_STACK, TemplateBody=json.dumps(first))
        self._upload()
        formation.update_stack(StackName=_STACK, TemplateBody=json.dumps(_supported(self.template)))
        [self.stack] = formation.describe_stacks(StackName=_STACK)["Stacks"]
        self._create_schedules()
        self.mapping = self._disable_mapping()

    def client(self, service: str, role: str | None = None) -> Any:
        """Create a client with administrator credentials, or with a role of the template."""
        credentials = self.credentials(role) if role else dict(self._aws)
        return boto3.client(
            service,  # type: ignore[call-overload]
            region_name=self._aws["AWS_REGION"],
            endpoint_url=self.endpoint,
            aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=credentials.get("AWS_SESSION_TOKEN"),
        )

    def resources(self) -> dict[str, str]:
        """Return the physical id of each resource by its logical id."""
        response = self.client("cloudformation").describe_stack_resources(StackName=_STACK)
        return {
            resource["LogicalResourceId"]: resource.get("PhysicalResourceId", "")
            for resource in response["StackResources"]
        }

    def outputs(self) -> dict[str, str]:
        """Return the outputs of the stack."""
        return {output["OutputKey"]: output["OutputValue"] for output in self.stack["Outputs"]}

    def settings(self, function: str) -> dict[str, str]:
        """Return the environment variables of a deployed function."""
        configuration = self.client("lambda").get_function_configuration(
            FunctionName=f"{_STACK}-{function}"
        )
        variables: dict[str, str] = configuration["Environment"]["Variables"]
        return variables

    def credentials(self, role: str) -> dict[str, str]:
        """Return the environment variables with which AWS clients act in a role."""
        iam, name = self.client("iam"), self.resources()[role]
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            # Moto stores a template's policy as a Python literal, but evaluates policies as JSON.
            literal = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            document = json.dumps(ast.literal_eval(str(literal)))
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)
        arn = iam.get_role(RoleName=name)["Role"]["Arn"]
        assumed = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="function")
        return {
            "AWS_ACCESS_KEY_ID": assumed["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": assumed["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": assumed["Credentials"]["SessionToken"],
        }

    @contextmanager
    def enforced_roles(self) -> Iterator[None]:
        """Deny what a caller's role does not allow. Moto compares resources only for S3."""
        self._enforce_after("0")
        try:
            yield
        finally:
            self._enforce_after("inf")

    def _enforce_after(self, requests: str) -> None:
        httpx.post(f"{self.endpoint}/moto-api/reset-auth", content=requests).raise_for_status()

    def schedule(self, name: str) -> dict[str, Any]:
        """Return a schedule from EventBridge Scheduler."""
        schedule: dict[str, Any] = self.client("scheduler").get_schedule(
            GroupName=_SCHEDULE_GROUP, Name=name
        )
        return schedule

    def _upload(self) -> None:
        """Upload each artifact to the key that the template names."""
        s3, bucket = self.client("s3"), self.resources()["ServerlessDeploymentBucket"]
        for resource in self.template["Resources"].values():
            properties = resource.get("Properties", {})
            if location := properties.get("Code") or properties.get("Content"):
                name = Path(location["S3Key"]).name
                folder = PACKAGES if "layer-" in name else _FUNCTIONS
                s3.upload_file(str(folder / name), bucket, location["S3Key"])

    def _disable_mapping(self) -> dict[str, Any]:
        """Return the drain's event source mapping, disabled: moto would start a container."""
        functions = self.client("lambda")
        [mapping] = functions.list_event_source_mappings()["EventSourceMappings"]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        return dict(mapping)

    def _create_schedules(self) -> None:
        scheduler = self.client("scheduler")
        scheduler.create_schedule_group(Name=_SCHEDULE_GROUP)
        for name, unresolved in _schedules(self.template).items():
            properties = _resolve(unresolved, self.outputs())
            scheduler.create_schedule(**properties | {"Name": name, "GroupName": _SCHEDULE_GROUP})


def _schedules(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: resource["Properties"]
        for name, resource in document["Resources"].items()
        if resource["Type"] == "AWS::Scheduler::Schedule"
    }


def _resolve(value: Any, outputs: Mapping[str, str]) -> Any:
    if not isinstance(value, dict):
        return value
    if attribute := value.get("Fn::GetAtt"):
        return outputs["".join(attribute)]
    return {key: _resolve(part, outputs) for key, part in value.items()}


def _without_attributes(value: Any, removed: Set[str]) -> Any:
    """Return a part of a template with a name in place of each attribute of removed resources."""
    if isinstance(value, list):
        return [_without_attributes(part, removed) for part in value]
    if not isinstance(value, dict):
        return value
    attribute = value.get("Fn::GetAtt")
    if attribute and attribute[0] in removed:
        return ".".join(attribute)
    return {key: _without_attributes(part, removed) for key, part in value.items()}


def _attributes(value: Any) -> Iterator[list[str]]:
    if isinstance(value, dict):
        if attribute := value.get("Fn::GetAtt"):
            yield attribute
        for part in value.values():
            yield from _attributes(part)


def _supported(document: Mapping[str, Any]) -> dict[str, Any]:
    """Remove what moto does not support; add outputs for the attributes that schedules use."""
    resources = document["Resources"]
    removed = {
        name for name, resource in resources.items() if resource["Type"] in UNSUPPORTED_TYPES
    }
    outputs = {
        name: output
        for name, output in document["Outputs"].items()
        if not any(f'"{resource}"' in json.dumps(output["Value"]) for resource in removed)
    }
    for attribute in _attributes(_schedules(document)):
        outputs["".join(attribute)] = {"Value": {"Fn::GetAtt": attribute}}
    supported = {
        name: _without_attributes(resource, removed)
        for name, resource in resources.items()
        if name not in removed
    }
    return {**document, "Resources": supported, "Outputs": outputs}
