"""Check that this machine's clock agrees with the server's."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from cli.checks.deployment import Deployment
from cli.checks.endpoints import JWKS
from cli.checks.results import CheckResult, ok, skipped, wrong

TOLERANCE_SECONDS = 30
"""PostgREST refuses tokens whose times differ by more (its `allowedSkewSeconds`)."""


def clock(deployment: Deployment) -> Iterator[CheckResult]:
    """Compare the middle of a request with its response's `Date`, which is in whole seconds."""
    started = time.time()
    response = deployment.http.get(f"{deployment.supabase_url}{JWKS}")
    local_time = (started + time.time()) / 2
    try:
        server_time = parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError):
        yield skipped(
            "this machine",
            "the server's response has no Date header",
            "Call the server directly, not through a proxy.",
        )
        return
    difference = round(local_time - server_time)
    if abs(difference) <= TOLERANCE_SECONDS:
        yield ok("this machine", f"agrees with the server's within {TOLERANCE_SECONDS} s")
        return
    yield wrong(
        "this machine",
        f"is {abs(difference)} s {'ahead of' if difference > 0 else 'behind'} the server's",
        "Synchronize the clock: `sudo timedatectl set-ntp true`. "
        "Until then, tokens signed here are refused.",
    )
