"""A stage that was deployed tells by itself where everything is."""

import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from cli.checks.opening import opened
from cli.checks.stage import settings_of
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings import PARAMETER
from tests.doctor.conftest import Environment, Look, faults, states
from tests.doctor.test_aws import client

ROOT = Path(__file__).parents[2]
STACK = "prompt-capture-dev"
FUNCTIONS = {
    "ClassifyDashandDashlogLambdaFunction": "classify",
    "RecordDashoutcomeLambdaFunction": "outcome",
    "CorrectLambdaFunction": "correct",
}
PARAMETERS = {
    "supabase-url": "https://here.supabase.co",
    "supabase-publishable-key": "sb_publishable_x",
    "supabase-secret-key": "sb_secret_x",
    "supabase-signing-key": "a shared secret of a legacy project, long enough",
    "api-key-hashes": "0" * 64,
    "idempotency-secret": "any",
}


def template() -> dict[str, Any]:
    """Describe what of the deployment the stand-in can make."""
    resources: dict[str, Any] = {
        "Datasets": {"Type": "AWS::S3::Bucket"},
        "Spool": {"Type": "AWS::SQS::Queue"},
        "MissedExports": {"Type": "AWS::SQS::Queue"},
        "AnyRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
        },
    }
    for logical, name in FUNCTIONS.items():
        resources[logical] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": name,
                "Role": {"Fn::GetAtt": ["AnyRole", "Arn"]},
                "Runtime": "python3.13",
                "Handler": "handler.handler",
                "Code": {"ZipFile": "def handler(event, context): pass"},
            },
        }
    return {"Resources": resources}


@pytest.fixture
def deployed(aws: Environment, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """A stage as far as the stand-in knows one, and this process's AWS settings."""
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    client(aws, "cloudformation").create_stack(
        StackName=STACK, TemplateBody=json.dumps(template()), Capabilities=["CAPABILITY_IAM"]
    )
    for name in FUNCTIONS.values():
        client(aws, "lambda").create_function_url_config(FunctionName=name, AuthType="NONE")
    for name, value in PARAMETERS.items():
        put(aws, name, value)
    return aws


def put(aws: Environment, name: str, value: str) -> None:
    client(aws, "ssm").put_parameter(
        Name=f"/prompt-capture/dev/{name}", Value=value, Type="SecureString"
    )


def test_a_stage_tells_its_bucket_queues_functions_and_parameters(deployed: Environment) -> None:
    found = settings_of(boto3.Session(region_name="eu-west-1"), "dev")

    assert found["EXPORT_BUCKET"].startswith("prompt-capture-dev-datasets")
    assert "-Spool-" in found["SPOOL_QUEUE_URL"]
    assert "-MissedExports-" in found["MISSED_EXPORTS_QUEUE_URL"]
    assert re.fullmatch(r"https://\w+\.lambda-url\..*/v1/classify", found["CLASSIFY_URL"])
    assert found["OUTCOMES_URL"].endswith("/v1/outcomes")
    assert found["CORRECTIONS_URL"].endswith("/v1/corrections")
    assert found["API_KEY_HASHES_PARAMETER"] == "/prompt-capture/dev/api-key-hashes"


def test_a_function_without_an_address_is_left_out(deployed: Environment) -> None:
    client(deployed, "lambda").delete_function_url_config(FunctionName="correct")

    found = settings_of(boto3.Session(region_name="eu-west-1"), "dev")

    assert "CORRECTIONS_URL" not in found
    assert "OUTCOMES_URL" in found


def test_a_stages_settings_are_those_of_its_parameters(deployed: Environment) -> None:
    with opened(deployed, "dev", "eu-west-1") as deployment:
        secret = deployment.settings.supabase_secret_key

        assert str(deployment.settings.supabase_url) == "https://here.supabase.co/"
        assert secret is not None
        assert secret.get_secret_value() == "sb_secret_x"
        assert set(deployment.parameters.values()) == {"read"}


def test_a_parameter_that_is_missing_is_named_with_the_command_that_puts_it(
    look: Look, deployed: Environment
) -> None:
    name = "/prompt-capture/dev/api-key-hashes"
    client(deployed, "ssm").delete_parameter(Name=name)
    variables = {
        f"{key.upper().replace('-', '_')}{PARAMETER}": f"/prompt-capture/dev/{key}"
        for key in PARAMETERS
    }
    findings = look("parameters", deployed | variables)

    assert faults(findings) == {name: "is not there"}
    assert f"put-parameter --type SecureString --name {name}" in findings[0].remediation
    assert states(look("keys", deployed | variables))["API_KEY_HASHES"] == "skipped"


def test_a_key_in_the_wrong_parameter_is_an_error(look: Look, deployed: Environment) -> None:
    variables = {f"SUPABASE_PUBLISHABLE_KEY{PARAMETER}": "/prompt-capture/dev/supabase-secret-key"}

    assert faults(look("keys", deployed | variables)) == {
        "SUPABASE_PUBLISHABLE_KEY": "is a secret key, not a publishable key"
    }


def test_a_stage_that_is_not_there_is_said_so(deployed: Environment) -> None:
    with pytest.raises(InvalidSettings, match=r"prompt-capture-prod cannot be seen in eu-west-1"):
        settings_of(boto3.Session(region_name="eu-west-1"), "prod")


def test_what_a_stage_is_asked_for_is_what_the_template_makes() -> None:
    service = (ROOT / "serverless.yml").read_text("utf-8")
    files = sorted((ROOT / "infra/aws").glob("*.yml"))
    made = {name for file in files for name in _load(file)["Resources"]}
    asked = (ROOT / "cli/checks/stage.py").read_text("utf-8")

    assert {"Datasets", "Spool", "MissedExports", "ExportSchedules"} <= made
    for name in FUNCTIONS:
        assert f'"{name}"' in asked
        assert any(f"!Ref {name} " in file.read_text("utf-8") for file in files)
    for parameter in PARAMETERS:
        assert f"${{self:custom.parameters}}/{parameter}\n" in service


def _load(file: Path) -> Any:
    class Loader(yaml.SafeLoader):
        """Reads CloudFormation's own tags as nothing."""

    Loader.add_multi_constructor("!", lambda loader, tag, node: None)
    return yaml.load(file.read_text("utf-8"), Loader)
