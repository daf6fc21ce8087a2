"""Generate the CloudFormation templates with `osls`, offline, and check them with cfn-lint."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from moto.server import ThreadedMotoServer

from infra.packaging import PackagingError
from infra.packaging.paths import PACKAGES, ROOT

STAGES = ("dev", "prod")
_OSLS = ROOT / "node_modules" / ".bin" / "osls"
_CFN_LINT = Path(sys.executable).with_name("cfn-lint")
_REDUNDANT_DEPENDS_ON = "W3005"  # osls writes a DependsOn that a GetAtt already implies


@contextmanager
def moto_server() -> Iterator[Mapping[str, str]]:
    """Run a local AWS server; yield the environment variables that direct AWS clients to it."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        }
    finally:
        server.stop()


def build_templates() -> None:
    """Generate and check the template of each stage; raises `PackagingError`."""
    with moto_server() as environment:
        for stage in STAGES:
            lint(build_template(stage, environment))


def build_template(stage: str, environment: Mapping[str, str], *options: str) -> Path:
    """Package a stage with `osls`; return the template. Raises `PackagingError`."""
    folder = PACKAGES / f"serverless-{stage}"
    command: list[str | Path] = [_OSLS, "package", "--stage", stage, "--package", folder, *options]
    _run(command, {"PATH": os.environ["PATH"], "SLS_TELEMETRY_DISABLED": "1", **environment})
    return folder / "cloudformation-template-update-stack.json"


def lint(template: Path) -> None:
    """Raise `PackagingError` with the findings of `cfn-lint`."""
    options = ["--ignore-checks", _REDUNDANT_DEPENDS_ON, "--"]
    _run([_CFN_LINT, *options, template], {"PATH": os.environ["PATH"]})


def _run(command: list[str | Path], environment: Mapping[str, str]) -> None:
    process = subprocess.run(  # noqa: S603
        command,
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        raise PackagingError(
            f"{Path(command[0]).name} failed with status {process.returncode}:\n"
            f"{process.stdout}{process.stderr}"
        )
