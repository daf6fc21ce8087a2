"""What the console's page sends: decisions about messages, and about models."""

import json
from dataclasses import dataclass
from datetime import datetime
from unittest import mock
from uuid import UUID, uuid4

import httpx
import httpx2
import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from fastapi.testclient import TestClient

from prompt_capture.adapters.models_function import ModelsFunction, signer
from prompt_capture.adapters.supabase.console import SupabaseConsole
from prompt_capture.api.app import create_app
from prompt_capture.api.authentication import Authenticator
from prompt_capture.api.console import console_router
from prompt_capture.api.tokens import TokenVerifier
from prompt_capture.bootstrap.console import decide_on_model
from prompt_capture.domain.changes import Decision, ReviewedItem
from prompt_capture.domain.errors import NotPermitted, StoreUnavailable, UnknownIntent
from prompt_capture.settings.aws import AwsSettings
from prompt_capture.workflows.console import DecideOnItem, DecideOnModel
from tests.fakes.console_store import InMemoryConsoleStore, RecordedModelDecisions
from tests.unit.conftest import INTENTS
from tests.unit.tokens import API_KEY, API_KEY_HASH, SUPABASE_URL, TokenMint

DECISION = {"item": 7, "seen": 3, "corrected_intent": "reminder"}


@dataclass
class ConsoleApi:
    store: InMemoryConsoleStore
    models: RecordedModelDecisions
    http: TestClient
    token: str

    def post(self, path: str, body: object, token: str | None = None) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return self.http.post(path, json=body, headers=headers)

    def get(self, path: str) -> httpx2.Response:
        return self.http.get(path, headers={"Authorization": f"Bearer {self.token}"})


@pytest.fixture
def console(mint: TokenMint) -> ConsoleApi:
    store, models = InMemoryConsoleStore(INTENTS), RecordedModelDecisions()
    authenticator = Authenticator(TokenVerifier(SUPABASE_URL), [API_KEY_HASH])
    router = console_router(DecideOnItem(store), DecideOnModel(store, models), authenticator)
    user_id: UUID = uuid4()
    return ConsoleApi(store, models, TestClient(create_app("Console", router)), mint.token(user_id))


