"""The stack of a deployed stage provides the settings of the checks."""

import json
import re
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from cli.checks.discovery import open_deployment, read_stage_settings
from infra.local.processes import free_port
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings.parameters import PARAMETER_SUFFIX
from tests.doctor.conftest import Environment, RunCheck, problems, states
from tests.doctor.test_aws import aws_client

ROOT = Path(__file__).parents[2]
STACK = "prompt-capture-dev"
FUNCTIONS = {
    "ClassifyDashandDashlogLambdaFunction": "classify",
    "RecordDashoutcomeLambdaFunction": "outcome",
    "CorrectLambdaFunction": "correct",
    "ModelsLambdaFunction": "models",
}
PARAMETERS = {
    "supabase-url": "https://here.supabase.co",
    "supabase-publishable-key": "sb_publishable_x",
    "supabase-secret-key": "sb_secret_x",
    "supabase-signing-key": "a shared secret of a legacy project, long enough",
    "api-key-hashes": "0" * 64,
    "operator-key-hashes": "1" * 64,
    "idempotency-secret": "any",
}


def template() -> dict[str, Any]:
    """Return a template of the resources that moto can create."""
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
    """A stage in moto, and the variables for this process's AWS clients."""
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    aws_client(aws, "cloudformation").create_stack(
        StackName=STACK, TemplateBody=json.dumps(template()), Capabilities=["CAPABILITY_IAM"]
    )
    for name in FUNCTIONS.values():
        aws_client(aws, "lambda").create_function_url_config(FunctionName=name, AuthType="NONE")
    for name, value in PARAMETERS.items():
        put_parameter(aws, name, value)
    return aws


def put_parameter(aws: Environment, name: str, value: str) -> None:
    aws_client(aws, "ssm").put_parameter(
        Name=f"/prompt-capture/dev/{name}", Value=value, Type="SecureString"
    )


def test_a_stage_provides_its_bucket_queues_functions_and_parameters(deployed: Environment) -> None:
    settings = read_stage_settings(boto3.Session(region_name="eu-west-1"), "dev")

    assert settings["EXPORT_BUCKET"].startswith("prompt-capture-dev-datasets")
    assert "-Spool-" in settings["SPOOL_QUEUE_URL"]
    assert "-MissedExports-" in settings["MISSED_EXPORTS_QUEUE_URL"]
    assert re.fullmatch(r"https://\w+\.lambda-url\..*/v1/classify", settings["CLASSIFY_URL"])
    assert settings["OUTCOMES_URL"].endswith("/v1/outcomes")
    assert settings["CORRECTIONS_URL"].endswith("/v1/corrections")
    assert settings["MODELS_URL"].endswith("/v1/models")
    assert settings["MODELS_BUCKET"] == settings["EXPORT_BUCKET"]
    assert settings["API_KEY_HASHES_PARAMETER"] == "/prompt-capture/dev/api-key-hashes"


def test_a_function_without_a_url_is_left_out(deployed: Environment) -> None:
    aws_client(deployed, "lambda").delete_function_url_config(FunctionName="correct")

    settings = read_stage_settings(boto3.Session(region_name="eu-west-1"), "dev")

    assert "CORRECTIONS_URL" not in settings
    assert "OUTCOMES_URL" in settings


def test_the_settings_of_a_stage_are_read_from_its_parameters(deployed: Environment) -> None:
    with open_deployment(deployed, "dev", "eu-west-1") as deployment:
        secret = deployment.settings.supabase_secret_key

        assert str(deployment.settings.supabase_url) == "https://here.supabase.co/"
        assert secret is not None
        assert secret.get_secret_value() == "sb_secret_x"
        assert set(deployment.parameters.values()) == {"read"}


