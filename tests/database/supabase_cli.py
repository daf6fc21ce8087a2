"""The real Supabase CLI, on a folder and a database of this test run."""

import os
import subprocess
from pathlib import Path

from .server import ROOT, Server


def remote(server: Server, database: str) -> str:
    """Return the option that names a database."""
    return f"--remote={server.url('postgres', database)}"


def run_supabase(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the CLI in a project's folder."""
    return subprocess.run(
        [ROOT / "node_modules/.bin/supabase", *arguments, "--workdir", folder],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SUPABASE_TELEMETRY_DISABLED": "1",
            "DO_NOT_TRACK": "1",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def supabase(folder: Path, *arguments: str) -> str:
    """Run the CLI, which must succeed, and return its output."""
    run = run_supabase(folder, *arguments)
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr
