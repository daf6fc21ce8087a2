"""PostgREST on a test database, called with the token of any actor."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from infra.local.keys import Keys, generate_keys
from infra.local.postgrest import PostgREST

from .actors import Actor
from .server import Server

PLAN = "application/vnd.pgrst.plan+json"


class PostgrestClient:
    """An HTTP client of PostgREST that signs the token of each actor."""

    def __init__(self, url: str, keys: Keys) -> None:
        self._client = httpx.Client(base_url=url, timeout=10)
        self.keys = keys

    def request(
        self, actor: Actor | None, method: str, path: str, **options: Any
    ) -> httpx.Response:
        """Send a request with the actor's token, or without a token."""
        headers = dict(options.pop("headers", {}))
        if actor is not None:
            claims = {"aud": "authenticated", "exp": int(time.time()) + 60} | actor.claims
            headers["Authorization"] = f"Bearer {self.keys.sign(claims)}"
        return self._client.request(method, path, headers=headers, **options)

    def get_with_token(self, token: str, path: str) -> httpx.Response:
        """Send a GET request with an arbitrary token."""
        return self._client.get(path, headers={"Authorization": f"Bearer {token}"})

    def explain(self, actor: Actor, path: str, query: list[tuple[str, str]]) -> dict[str, Any]:
        """Return the top node of PostgreSQL's plan for a GET request."""
        response = self.request(actor, "GET", path, params=query, headers={"Accept": PLAN})
        response.raise_for_status()
        top: dict[str, Any] = response.json()[0]["Plan"]
        return top

    def close(self) -> None:
        """Close the client."""
        self._client.close()


@contextmanager
def run_postgrest(server: Server, database: str, folder: Path) -> Iterator[PostgrestClient]:
    """Run PostgREST on a database, with query plans enabled."""
    with server.connect("supabase_admin", database) as admin:
        admin.execute(
            f"alter role authenticator in database {database} set pgrst.db_plan_enabled = 'true'"
        )
    keys = generate_keys()
    postgrest = PostgREST(folder, server.url("authenticator", database), keys)
    try:
        postgrest.start()
        api = PostgrestClient(postgrest.url, keys)
        try:
            yield api
        finally:
            api.close()
    finally:
        postgrest.stop()
