"""A message sent again with its idempotency key is captured once, with the same response."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_capture.domain.log_ids import derived_log_id, may_arrive, new_log_id
from tests.unit.conftest import ApiFixture, KeywordClassifier


def send(api: ApiFixture, key: str, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    body = {"message": "move it", "user_id": str(api.user_id)} | changes
    all_headers = (headers or api.key) | {"Idempotency-Key": key}
    return api.classify.post("/v1/classify", json=body, headers=all_headers)


def test_a_repeated_key_gets_the_same_response_and_stores_one_row(api: ApiFixture) -> None:
    first, again = send(api, "k-1"), send(api, "k-1")

    assert first.json() == again.json()
    assert len(api.store.rows) == 1
    assert UUID(first.json()["log_id"]).version == 8


def test_a_repeated_key_gets_the_recorded_prediction_after_a_change_of_the_model(
    api: ApiFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = send(api, "k-1")
    monkeypatch.setattr(KeywordClassifier, "classify", _classify_as_unknown)

    assert send(api, "k-1").json() == first.json()
    assert send(api, "k-2").json()["needs_review"]


def _classify_as_unknown(self: KeywordClassifier, texts: list[str]) -> list[Any]:
    return [self._classify("no known word") for _ in texts]


@pytest.mark.parametrize(
    "changes",
    [{"message": "move that"}, {"conversation_id": "c-2"}, {"message_index": 0}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_different_message_with_the_same_key_is_rejected(
    api: ApiFixture, changes: dict[str, Any]
) -> None:
    send(api, "k-1")

    response = send(api, "k-1", **changes)

    assert response.status_code == 409
    assert response.json()["error"]["code"] == "idempotency_conflict"
    assert len(api.store.rows) == 1


def test_a_different_user_with_the_same_backend_key_is_rejected(api: ApiFixture) -> None:
    other = uuid4()
    api.store._users.add(other)
    send(api, "k-1")

    assert send(api, "k-1", user_id=str(other)).status_code == 409


def test_callers_do_not_share_keys(api: ApiFixture) -> None:
    backend = send(api, "k-1")
    user = send(api, "k-1", api.token())

    assert backend.json()["log_id"] != user.json()["log_id"]
    assert len(api.store.rows) == 2


def test_a_spooled_message_and_its_repetition_have_the_same_id(api: ApiFixture) -> None:
    api.store.is_reachable = False
    spooled = send(api, "k-1").json()
    api.store.is_reachable = True
    stored = send(api, "k-1").json()

    assert (spooled["captured"], stored["captured"]) == ("spooled", "stored")
    assert spooled["log_id"] == stored["log_id"] == str(api.spool.waiting[0].prompt.id)


@pytest.mark.parametrize("key", ["a b", "é", "x" * 201])
def test_a_malformed_key_is_rejected(api: ApiFixture, key: str) -> None:
    response = api.classify.post(
        "/v1/classify",
        json={"message": "move it", "user_id": str(api.user_id)},
        headers=[
            *((name.encode(), value.encode()) for name, value in api.key.items()),
            (b"Idempotency-Key", key.encode("latin-1")),
        ],
    )

    assert response.status_code == 422
    assert "Idempotency-Key" in response.json()["error"]["message"]
    assert not api.store.rows


@pytest.mark.parametrize("key", ["undefined", "null", "None", "NaN", "<nil>"])
def test_the_word_for_a_missing_key_is_none(api: ApiFixture, key: str) -> None:
    answers = [send(api, key), send(api, key), send(api, key, message="move that")]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert len(api.store.rows) == 3


def test_a_key_without_a_capture_has_no_effect(api: ApiFixture) -> None:
    response = send(api, "k-1", capture=False)

    assert response.json()["log_id"] is None


@given(st.text(max_size=40), st.text(max_size=40), st.binary(min_size=1, max_size=40))
def test_a_derived_id_is_a_uuid_of_version_8(caller: str, key: str, secret: bytes) -> None:
    log_id = derived_log_id(secret, caller, key)

    assert (log_id.version, log_id.variant) == (8, "specified in RFC 4122")
    assert log_id == derived_log_id(secret, caller, key)


def test_derived_ids_depend_on_secret_caller_and_key() -> None:
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
def test_an_id_shows_whether_its_prompt_can_still_arrive(log_id: UUID, expected: bool) -> None:
    assert may_arrive(log_id) is expected
