"""What users can do to the table through Supabase's own API: read their own rows, no more."""

from collections.abc import Iterator, Sequence
from uuid import uuid4

import httpx

from infra.local.stack import Stack
from infra.local.users import User

Row = tuple[str, str, str]


def questions(stack: Stack, users: Sequence[User]) -> Iterator[Row]:
    """Ask the same table as different people: who asked, what for, and the answer."""
    ada, ben = users[0], users[1]
    with httpx.Client(base_url=f"{stack.supabase_url}/rest/v1", timeout=30) as http:
        table = _Table(http, stack.keys.publishable)
        yield "ada", "her own rows", table.count(ada, ada)
        yield "ben", "his own rows", table.count(ben, ben)
        yield "ben", "ada's rows", table.count(ben, ada)
        yield "nobody", "ada's rows", table.count(None, ada)
        yield "ben", "write a forged prediction", table.write(ben)
        yield "ada", "change her own rows", table.change(ada)
        yield "ada", "delete her own rows", table.delete(ada)


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
        total = answer.headers["content-range"].rpartition("/")[2]
        return f"{total} rows"

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
    return f"refused ({answer.status_code})" if answer.is_error else "ALLOWED"
