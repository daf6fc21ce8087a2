"""The CloudFormation template, made by `osls` without an account and judged by `cfn-lint`."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from moto.server import ThreadedMotoServer

from infra.packaging.failures import PackageRefused
from infra.packaging.paths import PACKAGES, ROOT

STAGES = ("dev", "prod")
_OSLS = ROOT / "node_modules" / ".bin" / "osls"
_CFN_LINT = Path(sys.executable).with_name("cfn-lint")
_WRITTEN_BY_OSLS = "W3005"  # a DependsOn that a GetAtt already implies


@contextmanager
def aws_on_this_machine() -> Iterator[Mapping[str, str]]:
    """Answer the variables with which AWS's clients talk to a stand-in and nothing else."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield {
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "AWS_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        }
    finally:
        server.stop()


def make_all() -> None:
    """Make and judge the template of each stage; raises `PackageRefused`."""
    with aws_on_this_machine() as environment:
        for stage in STAGES:
            lint(make(stage, environment))


def make(stage: str, environment: Mapping[str, str], *options: str) -> Path:
    """Have `osls` package a stage; answers the template, raises `PackageRefused`."""
    folder = PACKAGES / f"serverless-{stage}"
    command: list[str | Path] = [_OSLS, "package", "--stage", stage, "--package", folder, *options]
    _run(command, {"PATH": os.environ["PATH"], "SLS_TELEMETRY_DISABLED": "1", **environment})
    return folder / "cloudformation-template-update-stack.json"


def lint(template: Path) -> None:
    """Raise `PackageRefused` with what `cfn-lint` finds."""
    command: list[str | Path] = [_CFN_LINT, "--ignore-checks", _WRITTEN_BY_OSLS, "--", template]
    _run(command, {"PATH": os.environ["PATH"]})


def _run(command: list[str | Path], environment: Mapping[str, str]) -> None:
    done = subprocess.run(  # noqa: S603
        command,
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackageRefused(f"{Path(command[0]).name} says:\n{done.stdout}{done.stderr}")
