"""What the repository's migrations say a database should have."""

import re
from pathlib import Path

from cli.checks.deployment import NotGiven

MIGRATIONS = Path(__file__).parents[2] / "supabase" / "migrations"

_RELATION = re.compile(r"^create (?:table|view) public\.(\w+)", re.MULTILINE)
_JOB = re.compile(r"cron\.schedule\(\s*'([^']+)'")


def migration_names() -> list[str]:
    """Answer `<version>_<name>` of each, the oldest first; raises `NotGiven`."""
    names = sorted(file.stem for file in MIGRATIONS.glob("*.sql"))
    if not names:
        raise NotGiven(
            "repository", "Install prompt-capture from its repository: `make setup`.", "is not here"
        )
    return names


def relations() -> list[str]:
    """Answer the tables and views that migrations make in schema `public`; raises `NotGiven`."""
    return _found(_RELATION)


def nightly_jobs() -> list[str]:
    """Answer the names of the jobs that migrations schedule; raises `NotGiven`."""
    return _found(_JOB)


def _found(pattern: re.Pattern[str]) -> list[str]:
    texts = [(MIGRATIONS / f"{name}.sql").read_text("utf-8") for name in migration_names()]
    return list(dict.fromkeys(name for text in texts for name in pattern.findall(text)))
