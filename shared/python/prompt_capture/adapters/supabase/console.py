"""The console's functions of the database, called over PostgREST with the token of the user."""

from collections.abc import Mapping
from typing import Any

import httpx

from prompt_capture.adapters.supabase.postgrest import (
    FOREIGN_KEY_VIOLATION,
    ErrorsByCode,
    PostgrestAdapter,
)
from prompt_capture.domain.changes import Decision, ReviewedItem
from prompt_capture.domain.errors import NotPermitted, StoreUnavailable, UnknownIntent

_FORBIDDEN = "PT403"


class SupabaseConsole:
    """Calls the functions as the user who signed in; holds no key but the publishable one."""

    def __init__(self, client: httpx.AsyncClient, rest_url: str, publishable_key: str) -> None:
        self._client, self._rest_url = client, rest_url
        self._publishable_key = publishable_key

    async def decide(
        self, token: str, item: ReviewedItem, decision: Decision, notes: str | None
    ) -> Mapping[str, Any]:
        arguments = {
            "item": item.number,
            "seen": item.seen,
            "intent": decision.intent,
            "secondary_intents": decision.secondary_intents,
            "notes": notes,
            "is_blind": item.is_blind,
            "near_duplicates": item.near_duplicates,
        }
        errors = {FOREIGN_KEY_VIOLATION: UnknownIntent([]), **_common_errors()}
        result = await self._as_user(token).call("console_decide", arguments, errors)
        if not isinstance(result, dict):
            raise StoreUnavailable("The store does not say what became of the decision.")
        return result

    async def known_intents(self, token: str) -> list[str]:
        return await self._as_user(token).active_intents()

    async def role(self, token: str) -> str | None:
        role = await self._as_user(token).call("console_role", {}, _common_errors())
        return role if isinstance(role, str) else None

    def _as_user(self, token: str) -> PostgrestAdapter:
        headers = {"apikey": self._publishable_key, "Authorization": f"Bearer {token}"}
        deadline = self._client.timeout.read
        return PostgrestAdapter(self._client, self._rest_url, deadline, headers=headers)


def _common_errors() -> ErrorsByCode:
    """Return new errors: one that is raised keeps the frames that it passed."""
    return {_FORBIDDEN: NotPermitted("The account does not have a role for this.")}
