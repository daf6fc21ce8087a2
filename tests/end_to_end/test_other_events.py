"""Pings, test events and wrong settings: every function answers, and nothing counts as an error."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.local.functions import (
    CLASSIFY,
    CONSOLE,
    CORRECT,
    DRAIN,
    EXPORT,
    MODELS,
    MONITOR,
    OUTCOME,
)
from tests.end_to_end.conftest import DeployedStack
from tests.unit.signing_keys import REFUSED
from tests.unit.test_lambda_handler import OTHER_EVENTS, PINGS, SCHEDULE

FUNCTIONS = (CLASSIFY, OUTCOME, CORRECT, MODELS, CONSOLE, DRAIN, EXPORT, MONITOR)
PATHS = {"classify_url": "/v1/classify", "outcomes_url": "/v1/outcomes"}
NOT_A_BATCH = {name: event for name, event in OTHER_EVENTS.items() if name != "a queue message"}


def invoke(deployment: DeployedStack, function: str, event: object) -> tuple[Any, str | None]:
    """Return the result of a function, and the kind of its error."""
    response = deployment.stack.lambda_client().invoke(
        FunctionName=function, Payload=json.dumps(event).encode()
    )
    return json.loads(response["Payload"].read()), response.get("FunctionError")


def count_datasets(deployment: DeployedStack) -> int:
    return deployment.stack.s3_client().list_objects_v2(Bucket=deployment.stack.bucket)["KeyCount"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_ping_is_no_error_and_does_nothing(deployment: DeployedStack, function: str) -> None:
    datasets = count_datasets(deployment)
    log = Path(deployment.stack.folder / "logs" / f"{function}.log")
    size = log.stat().st_size
    pings = [*PINGS.values()] if function in (EXPORT, MONITOR) else [*PINGS.values(), SCHEDULE]

    for ping in pings:
        result, error = invoke(deployment, function, ping)
        assert error is None, result
        assert "ignored" in json.dumps(result)

    written = log.read_bytes()[size:].decode()
    assert "CloudWatchMetrics" not in written, "a ping counts in no metric"
    assert "ERROR" not in written
    assert count_datasets(deployment) == datasets
    assert deployment.rows() == []


@pytest.mark.parametrize("name", NOT_A_BATCH)
def test_the_drain_says_what_it_expects(deployment: DeployedStack, name: str) -> None:
    result, error = invoke(deployment, DRAIN, NOT_A_BATCH[name])

    assert error is None
    assert "messages from the spool queue" in result["message"]


@pytest.mark.parametrize("name", ["the body of a request", "a notification", "a text"])
def test_the_export_refuses_any_other_event_and_says_what_it_expects(
    deployment: DeployedStack, name: str
) -> None:
    result, error = invoke(deployment, EXPORT, OTHER_EVENTS[name])

    assert error is not None
    assert '"mode": "retraining"' in result["errorMessage"]


@pytest.mark.parametrize("url", PATHS)
def test_a_function_url_with_its_slash_and_a_path_is_found(
    deployment: DeployedStack, url: str
) -> None:
    parts = urlsplit(getattr(deployment.stack, url))
    function_url = f"{parts.scheme}://{parts.netloc}/"  # as AWS shows it

    response = deployment.http.post(f"{function_url}{PATHS[url]}", json={}, headers=deployment.key)

    assert response.json()["error"]["code"] == "invalid_request"


@pytest.mark.parametrize("form", ["a public key", "half a key", "an anon key"])
def test_a_function_with_an_unusable_key_answers_with_its_setting(
    deployment: DeployedStack, form: str
) -> None:
    key, problem = REFUSED[form]
    before = deployment.stack.environment(CLASSIFY)["SUPABASE_SIGNING_KEY"]
    deployment.stack.redeploy(CLASSIFY, {"SUPABASE_SIGNING_KEY": key})
    try:
        response = deployment.http.post(deployment.stack.classify_url, json={"message": "hello"})
    finally:
        deployment.stack.redeploy(CLASSIFY, {"SUPABASE_SIGNING_KEY": before})

    assert response.status_code == 503
    assert response.json()["error"]["code"] == "not_configured"
    assert f"SUPABASE_SIGNING_KEY {problem}" in response.json()["error"]["message"]
    assert key not in response.text


def test_one_setting_opens_the_functions_to_a_web_page(deployment: DeployedStack) -> None:
    page = "http://localhost:3000"
    preflight = {"Origin": page, "Access-Control-Request-Method": "POST"}

    def ask(function: str) -> str | None:
        url = getattr(deployment.stack, function)
        headers = deployment.http.options(url, headers=preflight).headers
        allowed: str | None = headers.get("Access-Control-Allow-Origin")
        return allowed

    functions = {"classify_url": CLASSIFY, "corrections_url": CORRECT}
    assert [ask(url) for url in functions] == [None, None]
    for function in functions.values():
        deployment.stack.redeploy(function, {"CORS_ALLOW_ORIGINS": page})
    opened = [ask(url) for url in functions]
    for function in functions.values():
        deployment.stack.redeploy(function, {"CORS_ALLOW_ORIGINS": ""})

    assert opened == [page, page]
