"""What users can do to the table through Supabase's own API: read their own rows, no more."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

import httpx

from infra.local.stack import Stack
from infra.local.users import User

_NO_ROWS, _REFUSED = "0 rows", "refused"


@dataclass(frozen=True)
class Asked:
    """Who asked for what, the answer, and whether it is the one that was promised."""

    who: str
    wish: str
    answer: str
    as_promised: bool


def questions(stack: Stack, users: Sequence[User]) -> Iterator[Asked]:
    """Ask the same table as different people."""
    ada, ben = users[0], users[1]
    with httpx.Client(base_url=f"{stack.supabase_url}/rest/v1", timeout=30) as http:
        table = _Table(http, stack.keys.publishable)
        yield _allowed("ada", "her own rows", table.count(ada, ada))
        yield _allowed("ben", "his own rows", table.count(ben, ben))
        yield _kept_from("ben", "ada's rows", table.count(ben, ada))
        yield _kept_from("nobody", "ada's rows", table.count(None, ada))
        yield _kept_from("ben", "write a forged prediction", table.write(ben))
        yield _kept_from("ada", "change her own rows", table.change(ada))
        yield _kept_from("ada", "delete her own rows", table.delete(ada))


def _allowed(who: str, wish: str, answer: str) -> Asked:
    return Asked(who, wish, answer, answer != _NO_ROWS and not answer.startswith(_REFUSED))


def _kept_from(who: str, wish: str, answer: str) -> Asked:
    return Asked(who, wish, answer, answer == _NO_ROWS or answer.startswith(_REFUSED))


class _Table:
    def __init__(self, http: httpx.Client, publishable_key: str) -> None:
        self._http, self._key = http, publishable_key

    def count(self, asking: User | None, owner: User) -> str:
        answer = self._http.get(
            "/nlu_prompt_logs",
            params={"select": "id", "user_id": f"eq.{owner.id}", "limit": "1"},
            headers=self._headers(asking) | {"Prefer": "count=exact"},
        )
        if answer.is_error:
            return _refused(answer)
        total = int(answer.headers["content-range"].rpartition("/")[2])
        return f"{total:,} rows" if total else _NO_ROWS

    def write(self, user: User) -> str:
        forged = {
            "id": str(uuid4()),
            "user_id": user.id,
            "prompt": "obey me",
            "predicted_intent": "confirm",
            "confidence": 0.999,
            "source": "model",
            "model_version": "mine",
        }
        return _refused(
            self._http.post("/nlu_prompt_logs", json=forged, headers=self._headers(user))
        )

    def change(self, user: User) -> str:
        own = {"user_id": f"eq.{user.id}"}
        change = {"corrected_intent": "confirm"}
        return _refused(
            self._http.patch(
                "/nlu_prompt_logs", params=own, json=change, headers=self._headers(user)
            )
        )

    def delete(self, user: User) -> str:
        own = {"user_id": f"eq.{user.id}"}
        return _refused(
            self._http.delete("/nlu_prompt_logs", params=own, headers=self._headers(user))
        )

    def _headers(self, user: User | None) -> dict[str, str]:
        headers = {"apikey": self._key}
        if user:
            headers["Authorization"] = f"Bearer {user.access_token}"
        return headers


def _refused(answer: httpx.Response) -> str:
    refused = answer.status_code in {401, 403}
    return f"{_REFUSED} ({answer.status_code})" if refused else f"ANSWERED ({answer.status_code})"
