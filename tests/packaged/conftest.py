"""The built packages, mounted as Lambda mounts them, before the local stack's database."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.local.stack import Stack
from infra.local.users import User
from infra.packaging.build import build, layer_folder
from infra.packaging.functions import function_folder
from infra.packaging.mounted import MountedFunction
from infra.packaging.paths import PACKAGES
from infra.packaging.targets import X86_64

EVENTS = Path(__file__).parent / "events"
SECRETS = ("SUPABASE_SECRET_KEY", "SUPABASE_SIGNING_KEY", "API_KEY_HASHES", "IDEMPOTENCY_SECRET")
Mount = Callable[..., MountedFunction]


def recorded(name: str) -> Any:
    """Read a trigger's payload as AWS sends it."""
    return json.loads((EVENTS / f"{name}.json").read_text("utf-8"))


def called(path: str, body: object, **headers: str) -> Any:
    """Answer a Function URL's payload for a request."""
    event = recorded("function_url")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["headers"] |= headers
    event["body"] = json.dumps(body)
    return event


@pytest.fixture(scope="session")
def packages(packaging_python: Path) -> Path:
    """The folder of packages, built if anything has changed since."""
    build()
    return PACKAGES


@pytest.fixture(scope="session")
def ada(stack: Stack) -> User:
    return stack.create_user("ada-as-packaged@example.com")


@pytest.fixture(scope="session")
def mount(packages: Path, stack: Stack) -> Mount:
    """Mount a function with the stack's settings, its keys in a Parameter Store."""
    endpoint = stack.sqs_endpoint
    store = boto3.client(
        "ssm",
        region_name="eu-west-1",
        endpoint_url=endpoint,
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
    )

    def mounted(name: str, **more: Any) -> MountedFunction:
        environment = {"AWS_ENDPOINT_URL_SSM": endpoint}
        for variable, value in stack.env(name).items():
            if variable in SECRETS:
                parameter = f"/packaged/{name}/{variable}"
                store.put_parameter(
                    Name=parameter, Value=value, Type="SecureString", Overwrite=True
                )
                environment[f"{variable}_PARAMETER"] = parameter
            else:
                environment[variable] = value
        if "MODEL_DIR" in environment:
            environment["MODEL_DIR"] = "/opt/model_artifacts/assistant"
            environment["RULES_FILE"] = "/opt/model_artifacts/rules.toml"
        environment |= more.pop("environment", {})
        task = function_folder(name, X86_64, packages)
        return MountedFunction(task, layer_folder(X86_64, packages), environment, **more)

    return mounted


@pytest.fixture(scope="module")
def classify(mount: Mount) -> Iterator[MountedFunction]:
    with mount("classify-and-log") as running:
        yield running
