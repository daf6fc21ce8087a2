"""Settings that lie in the SSM Parameter Store, and whether all are there."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from cli.checks.deployment import Deployment, DrainResult
from cli.checks.finding import Finding, ok, skipped, wrong

_AT_ONCE = 10


def parameters(deployment: Deployment) -> Iterator[Finding]:
    """Name each parameter that settings were to be read from and that could not be."""
    for name, fate in deployment.parameters.items():
        if fate == "missing":
            yield wrong(
                name,
                "is not there",
                f"`aws ssm put-parameter --type SecureString --name {name} --value ...` "
                "(docs/deploy.md, step 2)",
            )
        elif fate == "refused":
            yield skipped(name, "may not be read", "Allow your AWS credentials ssm:GetParameters.")
    if deployment.parameters and set(deployment.parameters.values()) == {"read"}:
        yield ok("Parameter Store", f"has all {len(deployment.parameters)}")


def read(client: Any, names: Mapping[str, str]) -> tuple[dict[str, str], dict[str, DrainResult]]:
    """Answer the settings that `names` has parameters for, and what came of each parameter."""
    wanted = sorted(set(names.values()))
    values: dict[str, str] = {}
    absent: Literal["missing", "refused"] = "missing"
    try:
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            answer = client.get_parameters(Names=part, WithDecryption=True)
            values |= {one["Name"]: one["Value"] for one in answer["Parameters"]}
    except (BotoCoreError, ClientError):
        absent = "refused"
    found = {setting: values[name] for setting, name in names.items() if name in values}
    return found, {name: "read" if name in values else absent for name in wanted}
