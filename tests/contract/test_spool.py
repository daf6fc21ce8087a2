"""The contract of spools: a prompt arrives unchanged, or the caller gets an error."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from infra.local.stack import Stack
from prompt_capture.adapters.aws.queue_length import SqsQueueLength
from prompt_capture.adapters.aws.spool import SqsSpool
from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import SpooledPrompt, parse_spooled_prompt
from prompt_capture.ports.capture import Spool
from prompt_capture.settings.capture import SpoolSettings
from tests.contract.test_prompt_store import UNUSUAL_TEXTS
from tests.fakes.spool import InMemorySpool


@dataclass(frozen=True)
class Spools:
    """A spool, an unreachable one, and a function that takes a prompt out of the first."""

    spool: Spool
    unreachable: Spool
    take: Callable[[], SpooledPrompt]


@pytest.fixture(params=["memory", "sqs"])
async def spools(request: pytest.FixtureRequest) -> AsyncIterator[Spools]:
    if request.param == "memory":
        spool, unreachable = InMemorySpool(), InMemorySpool()
        unreachable.is_reachable = False
        yield Spools(spool, unreachable, lambda: spool.waiting.pop(0))
        return
    stack: Stack = request.getfixturevalue("stack")
    client, name = stack.sqs_client(), f"test-{uuid4()}"
    url = client.create_queue(QueueName=name)["QueueUrl"]

    def take() -> SpooledPrompt:
        (message,) = client.receive_message(QueueUrl=url)["Messages"]
        return parse_spooled_prompt(message["Body"])

    async with create_http_client(5) as http:
        sqs_spool = SqsSpool(http, _settings(url, stack.sqs_endpoint))
        unreachable_spool = SqsSpool(http, _settings(url, "http://127.0.0.1:9"))
        yield Spools(sqs_spool, unreachable_spool, take)


def _settings(queue_url: str, endpoint: str) -> SpoolSettings:
    return SpoolSettings(
        spool_queue_url=queue_url,
        aws_region="eu-west-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        aws_session_token="local",
        aws_endpoint_url_sqs=endpoint,
    )


def make_spooled_prompt(text: str) -> SpooledPrompt:
    prompt = CapturedPrompt(
        id=new_log_id(),
        user_id=uuid4(),
        prompt=text,
        predicted_intent="help",
        confidence=0.5,
        source="model",
        model_version="test-1",
    )
    return SpooledPrompt(spooled_at=datetime.now(UTC), reason="too_slow", prompt=prompt)


@pytest.mark.parametrize("text", UNUSUAL_TEXTS, ids=range(len(UNUSUAL_TEXTS)))
async def test_a_prompt_is_received_unchanged(spools: Spools, text: str) -> None:
    sent = make_spooled_prompt(text)

    await spools.spool.put(sent)

    assert spools.take() == sent


async def test_an_unreachable_queue_raises_an_error_without_the_prompt(spools: Spools) -> None:
    with pytest.raises(SpoolUnavailable) as raised:
        await spools.unreachable.put(make_spooled_prompt("my secret"))

    assert "secret" not in str(raised.value)


async def test_a_missing_queue_raises_an_error(stack: Stack) -> None:
    async with create_http_client(5) as http:
        spool = SqsSpool(http, _settings(f"{stack.sqs_endpoint}/1/missing", stack.sqs_endpoint))
        with pytest.raises(SpoolUnavailable, match="status 4"):
            await spool.put(make_spooled_prompt("my secret"))


async def test_a_queue_is_counted_with_what_a_receiver_holds(stack: Stack) -> None:
    client, name = stack.sqs_client(), f"test-{uuid4()}"
    url = client.create_queue(QueueName=name)["QueueUrl"]
    settings = _settings(url, stack.sqs_endpoint)
    async with create_http_client(5) as http:
        spool, length = SqsSpool(http, settings), SqsQueueLength(http, url, settings)
        assert await length.count() == 0
        for _ in range(3):
            await spool.put(make_spooled_prompt("hello"))
        client.receive_message(QueueUrl=url)

        assert await length.count() == 3


@pytest.mark.parametrize(
    ("endpoint", "problem"), [(None, "status 4"), ("http://127.0.0.1:9", "did not respond")]
)
async def test_a_queue_that_cannot_be_counted_raises_an_error(
    stack: Stack, endpoint: str | None, problem: str
) -> None:
    url = f"{stack.sqs_endpoint}/1/missing"
    async with create_http_client(5) as http:
        length = SqsQueueLength(http, url, _settings(url, endpoint or stack.sqs_endpoint))
        with pytest.raises(SpoolUnavailable, match=problem):
            await length.count()
