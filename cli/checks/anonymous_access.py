"""Check that the publishable key alone gives access to no row."""

from collections.abc import Iterator

import httpx

from cli.checks.accepted_keys import check_acceptance
from cli.checks.deployment import Deployment
from cli.checks.keys import key_of_expected_type
from cli.checks.repository import relations
from cli.checks.results import CheckResult, ok, skipped, wrong

_NAME = "SUPABASE_PUBLISHABLE_KEY"
_DENIED = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}


def anonymous_access(deployment: Deployment) -> Iterator[CheckResult]:
    """Request the first row of each table and view by HEAD, so that no row is sent."""
    key = key_of_expected_type(deployment, _NAME)
    if key is None or check_acceptance(deployment, _NAME).state != "ok":
        yield skipped("anonymous", f"{_NAME} cannot be used", "See `keys` and `accepted keys`.")
        return
    responses = {name: _request(deployment, name, key) for name in relations()}
    problems = [
        problem for name, response in responses.items() if (problem := _problem(name, response))
    ]
    yield from problems
    if not problems:
        yield ok("anonymous", f"can read none of {len(responses)} tables and views")


def _problem(name: str, response: httpx.Response) -> CheckResult | None:
    if _has_row(response):
        return wrong(
            name,
            "can be read without signing in",
            f"`revoke all on public.{name} from anon;` and check which policy allows it.",
        )
    if response.is_success or response.status_code in _DENIED:
        return None
    return skipped(name, f"the project returns HTTP {response.status_code}", "See `migrations`.")


def _request(deployment: Deployment, name: str, key: str) -> httpx.Response:
    return deployment.http.head(f"{deployment.rest_url}/{name}?limit=1", headers={"apikey": key})


def _has_row(response: httpx.Response) -> bool:
    """Read PostgREST's Content-Range: `0-0/*` if it would send a row, `*/*` if not."""
    return response.is_success and not response.headers.get("Content-Range", "*").startswith("*")
