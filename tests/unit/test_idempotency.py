"""A message sent again under its key is captured once, and answered as before."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_capture.domain.log_ids import derived_log_id, may_arrive, new_log_id
from tests.unit.conftest import Api, KeywordClassifier


def send(api: Api, key: str, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    body = {"message": "move it", "user_id": str(api.user_id)} | changes
    given = (headers or api.key) | {"Idempotency-Key": key}
    return api.classify.post("/v1/classify", json=body, headers=given)


def test_the_same_key_answers_the_same_and_stores_one_row(api: Api) -> None:
    first, again = send(api, "k-1"), send(api, "k-1")

    assert first.json() == again.json()
    assert len(api.store.rows) == 1
    assert UUID(first.json()["log_id"]).version == 8


def test_the_answer_on_record_stands_when_the_model_has_changed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = send(api, "k-1")
    monkeypatch.setattr(KeywordClassifier, "classify", _always_unsure)

    assert send(api, "k-1").json() == first.json()
    assert send(api, "k-2").json()["needs_review"]


def _always_unsure(self: KeywordClassifier, texts: list[str]) -> list[Any]:
    return [self._classify("nothing known") for _ in texts]


@pytest.mark.parametrize(
    "changes",
    [{"message": "move that"}, {"conversation_id": "c-2"}, {"message_index": 0}],
    ids=lambda changes: next(iter(changes)),
)
def test_another_message_under_the_same_key_is_refused(api: Api, changes: dict[str, Any]) -> None:
    send(api, "k-1")

    refused = send(api, "k-1", **changes)

    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "idempotency_conflict"
    assert len(api.store.rows) == 1


def test_another_owner_under_a_backends_key_is_refused(api: Api) -> None:
    other = uuid4()
    api.store._users.add(other)
    send(api, "k-1")

    assert send(api, "k-1", user_id=str(other)).status_code == 409


def test_each_caller_has_keys_of_their_own(api: Api) -> None:
    backend = send(api, "k-1")
    user = send(api, "k-1", api.token())

    assert backend.json()["log_id"] != user.json()["log_id"]
    assert len(api.store.rows) == 2


def test_wherever_the_first_one_landed_the_id_is_the_same(api: Api) -> None:
    api.store.reachable = False
    spooled = send(api, "k-1").json()
    api.store.reachable = True
    stored = send(api, "k-1").json()

    assert (spooled["captured"], stored["captured"]) == ("spooled", "stored")
    assert spooled["log_id"] == stored["log_id"] == str(api.spool.waiting[0].prompt.id)


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 201])
def test_a_key_that_cannot_be_one_is_refused(api: Api, key: str) -> None:
    refused = api.classify.post(
        "/v1/classify",
        json={"message": "move it", "user_id": str(api.user_id)},
        headers=[
            *((name.encode(), value.encode()) for name, value in api.key.items()),
            (b"Idempotency-Key", key.encode("latin-1")),
        ],
    )

    assert refused.status_code == 422
    assert "Idempotency-Key" in refused.json()["error"]["message"]
    assert not api.store.rows


def test_a_key_without_a_capture_is_no_key(api: Api) -> None:
    answer = send(api, "k-1", capture=False)

    assert answer.json()["log_id"] is None


@given(st.text(max_size=40), st.text(max_size=40), st.binary(min_size=1, max_size=40))
def test_a_derived_id_is_a_uuid_of_version_8(caller: str, key: str, secret: bytes) -> None:
    log_id = derived_log_id(secret, caller, key)

    assert (log_id.version, log_id.variant) == (8, "specified in RFC 4122")
    assert log_id == derived_log_id(secret, caller, key)


def test_ids_depend_on_secret_caller_and_key() -> None:
    ids = {
        derived_log_id(secret, caller, key)
        for secret in (b"1", b"2")
        for caller in ("backend", "user a")
        for key in ("1", "2")
    }

    assert len(ids) == 8


@pytest.mark.parametrize(
    ("log_id", "expected"),
    [
        (new_log_id(), True),
        (derived_log_id(b"s", "backend", "k"), True),
        (uuid4(), False),
        (UUID("01936f2e-7c1a-7b2e-9a53-3f1f0e6f2c11"), False),
        (UUID("ffffffff-ffff-7b2e-9a53-3f1f0e6f2c11"), False),
    ],
    ids=["new", "derived", "random", "old", "from the future"],
)
def test_an_id_tells_whether_its_prompt_can_still_arrive(log_id: UUID, expected: bool) -> None:
    assert may_arrive(log_id) is expected
