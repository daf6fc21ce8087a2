"""Function URLs convert HTTP requests and responses in payload format 2.0."""

import asyncio
import base64
from typing import Any

import httpx
import pytest

from infra.lambda_emulator import LambdaService


@pytest.fixture
async def http(service: LambdaService) -> Any:
    async with httpx.AsyncClient(base_url=service.urls["echo"], timeout=10) as client:
        yield client


async def test_a_request_becomes_the_documented_event(http: Any) -> None:
    response = await http.post(
        "/event?a=1&b=two%20words&a=3",
        json={"text": "grüezi"},
        headers=[("X-Many", "1"), ("X-Many", "2"), ("Cookie", "c=1; d=2"), ("User-Agent", "me")],
    )
    event = response.json()
    assert event["version"] == "2.0"
    assert event["routeKey"] == "$default"
    assert event["rawPath"] == "/event"
    assert event["rawQueryString"] == "a=1&b=two%20words&a=3"
    assert event["queryStringParameters"] == {"a": "1,3", "b": "two words"}
    assert event["cookies"] == ["c=1", "d=2"]
    assert event["headers"]["x-many"] == "1,2"
    assert event["body"] == '{"text":"grüezi"}'
    assert event["isBase64Encoded"] is False
    context = event["requestContext"]
    assert context["accountId"] == "anonymous"
    assert context["stage"] == "$default"
    assert isinstance(context["timeEpoch"], int)
    assert context["http"] == {
        "method": "POST",
        "path": "/event",
        "protocol": "HTTP/1.1",
        "sourceIp": "127.0.0.1",
        "userAgent": "me",
    }


@pytest.mark.parametrize(
    ("content_type", "body"),
    [("application/octet-stream", b"\x00\xff"), ("application/json", b"\xff not utf-8")],
)
async def test_a_binary_body_arrives_as_base64(http: Any, content_type: str, body: bytes) -> None:
    response = await http.post("/event", content=body, headers={"Content-Type": content_type})
    assert response.json()["isBase64Encoded"] is True
    assert base64.b64decode(response.json()["body"]) == body


async def test_an_event_omits_a_missing_body_and_a_missing_query(http: Any) -> None:
    event = (await http.get("/event")).json()
    assert not {"body", "queryStringParameters", "cookies"} & set(event)


async def test_the_response_has_the_status_headers_cookies_and_decoded_body_of_the_result(
    http: Any,
) -> None:
    response = await http.get("/cookies")
    assert response.status_code == 201
    assert response.text == "hi"
    assert response.headers["content-type"] == "text/plain"
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]


async def test_a_result_without_a_status_code_becomes_a_200_response(http: Any) -> None:
    response = await http.get("/plain")
    assert (response.status_code, response.json()) == (200, {"plain": True})


@pytest.mark.parametrize("path", ["/malformed", "/raise", "/crash"])
async def test_a_failed_function_returns_502_without_details(http: Any, path: str) -> None:
    response = await http.get(path)
    assert (response.status_code, response.text) == (502, "Internal Server Error")


async def test_a_request_over_six_megabytes_is_rejected(http: Any) -> None:
    response = await http.post("/event", content=b"x" * 6_300_000)
    assert response.status_code == 413


async def test_a_client_disconnect_does_not_break_the_function(http: Any) -> None:
    for _ in range(3):
        with pytest.raises(httpx.TimeoutException):
            await http.post("/sleep", timeout=0.01)
        await asyncio.sleep(0.01)
    assert (await http.get("/plain")).status_code == 200
