"""A linter of row level security that is not ours: its matrix of rights, and two of its rules."""

import json
import subprocess
import sys
from pathlib import Path

from .server import Server

GOLDEN = Path(__file__).parent / "rights.txt"
ROLES = "anon,authenticated,prompt_writer,prompt_exporter,service_role,prompt_maintainer,postgres"
RULES = {
    "PERF001",  # a function called for every row
    "PERF003",  # no index for a policy's column
}
# Its columns are of the row that is being written: there is nothing to search.
EXPECTED = {"public.nlu_prompt_logs.The writer inserts prompts without outcome and correction"}


def pgrls(server: Server, database: str, *arguments: str) -> str:
    """Run the linter on a migrated database."""
    run = subprocess.run(
        [
            Path(sys.executable).parent / "pgrls", *arguments,
            "--database-url", server.url("supabase_admin", database),
            "--schemas", "public,private",
        ],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.stdout, run.stderr
    return run.stdout


def test_the_matrix_of_rights_is_the_one_that_was_read_and_kept(
    server: Server, template: str
) -> None:
    matrix = pgrls(server, template, "matrix", "--roles", ROLES)
    matrix = "".join(line.rstrip() + "\n" for line in matrix.splitlines())
    assert matrix == GOLDEN.read_text("utf-8"), f"Read it, and keep it as {GOLDEN.name}."


def test_policies_call_nothing_for_each_row_and_have_their_indexes(
    server: Server, template: str
) -> None:
    report = json.loads(pgrls(server, template, "lint", "--format", "json"))
    found = {
        violation["location"] for violation in report["violations"] if violation["rule_id"] in RULES
    }
    assert found == EXPECTED
