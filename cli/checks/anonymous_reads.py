"""Whether somebody who only knows the publishable key reads nothing."""

from collections.abc import Iterator

import httpx

from cli.checks.finding import Finding, ok, skipped, wrong
from cli.checks.keys import belongs
from cli.checks.place import Place
from cli.checks.repository import relations

_NAME = "SUPABASE_PUBLISHABLE_KEY"


def anonymous_reads(place: Place) -> Iterator[Finding]:
    """Ask for the first row of each table and view by HEAD, so that no row is ever sent."""
    key = belongs(place, _NAME)
    if key is None:
        yield skipped("anonymous", f"{_NAME} is not there or of the wrong kind", "See `keys`.")
        return
    answers = {name: _asked(place, name, key) for name in relations()}
    shown = [name for name, answer in answers.items() if _shows_a_row(answer)]
    silent = [name for name, answer in answers.items() if answer.is_server_error]
    for name in shown:
        yield wrong(
            name,
            "can be read by everybody",
            f"`revoke all on public.{name} from anon;` and see which policy lets them.",
        )
    for name in silent:
        yield skipped(name, f"the project answers {answers[name].status_code}", "Try again.")
    if not shown and not silent:
        yield ok("anonymous", f"reads nothing of {len(answers)} tables and views")


def _asked(place: Place, name: str, key: str) -> httpx.Response:
    return place.http.head(f"{place.rest_url}/{name}?limit=1", headers={"apikey": key})


def _shows_a_row(answer: httpx.Response) -> bool:
    """PostgREST tells which rows it would send: `0-0/*`, or `*/*` for none."""
    return answer.is_success and not answer.headers.get("Content-Range", "*").startswith("*")
