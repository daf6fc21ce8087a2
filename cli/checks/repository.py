"""What a database should have, according to the repository's migrations."""

import re
from pathlib import Path

from cli.checks.deployment import MissingPrerequisite

MIGRATIONS = Path(__file__).parents[2] / "supabase" / "migrations"

_RELATION = re.compile(r"^create (?:table|view) public\.(\w+)", re.MULTILINE)
_JOB = re.compile(r"cron\.schedule\(\s*'([^']+)'")


def migration_names() -> list[str]:
    """Return each migration's `<version>_<name>`, oldest first. Raises `MissingPrerequisite`."""
    names = sorted(file.stem for file in MIGRATIONS.glob("*.sql"))
    if not names:
        raise MissingPrerequisite(
            "repository",
            "Install prompt-capture from its repository: `make setup`.",
            "is missing",
        )
    return names


def relations() -> list[str]:
    """Return the tables and views that migrations create in schema `public`.

    Raises `MissingPrerequisite`.
    """
    return _find_all(_RELATION)


def nightly_jobs() -> list[str]:
    """Return the names of the jobs that migrations schedule. Raises `MissingPrerequisite`."""
    return _find_all(_JOB)


def _find_all(pattern: re.Pattern[str]) -> list[str]:
    texts = [(MIGRATIONS / f"{name}.sql").read_text("utf-8") for name in migration_names()]
    return list(dict.fromkeys(name for text in texts for name in pattern.findall(text)))
