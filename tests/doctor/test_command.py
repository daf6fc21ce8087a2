"""`prompt-capture doctor` as people type it."""

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from infra.local import variables
from infra.local.stack import Stack
from tests.doctor.conftest import Environment

ROOT = Path(__file__).parents[2]
NOBODY = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}
"""What keeps AWS's clients from finding somebody's credentials."""

COMMAND = Path(sys.executable).with_name("prompt-capture")

_TRACES = """
select (select count(*) from public.nlu_prompt_logs), (select count(*) from private.deferred_changes),
  (select count(*) from public.correction_events)
"""


def doctor(*options: str, **environment: str) -> Result:
    return CliRunner().invoke(app, ["doctor", *options], env={"COLUMNS": "200", **environment})


def test_a_healthy_stack_is_well_by_its_own_file_alone(warm: Stack) -> None:
    file = variables.write(warm, warm.create_user("doctor@example.com"))

    ended = subprocess.run(
        ["bash", "-c", f". {file} && {COMMAND} doctor"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        cwd=ROOT,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " 0 wrong, 2 skipped" in ended.stdout
    for value in (variables.of(warm)[name] for name in variables.of(warm) if "KEY" in name):
        assert value not in ended.stdout + ended.stderr


def test_programs_get_every_finding_and_nothing_is_left_behind(
    warm: Stack, settings: Environment
) -> None:
    with psycopg.connect(warm.postgres_admin_dsn) as admin:
        before = admin.execute(_TRACES).fetchone()
    ended = doctor("--json", **settings)
    with psycopg.connect(warm.postgres_admin_dsn) as admin:
        after = admin.execute(_TRACES).fetchone()

    told = json.loads(ended.stdout)
    assert told["ok"] is True
    assert {one["state"] for one in told["findings"]} == {"ok", "skipped"}
    assert {one["subject"] for one in told["findings"] if one["state"] == "skipped"} == {
        "EXPORT_SCHEDULE_GROUP",
        "missed exports",
    }
    versions = {
        one["subject"]: one["said"] for one in told["findings"] if one["check"] == "versions"
    }
    assert versions["model"].startswith("assistant-")
    assert versions["Postgres"].startswith("17.")
    assert before == after


def test_what_is_wrong_is_shown_with_its_cure_and_ends_with_one(settings: Environment) -> None:
    settings["CLASSIFY_URL"] = settings["CLASSIFY_URL"].removesuffix("/v1/classify")
    ended = doctor(**settings)

    assert ended.exit_code == 1
    assert "wrong  addresses, CLASSIFY_URL: Let it end in /v1/classify." in ended.stdout


@pytest.mark.parametrize(
    ("options", "environment", "said"),
    [
        ((), {}, "There is nothing to check"),
        ((), {"SUPABASE_URL": "marmalade"}, "SUPABASE_URL"),
        (("--stage", "Dev!"), {}, "A stage's name"),
        (("--stage", "dev"), NOBODY, "cannot be seen in eu-west-1"),
    ],
)
def test_what_cannot_begin_ends_with_two_and_a_sentence(
    options: tuple[str, ...], environment: dict[str, str], said: str
) -> None:
    ended = doctor(*options, **environment)

    assert ended.exit_code == 2
    assert said in ended.stderr
    assert "marmalade" not in ended.stderr
