"""Events that are no requests, paths that are almost right, and functions that cannot start."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from prompt_capture.api.events import is_ping, queue_messages
from prompt_capture.api.lambda_handler import Handler, handle_requests, start, with_jobs
from prompt_capture.api.paths import canonical_path
from prompt_capture.api.tokens import TokenVerifier
from prompt_capture.domain.errors import InvalidArtifact, InvalidSettings, StoreUnavailable
from tests.fakes.prompt_store import InMemoryPromptStore
from tests.unit.conftest import INTENTS, make_apps
from tests.unit.tokens import API_KEY, SUPABASE_URL

MARKER = "xylophonic-zebra"
CONTEXT = SimpleNamespace(aws_request_id="r-1", get_remaining_time_in_millis=lambda: 10_000)
BODY = json.dumps({"message": "move it", "capture": False})
HEADERS = {"x-api-key": API_KEY, "content-type": "application/json"}

SCHEDULE = {
    "version": "0",
    "id": "cdc73f9d-aea9-11e3-9d5a-835b769c0d9c",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-11-23T04:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:events:eu-west-1:123456789012:rule/warm-up"],
    "detail": {},
}
PINGS: dict[str, Any] = {
    "serverless-plugin-warmup": {"source": "serverless-plugin-warmup"},
    "lambda-warmer": {"warmer": True, "concurrency": 3},
    "the input of a schedule": {"warmup": True},
    "empty": {},
    "null": None,
    "console": {"key1": "value1", "key2": "value2", "key3": "value3"},
    "console schedule": SCHEDULE | {"time": "1970-01-01T00:00:00Z"},
}
OTHER_EVENTS: dict[str, Any] = {
    "the body of a request": {"message": MARKER, "user_id": "x"},
    "a queue message": {"Records": [{"messageId": "1", "body": MARKER, "eventSource": "aws:sqs"}]},
    "a notification": {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": MARKER}}]},
    "an object": {"Records": [{"eventSource": "aws:s3", "s3": {"object": {"key": MARKER}}}]},
    "an authorizer": {"type": "TOKEN", "authorizationToken": MARKER, "methodArn": "arn"},
    "a list": [MARKER],
    "a source that is no text": {"source": [MARKER]},
    "records that are none": {"Records": [None, MARKER]},
    "a number of records": {"Records": 7},
    "a text": MARKER,
    "a number": 7,
    "no context": {"version": "2.0", "requestContext": None},
    "an empty context": {"version": "2.0", "requestContext": {}},
    "an empty load balancer": {"requestContext": {"elb": {}}},
    "a method that is no text": {
        "version": "2.0",
        "rawPath": "/v1/classify",
        "rawQueryString": "",
        "headers": {},
        "requestContext": {"http": {"method": ["POST"], "sourceIp": "203.0.113.7"}},
    },
}


def function_url_event(path: str, stage: str = "$default", **http: str) -> dict[str, Any]:
    """A Function URL or an HTTP API of API Gateway."""
    method = {"method": "POST", "path": path, "sourceIp": "203.0.113.7"} | http
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": HEADERS,
        "requestContext": {"http": method, "stage": stage},
        "body": BODY,
        "isBase64Encoded": False,
    }


def rest_api_event(path: str, stage: str = "dev") -> dict[str, Any]:
    """A REST API of API Gateway with a proxy integration."""
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": "POST",
        "headers": HEADERS,
        "multiValueHeaders": None,
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"identity": {"sourceIp": "203.0.113.7"}, "stage": stage},
        "body": BODY,
        "isBase64Encoded": False,
    }


def load_balancer_event(path: str) -> dict[str, Any]:
    return {
        "requestContext": {"elb": {"targetGroupArn": "arn"}},
        "httpMethod": "POST",
        "path": path,
        "queryStringParameters": {},
        "headers": HEADERS,
        "body": BODY,
        "isBase64Encoded": False,
    }


@pytest.fixture
def store(user_id: UUID) -> InMemoryPromptStore:
    return InMemoryPromptStore(users=[user_id], intents=INTENTS)


@pytest.fixture
def handler(store: InMemoryPromptStore) -> Iterator[Handler]:
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())  # on which Mangum runs the app
        yield handle_requests(make_apps(store, TokenVerifier(SUPABASE_URL))["classify"])
        asyncio.set_event_loop(None)


@pytest.mark.parametrize(
    "event",
    [
        function_url_event("/v1/classify"),
        function_url_event("//v1/classify"),
        function_url_event("/v1/classify/"),
        function_url_event("///v1//classify//"),
        function_url_event("/dev/v1/classify", stage="dev"),
        function_url_event("//dev//v1/classify", stage="dev"),
        function_url_event("/assistant/v1/classify"),
        function_url_event("/dev/assistant/eu/v1/classify/", stage="dev"),
        function_url_event("/v1/classify", stage="v1"),
        function_url_event("/v1/v1/classify", stage="v1"),
        rest_api_event("/v1/classify"),
        rest_api_event("/v1/classify", stage="v1"),
        rest_api_event("/v1/v1/classify/", stage="v1"),
        rest_api_event("/dev/v1/classify/"),
        load_balancer_event("/v1/classify"),
        load_balancer_event("//v1/classify"),
    ],
)
def test_a_path_that_is_almost_right_is_found(handler: Handler, event: dict[str, Any]) -> None:
    response = handler(event, CONTEXT)

    assert response["statusCode"] == 200, response
    assert json.loads(response["body"])["intent"] == "reschedule"


@pytest.mark.parametrize(
    ("path", "canonical"),
    [("/v1/", "/"), ("/v1/page/0a1b/review/state.js", "/page/0a1b/review/state.js")],
)
def test_the_page_is_found_where_a_stage_is_named_like_the_api(path: str, canonical: str) -> None:
    event = function_url_event(path, stage="v1", method="GET")

    assert canonical_path({"path": path, "aws.event": event}) == canonical


@pytest.mark.parametrize(
    "address",
    [
        {"X-Forwarded-Port": "443,80"},
        {"x-forwarded-port": "443, 443"},
        {"x-forwarded-port": ""},
        {"host": "[2001:db8::1]"},
        {"Host": "[2001:db8::1]:3000"},
        {"host": "api.example.com:"},
    ],
    ids=str,
)
@pytest.mark.parametrize("field", ["headers", "multiValueHeaders"])
@pytest.mark.parametrize("create_event", [function_url_event, rest_api_event, load_balancer_event])
def test_a_request_through_several_proxies_is_a_request(
    handler: Handler,
    create_event: Callable[[str], dict[str, Any]],
    field: str,
    address: dict[str, str],
) -> None:
    event = create_event("/v1/classify")
    if field == "headers":
        event["headers"] = HEADERS | address
    else:
        event["multiValueHeaders"] = {name: [text] for name, text in (HEADERS | address).items()}

    assert handler(event, CONTEXT)["statusCode"] == 200


@pytest.mark.parametrize("path", ["/", "//", "", "/v1", "/classify", "/dev/classify", "/v1//x"])
def test_another_path_is_not_found(handler: Handler, path: str) -> None:
    response = handler(function_url_event(path), CONTEXT)

    assert response["statusCode"] == 404
    assert json.loads(response["body"])["error"]["code"] == "not_found"


def test_the_description_is_found_after_a_double_slash(handler: Handler) -> None:
    response = handler(function_url_event("//openapi.json", method="GET"), CONTEXT)

    assert "/v1/classify" in json.loads(response["body"])["paths"]


@pytest.mark.parametrize("name", [*PINGS, "schedule"])
def test_a_ping_is_answered_and_not_logged(
    handler: Handler, name: str, caplog: pytest.LogCaptureFixture, store: InMemoryPromptStore
) -> None:
    response = handler(PINGS.get(name, SCHEDULE), CONTEXT)

    assert response["statusCode"] == 200
    assert json.loads(response["body"]) == {
        "status": "ignored",
        "message": "This function expects an HTTP request to its Function URL. Nothing was done.",
    }
    assert not caplog.records
    assert not store.rows


@pytest.mark.parametrize("name", OTHER_EVENTS)
def test_any_other_event_gets_an_error_that_says_what_is_expected(
    handler: Handler, name: str, caplog: pytest.LogCaptureFixture, store: InMemoryPromptStore
) -> None:
    response = handler(OTHER_EVENTS[name], CONTEXT)

    assert response["statusCode"] == 400
    error = json.loads(response["body"])
    assert error["error"]["code"] == "not_a_request"
    assert "Function URL" in error["error"]["message"]
    assert error["request_id"] == "r-1"
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert MARKER not in caplog.text + response["body"]
    assert not store.rows


@pytest.mark.parametrize(
    "body",
    [
        {"body": json.loads(BODY)},
        {"body": [MARKER]},
        {"body": 7},
        {"body": BODY, "isBase64Encoded": True},
        {"body": f"{MARKER}==", "isBase64Encoded": True},
        {"body": json.loads(BODY), "isBase64Encoded": True},
        {"body": '{"message": "\ud83d", "capture": false}'},
    ],
    ids=str,
)
@pytest.mark.parametrize("event", [function_url_event, rest_api_event, load_balancer_event])
def test_a_body_that_is_no_text_is_refused_as_invalid_json(
    handler: Handler, event: Callable[[str], dict[str, Any]], body: dict[str, Any]
) -> None:
    response = handler(event("/v1/classify") | body, CONTEXT)

    assert response["statusCode"] == 400
    assert json.loads(response["body"])["error"]["code"] == "invalid_json"
    assert MARKER not in response["body"]


def test_a_request_for_an_export_is_no_ping() -> None:
    assert not is_ping({"mode": "retraining"})
    assert not is_ping(SCHEDULE)
    assert not is_ping({"key1": "value1", "mode": "retraining"})


@pytest.mark.parametrize("name", [*PINGS, *OTHER_EVENTS])
def test_only_events_of_a_queue_have_messages(name: str) -> None:
    event = (PINGS | OTHER_EVENTS)[name]

    assert queue_messages(event) == ({"1": MARKER} if name == "a queue message" else {})


@pytest.mark.parametrize(
    ("record", "messages"),
    [
        ({"messageId": "1"}, {"1": ""}),
        ({"messageId": "1", "body": None}, {"1": ""}),
        ({"messageId": "1", "body": {"message": MARKER}}, {"1": ""}),
        ({"messageId": ["1"], "body": MARKER}, {}),
        ({"messageId": None, "body": MARKER}, {}),
        ({"messageId": 1, "body": MARKER}, {}),
        ({"body": MARKER}, {}),
    ],
    ids=str,
)
def test_a_message_without_a_text_fails_and_one_without_an_id_is_none(
    record: dict[str, Any], messages: dict[str, str]
) -> None:
    other = {"messageId": "2", "body": MARKER, "eventSource": "aws:sqs"}

    assert queue_messages({"Records": [record, other]}) == messages | {"2": MARKER}


def test_a_function_with_a_wrong_setting_answers_with_its_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def create() -> Handler:
        raise InvalidSettings("SUPABASE_SIGNING_KEY is a public JWK; expected a private JWK.")

    handler = start(create)
    response = handler(function_url_event("/v1/classify"), CONTEXT)

    assert response["statusCode"] == 503
    error = json.loads(response["body"])
    assert error["error"]["code"] == "not_configured"
    assert "SUPABASE_SIGNING_KEY is a public JWK" in error["error"]["message"]
    assert error["request_id"] == "r-1"
    messages = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert messages == ["The function is not configured."] * 2


ORIGIN = "https://app.example.com"


def refused() -> Handler:
    raise InvalidSettings("SUPABASE_URL is missing.")


def from_page(method: str, **headers: str) -> dict[str, Any]:
    event = function_url_event("/v1/classify", method=method)
    return event | {"headers": HEADERS | {"origin": ORIGIN} | headers}


@pytest.fixture
def unconfigured() -> Iterator[Handler]:
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        yield start(refused, lambda: (ORIGIN,))
        asyncio.set_event_loop(None)


def test_an_allowed_page_can_read_that_a_setting_is_wrong(
    unconfigured: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    preflight = {"access-control-request-method": "POST"}
    caplog.clear()
    asked = unconfigured(from_page("OPTIONS", **preflight), CONTEXT)
    answered = unconfigured(from_page("POST"), CONTEXT)

    assert (asked["statusCode"], answered["statusCode"]) == (200, 503)
    for response in (asked, answered):
        assert response["headers"]["access-control-allow-origin"] == ORIGIN
    error = json.loads(answered["body"])
    assert error["error"]["code"] == "not_configured"
    assert error["request_id"] == "r-1"
    assert answered["headers"]["content-type"] == "application/json"
    messages = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert messages == ["The function is not configured."]


def test_another_page_cannot_read_that_a_setting_is_wrong(unconfigured: Handler) -> None:
    response = unconfigured(from_page("POST", origin="https://evil.example"), CONTEXT)

    assert response["statusCode"] == 503
    assert "access-control-allow-origin" not in response["headers"]


@pytest.mark.parametrize("name", [*PINGS, *OTHER_EVENTS])
def test_every_event_is_answered_where_a_setting_is_wrong(unconfigured: Handler, name: str) -> None:
    response = unconfigured((PINGS | OTHER_EVENTS)[name], CONTEXT)

    assert response["statusCode"] == 503
    assert json.loads(response["body"])["error"]["code"] == "not_configured"


def test_no_page_can_read_it_where_the_origins_are_the_wrong_setting() -> None:
    def unreadable() -> tuple[str, ...]:
        raise InvalidSettings("CORS_ALLOW_ORIGINS: an origin has the form ...")

    response = start(refused, unreadable)(from_page("POST"), CONTEXT)

    assert response["statusCode"] == 503
    assert response["headers"] == {"content-type": "application/json"}


def test_another_error_at_the_start_is_raised() -> None:
    def create() -> Handler:
        raise InvalidArtifact("The model is damaged.")

    with pytest.raises(InvalidArtifact):
        start(create)


class CountingJob:
    """A job that counts its runs, and fails while it has an error."""

    def __init__(self) -> None:
        self.runs = 0
        self.error: Exception | None = None

    async def __call__(self) -> None:
        self.runs += 1
        if self.error:
            raise self.error


def refuse(event: Any, context: Any) -> str:
    return "handled elsewhere"


def test_a_schedule_runs_the_job_that_it_names() -> None:
    job = CountingJob()
    handler = with_jobs(refuse, {"clean": job})

    assert handler({"job": "clean"}, CONTEXT) == {"status": "done"}
    assert job.runs == 1


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        {},
        {"job": "other"},
        {"job": ["clean"]},
        function_url_event("/v1/classify") | {"job": "clean"},
    ],
)
def test_no_other_event_and_no_request_runs_a_job(event: Any) -> None:
    job = CountingJob()

    assert with_jobs(refuse, {"clean": job})(event, CONTEXT) == "handled elsewhere"
    assert job.runs == 0


def test_a_job_that_fails_raises_its_error_so_that_it_is_repeated() -> None:
    job = CountingJob()
    job.error = StoreUnavailable("The store did not respond.")

    with pytest.raises(StoreUnavailable):
        with_jobs(refuse, {"clean": job})({"job": "clean"}, CONTEXT)


def test_requests_are_answered_after_a_job(handler: Handler) -> None:
    with_job = with_jobs(handler, {"clean": CountingJob()})

    with_job({"job": "clean"}, CONTEXT)

    assert with_job(function_url_event("/v1/classify"), CONTEXT)["statusCode"] == 200


@pytest.mark.parametrize(
    "event", [rest_api_event("/v1/classify"), function_url_event("/v1/classify")]
)
def test_a_request_without_headers_is_a_request(handler: Handler, event: dict[str, Any]) -> None:
    """The console of API Gateway tests a method with null in place of headers."""
    response = handler(event | {"headers": None}, CONTEXT)

    assert response["statusCode"] == 401
    assert json.loads(response["body"])["error"]["code"] == "credentials_missing"
