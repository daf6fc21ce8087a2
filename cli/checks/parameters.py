"""Check that the settings in the SSM Parameter Store exist and can be read."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cli.checks.deployment import Deployment, ParameterState
from cli.checks.results import CheckResult, ok, skipped, wrong

_BATCH_SIZE = 10
"""The most that one call of GetParameters accepts."""


def parameters(deployment: Deployment) -> Iterator[CheckResult]:
    """Report each parameter that a setting refers to and that could not be read."""
    for name, state in deployment.parameters.items():
        if state == "missing":
            yield wrong(
                name,
                "does not exist",
                f"`aws ssm put-parameter --type SecureString --name {name} --value ...` "
                "(docs/how-to/deploy.md, step 2)",
            )
        elif state == "denied":
            yield skipped(
                name, "cannot be read", "Allow ssm:GetParameters for your AWS credentials."
            )
    if deployment.parameters and set(deployment.parameters.values()) == {"read"}:
        yield ok("Parameter Store", f"has all {len(deployment.parameters)}")


def read_parameters(
    client: Any, names: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, ParameterState]]:
    """Return the settings that `names` has parameters for, and each parameter's state."""
    requested = sorted(set(names.values()))
    values: dict[str, str] = {}
    absent: ParameterState = "missing"
    try:
        for start in range(0, len(requested), _BATCH_SIZE):
            batch = requested[start : start + _BATCH_SIZE]
            response = client.get_parameters(Names=batch, WithDecryption=True)
            values |= {each["Name"]: each["Value"] for each in response["Parameters"]}
    except (BotoCoreError, ClientError):
        absent = "denied"
    settings = {setting: values[name] for setting, name in names.items() if name in values}
    return settings, {name: "read" if name in values else absent for name in requested}
