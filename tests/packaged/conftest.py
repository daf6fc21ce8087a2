"""The built packages under Lambda's emulator, connected to the local stack."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local.stack import Stack
from infra.local.users import User
from infra.packaging.build import build
from infra.packaging.emulator import EmulatedFunction
from infra.packaging.layers import layer_of
from infra.packaging.paths import PACKAGES, function_folder, layer_folder
from infra.packaging.targets import X86_64

EVENTS = Path(__file__).parent / "events"
SECRETS = (
    "SUPABASE_SECRET_KEY",
    "SUPABASE_SIGNING_KEY",
    "API_KEY_HASHES",
    "OPERATOR_KEY_HASHES",
    "IDEMPOTENCY_SECRET",
)
FunctionFactory = Callable[..., EmulatedFunction]


def read_event(name: str) -> Any:
    """Read the event that AWS sends for a trigger."""
    return json.loads((EVENTS / f"{name}.json").read_text("utf-8"))


def url_event(path: str, body: object, **headers: str) -> Any:
    """Return the event of a request to a Function URL."""
    event = read_event("function_url")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["headers"] |= headers
    event["body"] = json.dumps(body)
    return event


@pytest.fixture(scope="session")
def packages(packaging_python: Path) -> Path:
    """The folder of the packages, rebuilt if an input has changed."""
    build()
    return PACKAGES


@pytest.fixture(scope="session")
def ada(stack: Stack) -> User:
    return stack.create_user("ada-as-packaged@example.com")


@pytest.fixture(scope="session")
def create_function(packages: Path, stack: Stack) -> FunctionFactory:
    """Create a function with the settings of the stack, its secrets in a Parameter Store."""
    endpoint = stack.sqs_endpoint
    ssm = boto3.client(
        "ssm",
        region_name="eu-west-1",
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )

    def create(name: str, **options: Any) -> EmulatedFunction:
        environment = {"AWS_ENDPOINT_URL_SSM": endpoint}
        for variable, value in stack.environment(name).items():
            if variable in SECRETS:
                parameter = f"/packaged/{name}/{variable}"
                ssm.put_parameter(Name=parameter, Value=value, Type="SecureString", Overwrite=True)
                environment[f"{variable}_PARAMETER"] = parameter
            else:
                environment[variable] = value
        if "MODEL_DIR" in environment:
            environment["MODEL_DIR"] = "/opt/model_artifacts/assistant"
            environment["RULES_FILE"] = "/opt/model_artifacts/rules.toml"
        environment |= options.pop("environment", {})
        task = function_folder(name, X86_64, packages)
        layer = layer_folder(X86_64, packages, layer_of(name).name)
        return EmulatedFunction(task, layer, environment, **options)

    return create


@pytest.fixture(scope="module")
def classify(create_function: FunctionFactory) -> Iterator[EmulatedFunction]:
    with create_function("classify-and-log") as running:
        yield running
