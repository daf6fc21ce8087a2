"""pgrls, a linter for row level security: its matrix of rights and two of its rules."""

import json
import subprocess
import sys
from pathlib import Path

from .server import Server

GOLDEN = Path(__file__).parent / "rights.txt"
ROLES = (
    "anon,authenticated,prompt_writer,prompt_exporter,model_registrar,prompt_monitor,service_role,"
    "prompt_maintainer,postgres"
)
RULES = {
    "PERF001",  # a policy calls a function per row
    "PERF003",  # a policy's column has no index
}
# This policy checks only the row that is inserted, so it needs no index.
EXPECTED = {"public.nlu_prompt_logs.The writer inserts prompts without outcome and correction"}


def run_pgrls(server: Server, database: str, *arguments: str) -> str:
    """Run the linter on a migrated database and return its output."""
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


def test_the_matrix_of_rights_equals_the_reviewed_copy(server: Server, template: str) -> None:
    matrix = run_pgrls(server, template, "matrix", "--roles", ROLES)
    matrix = "".join(line.rstrip() + "\n" for line in matrix.splitlines())
    assert matrix == GOLDEN.read_text("utf-8"), f"Review the changes and update {GOLDEN.name}."


def test_policies_call_no_function_per_row_and_use_indexed_columns(
    server: Server, template: str
) -> None:
    report = json.loads(run_pgrls(server, template, "lint", "--format", "json"))
    locations = {
        violation["location"] for violation in report["violations"] if violation["rule_id"] in RULES
    }
    assert locations == EXPECTED
