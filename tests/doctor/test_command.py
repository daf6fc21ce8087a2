"""The command `prompt-capture doctor`."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from infra.local import stack_env
from infra.local.stack import Stack
from tests.doctor.conftest import Environment

ROOT = Path(__file__).parents[2]
NO_CREDENTIALS = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
"""Variables that keep AWS clients from finding credentials on this machine."""

COMMAND = Path(sys.executable).with_name("prompt-capture")

_STORED_COUNTS = """
select (select count(*) from public.nlu_prompt_logs),
  (select count(*) from private.deferred_changes),
  (select count(*) from public.correction_events)
"""


def run_doctor(*options: str, **environment: str) -> Result:
    return CliRunner().invoke(app, ["doctor", *options], env={"COLUMNS": "200", **environment})


def test_the_settings_file_of_a_healthy_stack_is_enough(warm_stack: Stack) -> None:
    file = stack_env.write_file(warm_stack, warm_stack.create_user("doctor@example.com"))

    ended = subprocess.run(
        ["bash", "-c", f". {shlex.quote(str(file))} && {shlex.quote(str(COMMAND))} doctor"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        cwd=ROOT,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert re.search(r" 0 wrong, [34] skipped", ended.stdout)  # 4 until the first count
    for value in (
        value for name, value in stack_env.variables(warm_stack).items() if "KEY" in name
    ):
        assert value not in ended.stdout + ended.stderr


def test_json_has_every_result_and_nothing_is_stored(
    warm_stack: Stack, settings: Environment
) -> None:
    with psycopg.connect(warm_stack.postgres_admin_dsn) as admin:
        before = admin.execute(_STORED_COUNTS).fetchone()
    ended = run_doctor("--json", **settings)
    with psycopg.connect(warm_stack.postgres_admin_dsn) as admin:
        after = admin.execute(_STORED_COUNTS).fetchone()

    report = json.loads(ended.stdout)
    assert report["ok"] is True
    assert {result["state"] for result in report["results"]} == {"ok", "skipped"}
    skipped = {result["subject"] for result in report["results"] if result["state"] == "skipped"}
    assert skipped - {"counts by day"} == {  # which are made every five minutes
        "EXPORT_SCHEDULE_GROUP",
        "missed exports",
        "rules of the alerts",
    }
    versions = {
        result["subject"]: result["message"]
        for result in report["results"]
        if result["check"] == "versions"
    }
    assert versions["model"].startswith("assistant-")
    assert versions["Postgres"].startswith("17.")
    assert before == after


def test_what_is_wrong_is_shown_with_its_remediation_and_exit_status_1(
    settings: Environment,
) -> None:
    settings["CLASSIFY_URL"] = settings["CLASSIFY_URL"].removesuffix("/classify")
    ended = run_doctor(**settings)

    assert ended.exit_code == 1
    assert (
        "wrong  endpoints, CLASSIFY_URL: Set it to a URL that ends with /v1/classify."
        in ended.stdout
    )


@pytest.mark.parametrize(
    ("options", "environment", "message"),
    [
        ((), {}, "There is nothing to check"),
        ((), {"SUPABASE_URL": "marmalade"}, "SUPABASE_URL"),
        (("--stage", "Dev!"), {}, "The name of a stage"),
        (
            ("--stage", "dev"),
            NO_CREDENTIALS,
            "Cannot read the stack prompt-capture-dev in eu-west-1",
        ),
        (("--stage", "QA"), NO_CREDENTIALS, "Cannot read the stack prompt-capture-QA in eu-west-1"),
        (
            ("--stage", "dev"),
            NO_CREDENTIALS | {"AWS_REGION": "us-east-2"},
            "Cannot read the stack prompt-capture-dev in us-east-2",
        ),
    ],
)
def test_what_cannot_start_ends_with_a_message_and_exit_status_2(
    options: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    ended = run_doctor(*options, **environment)

    assert ended.exit_code == 2
    assert message in ended.stderr
    assert "marmalade" not in ended.stderr
