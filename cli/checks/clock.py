"""Whether this machine's clock agrees with the server's."""

import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from cli.checks.addresses import JWKS
from cli.checks.deployment import Deployment
from cli.checks.finding import Finding, ok, skipped, wrong

TOLERANCE_SECONDS = 30
"""PostgREST refuses tokens whose times are further off (its `allowedSkewSeconds`)."""


def clock(deployment: Deployment) -> Iterator[Finding]:
    """Compare the middle of a request with the `Date` of its answer, which is whole seconds."""
    started = time.time()
    answer = deployment.http.get(f"{deployment.supabase_url}{JWKS}")
    here = (started + time.time()) / 2
    try:
        there = parsedate_to_datetime(answer.headers["Date"]).timestamp()
    except (KeyError, ValueError):
        yield skipped("this machine", "the server tells no time", "Ask it directly, past a proxy.")
        return
    difference = round(here - there)
    if abs(difference) <= TOLERANCE_SECONDS:
        yield ok("this machine", f"agrees with the server's within {TOLERANCE_SECONDS} s")
        return
    yield wrong(
        "this machine",
        f"is {abs(difference)} s {'ahead of' if difference > 0 else 'behind'} the server's",
        "Set the clock by the network: `sudo timedatectl set-ntp true`. "
        "Tokens signed here are refused until then.",
    )
