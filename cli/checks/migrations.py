"""Whether the database has all migrations of the repository."""

from collections.abc import Iterator

import psycopg

from cli.checks.deployment import Deployment
from cli.checks.finding import Finding, ok, wrong
from cli.checks.repository import migration_names

_APPLIED = "select version from supabase_migrations.schema_migrations"


def migrations(deployment: Deployment) -> Iterator[Finding]:
    """Compare with what the Supabase CLI records of each one that it applies."""
    applied = applied_versions(deployment)
    missing = [name for name in migration_names() if name.partition("_")[0] not in applied]
    if missing:
        yield wrong("database", f"lacks {', '.join(missing)}", "`supabase db push`")
    else:
        yield ok("database", f"has all {len(migration_names())}")


def applied_versions(deployment: Deployment) -> set[str]:
    """Answer the versions on record, of a new project none; raises as `Deployment.query` does."""
    try:
        return {version for (version,) in deployment.query(_APPLIED)}
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return set()
