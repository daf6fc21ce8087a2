"""Whether somebody who only knows the publishable key reads nothing."""

from collections.abc import Iterator

import httpx

from cli.checks.deployment import Deployment
from cli.checks.finding import Finding, ok, skipped, wrong
from cli.checks.keys import belongs
from cli.checks.keys_taken import taken
from cli.checks.repository import relations

_NAME = "SUPABASE_PUBLISHABLE_KEY"
_REFUSED = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}


def anonymous_reads(deployment: Deployment) -> Iterator[Finding]:
    """Ask for the first row of each table and view by HEAD, so that no row is ever sent."""
    key = belongs(deployment, _NAME)
    if key is None or taken(deployment, _NAME).state != "ok":
        yield skipped("anonymous", f"{_NAME} cannot be used", "See `keys` and `keys taken`.")
        return
    answers = {name: _asked(deployment, name, key) for name in relations()}
    faults = [fault for name, answer in answers.items() if (fault := _fault(name, answer))]
    yield from faults
    if not faults:
        yield ok("anonymous", f"reads nothing of {len(answers)} tables and views")


def _fault(name: str, answer: httpx.Response) -> Finding | None:
    if _shows_a_row(answer):
        return wrong(
            name,
            "can be read by everybody",
            f"`revoke all on public.{name} from anon;` and see which policy lets them.",
        )
    if answer.is_success or answer.status_code in _REFUSED:
        return None
    return skipped(name, f"the project answers {answer.status_code}", "See `migrations`.")


def _asked(deployment: Deployment, name: str, key: str) -> httpx.Response:
    return deployment.http.head(f"{deployment.rest_url}/{name}?limit=1", headers={"apikey": key})


def _shows_a_row(answer: httpx.Response) -> bool:
    """PostgREST tells which rows it would send: `0-0/*`, or `*/*` for none."""
    return answer.is_success and not answer.headers.get("Content-Range", "*").startswith("*")
