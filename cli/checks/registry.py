"""All checks, in the order in which to fix what they report, and how one runs.

To add a check, write its function in the module of its topic and add it to `CHECKS`.
"""

from collections.abc import Iterator, Mapping

import httpx
import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from cli.checks.aws import bucket, parameters, queues, schedules
from cli.checks.database import anonymous_access, migrations, nightly_jobs, row_level_security
from cli.checks.endpoints import clock, endpoints, functions
from cli.checks.erasures import erasures
from cli.checks.interface import Check, CheckResult, Deployment, MissingPrerequisite, skipped, wrong
from cli.checks.keys import accepted_keys, keys
from cli.checks.models import models
from cli.checks.monitoring import monitoring
from cli.checks.proxies import aws_remedy
from cli.checks.versions import versions
from prompt_capture.adapters.aws.client_settings import unusable_aws_settings
from prompt_capture.domain.errors import InvalidSettings

CHECKS: Mapping[str, Check] = {
    "parameters": parameters,
    "endpoints": endpoints,
    "clock": clock,
    "keys": keys,
    "accepted keys": accepted_keys,
    "migrations": migrations,
    "row level security": row_level_security,
    "anonymous access": anonymous_access,
    "functions": functions,
    "nightly jobs": nightly_jobs,
    "monitoring": monitoring,
    "bucket": bucket,
    "models": models,
    "erasures": erasures,
    "schedules": schedules,
    "queues": queues,
    "versions": versions,
}

_INTERRUPTED = "remaining checks"
_ACCESS_DENIED_CODES = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)

_UNDEFINED = (
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.UndefinedTable,
)


def run_checks(deployment: Deployment) -> Iterator[tuple[str, CheckResult]]:
    """Run all checks. Yield each result with its check's name."""
    for name, check in CHECKS.items():
        for result in run_check(check, deployment):
            yield name, result


def run_check(check: Check, deployment: Deployment) -> Iterator[CheckResult]:
    """Run a check. An error that interrupts it becomes its last result."""
    try:
        yield from check(deployment)
    except MissingPrerequisite as missing:
        yield skipped(missing.name, missing.message, missing.remediation)
    except httpx.HTTPError as error:
        yield skipped(_INTERRUPTED, f"no response ({type(error).__name__})", "See `endpoints`.")
    except psycopg.Error as error:
        yield skipped(
            _INTERRUPTED,
            f"the database refuses the query ({type(error).__name__})",
            _database_remediation(error),
        )
    except InvalidSettings as error:
        yield skipped(_INTERRUPTED, "AWS cannot be called", str(error))
    except BotoCoreError as error:
        yield skipped(
            _INTERRUPTED,
            f"AWS cannot be called ({type(error).__name__})",
            aws_remedy(error, "Set AWS credentials and a region: `aws configure`, or AWS_PROFILE."),
        )
    except ClientError as error:
        yield _aws_error(error)
    except OSError as error:  # errors of botocore's own may be such, too
        yield skipped(_INTERRUPTED, "AWS cannot be called", str(unusable_aws_settings(error)))


def _database_remediation(error: psycopg.Error) -> str:
    if isinstance(error, psycopg.OperationalError):
        return "See `endpoints`."
    if isinstance(error, _UNDEFINED):
        return (
            "See `migrations`. If that is ok, a table, a column or a function of the product was "
            "removed: restore it."
        )
    return "Use the role postgres in DATABASE_URL."


def _aws_error(error: ClientError) -> CheckResult:
    code = error.response["Error"]["Code"]
    if code in _ACCESS_DENIED_CODES:
        return skipped(
            _INTERRUPTED,
            f"AWS denies {error.operation_name} ({code})",
            "Check your AWS credentials; docs/how-to/check-a-deployment.md lists the permissions.",
        )
    return wrong(
        _INTERRUPTED,
        f"AWS returns {code} for {error.operation_name}",
        "Check the setting that names the resource, and the region.",
    )
