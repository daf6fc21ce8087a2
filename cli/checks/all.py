"""All checks, in the order in which one would remediation what they find."""

from collections.abc import Iterator, Mapping

import httpx
import psycopg
from botocore.exceptions import BotoCoreError, ClientError

from cli.checks.addresses import addresses
from cli.checks.anonymous_reads import anonymous_reads
from cli.checks.bucket import bucket
from cli.checks.clock import clock
from cli.checks.deployment import Deployment, NotGiven
from cli.checks.finding import Check, Finding, skipped, wrong
from cli.checks.functions import functions
from cli.checks.keys import keys
from cli.checks.keys_taken import keys_taken
from cli.checks.migrations import migrations
from cli.checks.nightly_jobs import nightly_jobs
from cli.checks.parameters import parameters
from cli.checks.queues import queues
from cli.checks.row_level_security import row_level_security
from cli.checks.schedules import schedules
from cli.checks.versions import versions

CHECKS: Mapping[str, Check] = {
    "parameters": parameters,
    "addresses": addresses,
    "clock": clock,
    "keys": keys,
    "keys taken": keys_taken,
    "migrations": migrations,
    "row level security": row_level_security,
    "anonymous reads": anonymous_reads,
    "functions": functions,
    "nightly jobs": nightly_jobs,
    "bucket": bucket,
    "schedules": schedules,
    "queues": queues,
    "versions": versions,
}

_REFUSALS = frozenset(
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


def findings(deployment: Deployment) -> Iterator[tuple[str, Finding]]:
    """Run all checks; answer each finding with its check's name."""
    for name, check in CHECKS.items():
        for finding in run(check, deployment):
            yield name, finding


def run(check: Check, deployment: Deployment) -> Iterator[Finding]:
    """Run a check; what keeps it from looking on is a finding too."""
    try:
        yield from check(deployment)
    except NotGiven as gap:
        yield skipped(gap.name, gap.said, gap.remediation)
    except httpx.HTTPError as error:
        yield skipped("the rest", f"no answer ({type(error).__name__})", "See `addresses`.")
    except psycopg.Error as error:
        yield skipped(
            "the rest", f"the database refuses ({type(error).__name__})", _database(error)
        )
    except BotoCoreError as error:
        yield skipped(
            "the rest",
            f"AWS cannot be asked ({type(error).__name__})",
            "Give AWS credentials and a region: `aws configure`, or AWS_PROFILE.",
        )
    except ClientError as error:
        yield _refused(error)


def _database(error: psycopg.Error) -> str:
    if isinstance(error, psycopg.OperationalError):
        return "See `addresses`."
    return "Let DATABASE_URL name the role postgres."


def _refused(error: ClientError) -> Finding:
    code = error.response["Error"]["Code"]
    if code in _REFUSALS:
        return skipped(
            "the rest",
            f"AWS refuses {error.operation_name} ({code})",
            "Check your AWS credentials; docs/deploy.md, step 5, lists the rights.",
        )
    return wrong(
        "the rest",
        f"AWS answers {code} to {error.operation_name}",
        "Check the setting that names it, and the region.",
    )