def error(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def test_a_decision_is_recorded_with_the_users_own_token(console: ConsoleApi) -> None:
    response = console.post("/v1/reviews", DECISION | {"corrected_secondary_intents": []})

    assert response.json()["state"] == "recorded"
    assert console.store.decisions == [(ReviewedItem(7, 3), Decision("reminder", ()), None)]


@pytest.mark.parametrize(
    ("secondary", "problem"),
    [(["REMINDER"], "primary intent"), (["scheduling", "SCHEDULING"], "named twice")],
)
def test_an_intent_that_is_named_again_in_another_case_is_refused(
    console: ConsoleApi, secondary: list[str], problem: str
) -> None:
    response = console.post("/v1/reviews", DECISION | {"corrected_secondary_intents": secondary})

    assert response.status_code == 422
    assert problem in response.json()["error"]["message"]
    assert console.store.decisions == []


def test_a_blind_decision_is_recorded_as_one(console: ConsoleApi) -> None:
    console.post("/v1/reviews", DECISION | {"is_blind": True})

    [(item, _, _)] = console.store.decisions
    assert item == ReviewedItem(7, 3, is_blind=True)


def test_at_most_ten_near_duplicates_are_decided_with_an_item(console: ConsoleApi) -> None:
    accepted = console.post("/v1/reviews", DECISION | {"near_duplicates": [*range(1, 11)]})
    refused = console.post("/v1/reviews", DECISION | {"near_duplicates": [*range(1, 12)]})

    [(item, _, _)] = console.store.decisions
    assert item.near_duplicates == tuple(range(1, 11))
    assert (accepted.status_code, refused.status_code) == (200, 422)


def test_notes_are_redacted_and_shortened_before_they_are_recorded(console: ConsoleApi) -> None:
    console.post("/v1/reviews", DECISION | {"notes": "ask ada@example.com " + "x" * 3000})

    [(_, _, notes)] = console.store.decisions
    assert notes is not None
    assert notes.startswith("ask <EMAIL> x")
    assert len(notes) <= 2000


def test_the_account_decides_whatever_the_token_says(console: ConsoleApi, mint: TokenMint) -> None:
    token = mint.token(uuid4(), app_metadata={"role": "reviewer"})
    console.store.roles[token] = "viewer"

    assert error(console.post("/v1/reviews", DECISION, token)) == (403, "not_permitted")
    assert console.store.decisions == []


@pytest.mark.parametrize(
    ("intents", "recorded"),
    [
        ({"corrected_intent": " Reminder\u200b"}, Decision("reminder")),
        (
            {"corrected_intent": "REMINDER", "corrected_secondary_intents": ["Scheduling"]},
            Decision("reminder", ("scheduling",)),
        ),
    ],
)
def test_an_intent_in_another_case_is_the_one_of_the_catalogue(
    console: ConsoleApi, intents: dict[str, object], recorded: Decision
) -> None:
    assert console.post("/v1/reviews", DECISION | intents).json()["state"] == "recorded"

    [(_, decision, _)] = console.store.decisions
    assert decision == recorded


@pytest.mark.parametrize(
    ("intents", "message", "hint"),
    [
        (
            {"corrected_intent": "remind"},
            "corrected_intent: not in the intent catalogue.",
            "Did you mean reminder?",
        ),
        (
            {"corrected_secondary_intents": ["Schedules"]},
            "corrected_secondary_intents: not in the intent catalogue.",
            "Did you mean reschedule, scheduling?",
        ),
    ],
)
def test_an_unknown_intent_is_refused(
    console: ConsoleApi, intents: dict[str, object], message: str, hint: str
) -> None:
    response = console.post("/v1/reviews", DECISION | intents)

    assert error(response) == (422, "unknown_intent")
    assert response.json()["error"]["message"] == message
    assert response.json()["error"]["hint"] == hint


@pytest.mark.parametrize("path", ["/v1/reviews", "/v1/models/rollback"])
def test_only_a_valid_token_of_a_user_is_accepted(
    console: ConsoleApi, mint: TokenMint, path: str
) -> None:
    expired = mint.token(uuid4(), exp=1)
    for headers, code in (
        ({}, "credentials_missing"),
        ({"X-Api-Key": API_KEY}, "credentials_missing"),
        ({"X-Api-Key": "pc_another"}, "api_key_invalid"),
        ({"Authorization": f"Bearer {expired}"}, "token_invalid"),
    ):
        response = console.http.post(path, json=DECISION, headers=headers)
        assert error(response) == (401, code)
    assert (console.store.decisions, console.models.sent) == ([], [])


@pytest.mark.parametrize(
    "decision", ["rollback", "assistant-1.2/promote", "a/quarantine", "a/split", "split/stop"]
)
def test_an_operators_decision_about_a_model_is_passed_on(
    console: ConsoleApi, decision: str
) -> None:
    console.store.role_of_others = "operator"

    response = console.post(f"/v1/models/{decision}", {"reason": "better"})

    assert (response.status_code, response.json()) == (200, {"event": None})
    [(token, sent, body)] = console.models.sent
    assert (token, sent, json.loads(body)) == (console.token, decision, {"reason": "better"})


@pytest.mark.parametrize(
    "decision",
    [
        "%2e%2e/classify", "a/promote/more", "http://example.com/x",
        "a/promote?x=1%23", "a b/promote", "@example.com/promote", ".a/promote", "a/%2e%2e",
    ],
)  # fmt: skip
def test_nothing_else_is_passed_on(console: ConsoleApi, decision: str) -> None:
    console.store.role_of_others = "operator"

    response = console.post(f"/v1/models/{decision}", {"reason": "better"})

    assert response.status_code == 404 or console.models.sent[0][1] == "a/promote"
    assert {sent for _, sent, _ in console.models.sent} <= {"a/promote"}


def test_an_operator_sees_the_split(console: ConsoleApi) -> None:
    console.store.role_of_others = "operator"

    response = console.get("/v1/models/split")

    assert (response.status_code, response.json()) == (200, {"split": None})
    assert console.models.sent == [(console.token, "split", b"")]


@pytest.mark.parametrize("role", ["reviewer", "viewer", None])
def test_whoever_is_no_operator_decides_about_no_model_and_sees_no_split(
    console: ConsoleApi, role: str | None
) -> None:
    console.store.role_of_others = role

    assert error(console.post("/v1/models/rollback", {})) == (403, "not_permitted")
    assert error(console.get("/v1/models/split")) == (403, "not_permitted")
    assert console.models.sent == []


def test_without_the_function_models_there_is_no_such_path(mint: TokenMint) -> None:
    store = InMemoryConsoleStore(INTENTS, "operator")
    authenticator = Authenticator(TokenVerifier(SUPABASE_URL), [])
    http = TestClient(
        create_app("Console", console_router(DecideOnItem(store), None, authenticator))
    )
    headers = {"Authorization": f"Bearer {mint.token(uuid4())}"}

    assert error(http.post("/v1/models/rollback", json={}, headers=headers)) == (404, "not_found")
    assert error(http.get("/v1/models/split", headers=headers)) == (404, "not_found")


# The adapters -----------------------------------------------------------------------------


def client(status: int, content: object, requests: list[httpx.Request]) -> httpx.AsyncClient:
    """Return a client whose server answers every request alike."""

    def respond(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(status, content=json.dumps(content))

    return httpx.AsyncClient(transport=httpx.MockTransport(respond))


async def test_the_database_is_called_as_the_user_with_the_publishable_key() -> None:
    requests: list[httpx.Request] = []
    store = SupabaseConsole(client(200, {"state": "gone"}, requests), "http://p/rest/v1", "sb_pub")

    result = await store.decide(
        "token", ReviewedItem(7, 3, True, (9, 8)), Decision("help", ("email",)), "a note"
    )

    assert result == {"state": "gone"}
    [request] = requests
    assert request.url.path == "/rest/v1/rpc/console_decide"
    assert request.headers["apikey"] == "sb_pub"
    assert request.headers["authorization"] == "Bearer token"
    assert json.loads(request.content) == {
        "item": 7, "seen": 3, "intent": "help", "secondary_intents": ["email"], "notes": "a note",
        "is_blind": True, "near_duplicates": [9, 8],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "error_type"),
    [("PT403", NotPermitted), ("23503", UnknownIntent), ("57014", StoreUnavailable)],
)
async def test_the_databases_refusals_have_their_meaning(
    code: str, error_type: type[Exception]
) -> None:
    store = SupabaseConsole(client(400, {"code": code}, []), "http://p/rest/v1", "sb_pub")

    with pytest.raises(error_type):
        await store.decide("token", ReviewedItem(7, 3), Decision("help"), None)


async def test_the_catalogue_is_read_as_the_user() -> None:
    requests: list[httpx.Request] = []
    rows = [{"intent": "Help"}, {"intent": "email"}]
    store = SupabaseConsole(client(200, rows, requests), "http://p/rest/v1", "sb_pub")

    assert await store.known_intents("token") == ["Help", "email"]
    [request] = requests
    assert request.url.path == "/rest/v1/intent_catalogue"
    assert request.headers["authorization"] == "Bearer token"


async def test_a_role_that_is_no_text_is_none() -> None:
    store = SupabaseConsole(client(200, None, []), "http://p/rest/v1", "sb_pub")

    assert await store.role("token") is None


async def test_the_function_models_is_called_with_the_operators_token() -> None:
    requests: list[httpx.Request] = []
    models = ModelsFunction(client(409, {"error": {}}, requests), "http://m/v1/models/")

    assert await models.send("token", "rollback", b"{}") == (409, b'{"error": {}}')
    assert await models.split("token") == (409, b'{"error": {}}')

    assert [(each.method, str(each.url)) for each in requests] == [
        ("POST", "http://m/v1/models/rollback"),
        ("GET", "http://m/v1/models/split"),
    ]
    for request in requests:
        assert request.headers["x-user-token"] == "token"
        assert "authorization" not in request.headers


@pytest.mark.parametrize(("method", "body"), [("GET", b""), ("POST", b'{"reason": "better"}')])
async def test_a_function_url_with_aws_iam_gets_a_signature_and_the_operators_token(
    method: str, body: bytes
) -> None:
    settings = AwsSettings.model_validate(
        {
            "aws_region": "eu-west-1",
            "aws_access_key_id": "access-key",
            "aws_secret_access_key": "secret",
            "aws_session_token": "session",
        }
    )
    requests: list[httpx.Request] = []
    url = "https://models.lambda-url.eu-west-1.on.aws/v1/models"
    models = ModelsFunction(client(200, {}, requests), url, signer(settings))

    await (models.send("token", "rollback", body) if body else models.split("token"))

    [request] = requests
    assert (request.method, request.content) == (method, body)
    theirs = AWSRequest(
        method,
        str(request.url),
        {"X-User-Token": "token", "Content-Type": "application/json"},
        body,
    )
    now = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%S%z")
    with mock.patch.object(auth, "get_current_datetime", return_value=now):
        credentials = Credentials("access-key", "secret", "session")
        auth.SigV4Auth(credentials, "lambda", "eu-west-1").add_auth(theirs)
    assert request.headers["authorization"] == theirs.headers["Authorization"]
    assert request.headers["x-user-token"] == "token"
    assert request.headers["x-amz-security-token"] == "session"


@pytest.mark.parametrize(("url_auth", "is_signed"), [("token", False), ("iam", True)])
async def test_requests_are_signed_where_the_deployment_says_so(
    monkeypatch: pytest.MonkeyPatch, url_auth: str, is_signed: bool
) -> None:
    environment = {
        "SUPABASE_URL": "http://p",
        "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_x",
        "MODELS_URL": "http://m/v1/models",
        "MODELS_URL_AUTH": url_auth,
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "access-key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    requests: list[httpx.Request] = []
    answers = client(200, "operator", requests)
    monkeypatch.setattr("prompt_capture.bootstrap.console.environment", lambda: environment)
    monkeypatch.setattr("prompt_capture.bootstrap.console.create_http_client", lambda _: answers)
    decide = decide_on_model()
    assert decide is not None

    await decide("token", "rollback", b"{}")

    assert requests[0].headers["authorization"] == "Bearer token"
    signature = requests[1].headers.get("authorization", "")
    assert signature.startswith("AWS4-HMAC-SHA256") == is_signed


async def test_an_unreachable_function_models_is_an_error() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    models = ModelsFunction(
        httpx.AsyncClient(transport=httpx.MockTransport(refuse)), "http://m/v1/models"
    )

    for call in (models.send("token", "rollback", b"{}"), models.split("token")):
        with pytest.raises(StoreUnavailable, match="did not respond"):
            await call
