"""The check `versions`: the versions in use, to include in a bug report."""

from collections.abc import Callable, Iterator
from importlib.metadata import version

import httpx
import psycopg

from cli.checks.database import newest_migration
from cli.checks.endpoints import call_function
from cli.checks.interface import CheckResult, Deployment, MissingPrerequisite, ok, skipped


def versions(deployment: Deployment) -> Iterator[CheckResult]:
    """Report the version of this package, of the served model and of the database."""
    yield ok("prompt-capture", version("prompt-capture"))
    yield _report("model", lambda: _model_version(deployment))
    yield _report("newest migration", lambda: newest_migration(deployment))
    yield _report("Postgres", lambda: str(deployment.query("show server_version")[0][0]))


def _report(subject: str, read_version: Callable[[], str]) -> CheckResult:
    try:
        return ok(subject, read_version())
    except MissingPrerequisite as missing:
        return skipped(subject, str(missing), missing.remediation)
    except (httpx.HTTPError, psycopg.Error, ValueError, KeyError, TypeError) as error:
        return skipped(subject, f"is unknown ({type(error).__name__})", "See the checks above.")


def _model_version(deployment: Deployment) -> str:
    return str(call_function(deployment, "CLASSIFY_URL").json()["model_version"])