def test_a_parameter_may_be_named_with_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    class ParameterStore:
        def get_parameters(self, **request: Any) -> dict[str, Any]:
            return {"Parameters": [{"Name": "/url", "Selector": ":3", "Value": "https://u.test"}]}

    monkeypatch.setattr(boto3.Session, "client", lambda session, service: ParameterStore())

    with open_deployment({"SUPABASE_URL_PARAMETER": "/url:3"}) as deployment:
        assert deployment.supabase_url == "https://u.test"
        assert deployment.parameters == {"/url:3": "read"}


def test_a_missing_parameter_is_wrong_with_the_command_to_create_it(
    run_check: RunCheck, deployed: Environment
) -> None:
    name = "/prompt-capture/dev/api-key-hashes"
    aws_client(deployed, "ssm").delete_parameter(Name=name)
    variables = {
        f"{key.upper().replace('-', '_')}{PARAMETER_SUFFIX}": f"/prompt-capture/dev/{key}"
        for key in PARAMETERS
    }
    results = run_check("parameters", deployed | variables)

    assert problems(results) == {name: "does not exist"}
    assert f"put-parameter --type SecureString --name {name}" in results[0].remediation
    assert states(run_check("keys", deployed | variables))["API_KEY_HASHES"] == "skipped"


def test_a_key_in_the_wrong_parameter_is_wrong(run_check: RunCheck, deployed: Environment) -> None:
    variables = {
        f"SUPABASE_PUBLISHABLE_KEY{PARAMETER_SUFFIX}": "/prompt-capture/dev/supabase-secret-key"
    }

    assert problems(run_check("keys", deployed | variables)) == {
        "SUPABASE_PUBLISHABLE_KEY": "is a secret key; expected a publishable key"
    }


def test_a_stage_that_does_not_exist_is_an_error(deployed: Environment) -> None:
    with pytest.raises(
        InvalidSettings, match=r"Cannot read the stack prompt-capture-prod in eu-west-1"
    ):
        read_stage_settings(boto3.Session(region_name="eu-west-1"), "prod")


def test_aws_that_does_not_respond_is_an_error_that_names_the_proxy(
    deployed: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://aws.example")

    with pytest.raises(InvalidSettings, match=r"\(ProxyConnectionError\)\. Check .*HTTPS_PROXY"):
        read_stage_settings(boto3.Session(region_name="eu-west-1"), "dev")


@pytest.mark.parametrize("check", ["parameters", "schedules"])
def test_aws_that_does_not_respond_is_skipped_with_the_proxy(
    run_check: RunCheck, aws: Environment, check: str
) -> None:
    settings = aws | {
        "HTTP_PROXY": f"http://127.0.0.1:{free_port()}",
        "AWS_ENDPOINT_URL": "http://aws.example",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "EXPORT_SCHEDULE_GROUP": "exports",
        "SUPABASE_URL_PARAMETER": "/prompt-capture/dev/supabase-url",
    }

    [result] = run_check(check, settings)

    assert result.state == "skipped"
    assert "HTTPS_PROXY" in result.remediation
    assert "credentials" not in result.remediation


def test_the_template_creates_what_is_read_from_a_stage() -> None:
    service = (ROOT / "serverless.yml").read_text("utf-8")
    files = sorted((ROOT / "infra/aws").glob("*.yml"))
    created = {name for file in files for name in _load(file)["Resources"]}
    source = (ROOT / "cli/checks/discovery.py").read_text("utf-8")

    assert {"Datasets", "Spool", "MissedExports", "ExportSchedules"} <= created
    for name in FUNCTIONS:
        assert f'"{name}"' in source
        assert any(f"!Ref {name} " in file.read_text("utf-8") for file in files)
    for parameter in PARAMETERS:
        assert f"${{self:custom.parameters}}/{parameter}\n" in service


def _load(file: Path) -> Any:
    class TagIgnoringLoader(yaml.SafeLoader):
        """Reads CloudFormation's tags as None."""

    TagIgnoringLoader.add_multi_constructor("!", lambda loader, tag, node: None)
    return yaml.load(file.read_text("utf-8"), TagIgnoringLoader)
