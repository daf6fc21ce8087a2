"""The header by which the response to a capture says which model serves, through PostgREST."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from .actors import (
    ALICE,
    ANONYMOUS,
    CALLERS,
    EXPORTER,
    REGISTRAR,
    REVIEWER,
    SERVICE,
    USER,
    WRITER,
    Actor,
)
from .api import PostgrestClient, run_postgrest
from .registry import build_model, connect_registrar, promote, register, roll_back
from .rows import add_user, build_row, insert
from .server import Server

LOGS = "/nlu_prompt_logs"
HEADER = "X-Serving-Model"
PREFERENCES = {
    "minimal": {"Prefer": "return=minimal"},
    "ids": {"Prefer": "resolution=ignore-duplicates,return=representation"},
}


@pytest.fixture(scope="module")
def project(server: Server, template: str) -> str:
    """A database in which `a` and then `b` were promoted."""
    server.copy_database(template, "with_models")
    with server.connect("postgres", "with_models") as dashboard:
        add_user(dashboard, ALICE)
        insert(dashboard)
    with connect_registrar(server, "with_models") as registrar:
        register(registrar, "a", "b")
        promote(registrar, "a")
        promote(registrar, "b")
    return "with_models"


@pytest.fixture(scope="module")
def api(
    server: Server, project: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgrestClient]:
    """PostgREST on the database."""
    with run_postgrest(server, project, tmp_path_factory.mktemp("postgrest")) as running:
        yield running


def build_body(**changes: Any) -> dict[str, Any]:
    """Return a captured row as a JSON object."""
    row = build_row(**changes)
    return row | {"id": str(row["id"]), "user_id": str(row["user_id"])}


def capture(
    api: PostgrestClient, body: Any, actor: Actor = WRITER, preference: str = "ids"
) -> httpx.Response:
    """Insert one row or several as the functions do."""
    query = {"on_conflict": "id", "select": "id"} if preference == "ids" else {}
    return api.request(
        actor, "POST", LOGS, params=query, json=body, headers=PREFERENCES[preference]
    )


def address(version: str) -> dict[str, Any]:
    """Return what the header holds while a model serves."""
    model = build_model(version)
    return {name: model[name] for name in ("version", "manifest_sha256", "object_version")}


@pytest.mark.parametrize("preference", PREFERENCES)
@pytest.mark.parametrize("actor", [WRITER, SERVICE], ids=str)
def test_the_response_to_a_capture_says_which_model_serves(
    api: PostgrestClient, actor: Actor, preference: str
) -> None:
    response = capture(api, build_body(), actor, preference)

    assert response.status_code == 201
    assert json.loads(response.headers[HEADER]) == address("b")
    assert response.headers[HEADER].isascii()


def test_the_header_changes_with_the_next_capture(
    api: PostgrestClient, server: Server, project: str
) -> None:
    def captured() -> Any:
        return json.loads(capture(api, build_body()).headers[HEADER])

    with connect_registrar(server, project) as registrar:
        roll_back(registrar)
        assert captured() == address("a")
        roll_back(registrar)
        assert captured() == {}
        promote(registrar, "a")
        assert captured() == address("a")
        promote(registrar, "b")
    assert captured() == address("b")


def test_a_batch_and_a_repetition_carry_the_same_header_once(api: PostgrestClient) -> None:
    body = build_body()
    capture(api, body)
    for repeated in (body, [body, *(build_body() for _ in range(99))]):
        response = capture(api, repeated)
        assert response.is_success
        assert [json.loads(value) for value in response.headers.get_list(HEADER)] == [address("b")]


@pytest.mark.parametrize(
    "changes",
    [{"user_id": uuid4()}, {"confidence": 2}, {"prompt": ""}],
    ids=lambda one: next(iter(one)),
)
def test_a_refused_capture_carries_no_header(api: PostgrestClient, changes: dict[str, Any]) -> None:
    response = capture(api, build_body(**changes))

    assert response.is_client_error
    assert HEADER not in response.headers


@pytest.mark.parametrize("actor", [None, ANONYMOUS, USER, REVIEWER, EXPORTER, REGISTRAR], ids=str)
@pytest.mark.parametrize("preference", PREFERENCES)
def test_who_may_not_capture_learns_nothing_from_an_attempt(
    api: PostgrestClient, actor: Actor | None, preference: str
) -> None:
    body = build_body()
    for headers in (PREFERENCES[preference], {"response.headers": "[]", HEADER: "{}"}):
        responses = [
            api.request(actor, "POST", LOGS, json=body, headers=headers),
            api.request(actor, "GET", LOGS, params={"select": "id"}, headers=headers),
            api.request(actor, "PATCH", LOGS, json={"prompt": "x"}, headers=headers),
        ]
        assert not responses[0].is_success
        assert not any(HEADER in response.headers for response in responses)


FUNCTIONS: dict[str, dict[str, object]] = {
    "serving_model": {},
    "serving_event": {"moment": "2026-11-03T12:00Z"},
    "list_models": {},
    "list_model_events": {"version": "a"},
    "register_model": {"model": build_model("c"), "actor": "mallory", "reason": "mine"},
    "promote_model": {"version": "a", "actor": "mallory", "reason": "mine"},
    "roll_back_model": {"actor": "mallory", "reason": "mine"},
    "quarantine_model": {"version": "b", "actor": "mallory", "reason": "mine"},
    "split_model": {"version": "a", "share": 0.5, "actor": "mallory", "reason": "mine"},
    "stop_split": {"actor": "mallory", "reason": "mine"},
    "read_split": {},
    "read_captured_texts": {
        "days": 9_000, "after_text": "", "until_text": None, "page_size": 10
    },
    "draw_disagreements": {
        "candidate": "a", "champion": "b", "probability": 1, "disagreements": []
    },
    "read_draw_progress": {"candidate": "a", "champion": "b"},
    "read_decided_disagreements": {"after_id": 0, "page_size": 10, "salt": ""},
    "read_decided_texts": {"text_ids": [], "salt": ""},
    "count_new_labels": {"since": None},
    "record_verdict": {
        "version": "a", "champion": "b", "decision": "promote", "looks_before": 0,
        "actor": "mallory", "reason": "mine",
    },
    "claim_retraining": {"tick": "2026-12", "lease_seconds": 60},
    "save_retraining_progress": {"claim": str(ALICE), "progress": {}, "lease_seconds": 60},
    "finish_retraining": {"claim": str(ALICE), "outcome": "held"},
    "latest_retraining": {},
    "read_waiting_texts": {"after_rank": 0, "after_id": 0, "page_size": 10},
    "record_queue_scores": {"version": "a", "scores": []},
}  # fmt: skip


@pytest.mark.parametrize("actor", [None, *(one for one in CALLERS if one != REGISTRAR)], ids=str)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_the_registrar_calls_the_registry_and_those_who_capture_learn_what_serves(
    api: PostgrestClient, actor: Actor | None, function: str
) -> None:
    response = api.request(actor, "POST", f"/rpc/{function}", json=FUNCTIONS[function])

    if actor in {WRITER, SERVICE} and function == "serving_model":
        assert response.json() == address("b")
    else:
        assert response.status_code in {401, 403}
        assert "manifest" not in response.text


@pytest.mark.parametrize("actor", [None, *CALLERS], ids=str)
@pytest.mark.parametrize("path", ["/models", "/model_events", "/model_states"])
def test_no_caller_reaches_the_tables_of_the_registry(
    api: PostgrestClient, actor: Actor | None, path: str
) -> None:
    row = {"version": "c"}
    responses = [
        api.request(actor, "GET", path),
        api.request(actor, "POST", path, json=row),
        api.request(actor, "PATCH", path, params={"version": "eq.a"}, json=row),
        api.request(actor, "DELETE", path, params={"version": "eq.a"}),
    ]
    assert responses[0].status_code in {401, 403}
    assert not any(response.is_success for response in responses)
    assert not any("manifest" in response.text for response in responses)


def test_the_registrar_reaches_nothing_but_the_registry(api: PostgrestClient) -> None:
    paths = api.request(REGISTRAR, "GET", "/").json()["paths"]

    assert set(paths) == {"/", *(f"/rpc/{function}" for function in FUNCTIONS)}
    for path in (LOGS, "/intent_catalogue", "/correction_events", "/dataset_exports"):
        assert api.request(REGISTRAR, "GET", path).status_code == 403
