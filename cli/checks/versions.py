"""Which versions are at work: to be named when somebody is asked for help."""

from collections.abc import Callable, Iterator
from importlib.metadata import version

import httpx
import psycopg

from cli.checks.deployment import Deployment, NotGiven
from cli.checks.finding import Finding, ok, skipped
from cli.checks.functions import called
from cli.checks.migrations import applied_versions


def versions(deployment: Deployment) -> Iterator[Finding]:
    """Tell the version of this package, of the model that is served, and of the database."""
    yield ok("prompt-capture", version("prompt-capture"))
    yield _told("model", lambda: _model(deployment))
    yield _told("newest migration", lambda: max(applied_versions(deployment), default="none"))
    yield _told("Postgres", lambda: str(deployment.query("show server_version")[0][0]))


def _told(subject: str, find: Callable[[], str]) -> Finding:
    try:
        return ok(subject, find())
    except NotGiven as gap:
        return skipped(subject, str(gap), gap.remediation)
    except (httpx.HTTPError, psycopg.Error, ValueError, KeyError) as error:
        return skipped(subject, f"is not told ({type(error).__name__})", "See the checks above.")


def _model(deployment: Deployment) -> str:
    return str(called(deployment, "CLASSIFY_URL").json()["model_version"])
