"""The database as callers reach it: PostgREST, and the actors' tokens."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from infra.local.keys import Keys, generate_keys
from infra.local.postgrest import PostgREST

from .cast import Actor
from .server import Server

PLAN = "application/vnd.pgrst.plan+json"


class Api:
    """PostgREST on one database, spoken to as any actor of the cast."""

    def __init__(self, url: str, keys: Keys) -> None:
        self._client = httpx.Client(base_url=url, timeout=10)
        self.keys = keys

    def request(
        self, actor: Actor | None, method: str, path: str, **options: Any
    ) -> httpx.Response:
        """Send one request with the actor's token, or without any."""
        headers = dict(options.pop("headers", {}))
        if actor is not None:
            claims = {"aud": "authenticated", "exp": int(time.time()) + 60} | actor.claims
            headers["Authorization"] = f"Bearer {self.keys.sign(claims)}"
        return self._client.request(method, path, headers=headers, **options)

    def bearing(self, token: str, path: str) -> httpx.Response:
        """Read with a token of the caller's own making."""
        return self._client.get(path, headers={"Authorization": f"Bearer {token}"})

    def plan(self, actor: Actor, path: str, query: list[tuple[str, str]]) -> dict[str, Any]:
        """Ask how Postgres would answer a request, and return the plan's top node."""
        answer = self.request(actor, "GET", path, params=query, headers={"Accept": PLAN})
        answer.raise_for_status()
        top: dict[str, Any] = answer.json()[0]["Plan"]
        return top

    def close(self) -> None:
        """Close the client."""
        self._client.close()


@contextmanager
def serving(server: Server, database: str, folder: Path) -> Iterator[Api]:
    """Run PostgREST on a database, willing to show its plans."""
    with server.connect("supabase_admin", database) as admin:
        admin.execute(
            f"alter role authenticator in database {database} set pgrst.db_plan_enabled = 'true'"
        )
    keys = generate_keys()
    postgrest = PostgREST(folder, server.url("authenticator", database), keys)
    try:
        postgrest.start()
        api = Api(postgrest.url, keys)
        try:
            yield api
        finally:
            api.close()
    finally:
        postgrest.stop()
