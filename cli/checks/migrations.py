"""Check that the repository's migrations are applied to the database."""

from collections.abc import Iterator

import psycopg

from cli.checks.deployment import Deployment
from cli.checks.repository import migration_names
from cli.checks.results import CheckResult, ok, wrong

_APPLIED = "select version from supabase_migrations.schema_migrations"


def migrations(deployment: Deployment) -> Iterator[CheckResult]:
    """Compare the migrations with those that the Supabase CLI recorded as applied."""
    applied = applied_versions(deployment)
    missing = [name for name in migration_names() if name.partition("_")[0] not in applied]
    if missing:
        yield wrong("database", f"lacks {', '.join(missing)}", "`supabase db push`")
    else:
        yield ok("database", f"has all {len(migration_names())}")


def applied_versions(deployment: Deployment) -> set[str]:
    """Return the applied versions, none for a new project. Raises as `Deployment.query` does."""
    try:
        return {version for (version,) in deployment.query(_APPLIED)}
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return set()
