"""Row-level security through the Supabase API: users can read their own rows, and nothing more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

import httpx

from infra.local.stack import Stack
from infra.local.users import User

_NO_ROWS, _DENIED = "0 rows", "denied"


@dataclass(frozen=True)
class AccessCheck:
    """An operation that a user attempted, its result, and whether that is the expected result."""

    user: str
    operation: str
    result: str
    has_passed: bool


def check_access(stack: Stack, users: Sequence[User]) -> Iterator[AccessCheck]:
    """Attempt operations on the same table as different users."""
    ada, ben = users[0], users[1]
    with httpx.Client(base_url=f"{stack.supabase_url}/rest/v1", timeout=30) as http:
        table = _PromptLogsTable(http, stack.keys.publishable)
        yield _expect_allowed("ada", "read her own rows", table.count(ada, ada))
        yield _expect_allowed("ben", "read his own rows", table.count(ben, ben))
        yield _expect_denied("ben", "read ada's rows", table.count(ben, ada))
        yield _expect_denied("anonymous", "read ada's rows", table.count(None, ada))
        yield _expect_denied("ben", "insert a forged prediction", table.insert(ben))
        yield _expect_denied("ada", "update her own rows", table.update(ada))
        yield _expect_denied("ada", "delete her own rows", table.delete(ada))


def _expect_allowed(user: str, operation: str, result: str) -> AccessCheck:
    has_passed = result != _NO_ROWS and not result.startswith(_DENIED)
    return AccessCheck(user, operation, result, has_passed)


def _expect_denied(user: str, operation: str, result: str) -> AccessCheck:
    has_passed = result == _NO_ROWS or result.startswith(_DENIED)
    return AccessCheck(user, operation, result, has_passed)


class _PromptLogsTable:
    def __init__(self, http: httpx.Client, publishable_key: str) -> None:
        self._http, self._publishable_key = http, publishable_key

    def count(self, reader: User | None, owner: User) -> str:
        response = self._http.get(
            "/nlu_prompt_logs",
            params={"select": "id", "user_id": f"eq.{owner.id}", "limit": "1"},
            headers=self._headers(reader) | {"Prefer": "count=exact"},
        )
        if response.is_error:
            return _describe(response)
        total = int(response.headers["content-range"].rpartition("/")[2])
        return f"{total:,} rows" if total else _NO_ROWS

    def insert(self, user: User) -> str:
        forged = {
            "id": str(uuid4()),
            "user_id": user.id,
            "prompt": "a forged prompt",
            "predicted_intent": "confirm",
            "confidence": 0.999,
            "source": "model",
            "model_version": "forged",
        }
        return _describe(
            self._http.post("/nlu_prompt_logs", json=forged, headers=self._headers(user))
        )

    def update(self, user: User) -> str:
        own_rows = {"user_id": f"eq.{user.id}"}
        change = {"corrected_intent": "confirm"}
        return _describe(
            self._http.patch(
                "/nlu_prompt_logs", params=own_rows, json=change, headers=self._headers(user)
            )
        )

    def delete(self, user: User) -> str:
        own_rows = {"user_id": f"eq.{user.id}"}
        return _describe(
            self._http.delete("/nlu_prompt_logs", params=own_rows, headers=self._headers(user))
        )

    def _headers(self, user: User | None) -> dict[str, str]:
        headers = {"apikey": self._publishable_key}
        if user:
            headers["Authorization"] = f"Bearer {user.access_token}"
        return headers


def _describe(response: httpx.Response) -> str:
    is_denied = response.status_code in {401, 403}
    return f"{_DENIED if is_denied else 'NOT DENIED'} ({response.status_code})"
