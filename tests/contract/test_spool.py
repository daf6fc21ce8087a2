"""What every spool promises: what was put is there, whole, or the caller is told."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from infra.local.stack import Stack
from prompt_capture.adapters.connections import create_http_client
from prompt_capture.adapters.memory_spool import InMemorySpool
from prompt_capture.adapters.sqs_spool import SqsSpool
from prompt_capture.domain.errors import SpoolUnavailable
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.spool import SpooledPrompt, parse_spooled_prompt
from prompt_capture.ports import Spool
from prompt_capture.settings import SpoolSettings
from tests.contract.test_prompt_store import ODD_TEXTS


@dataclass(frozen=True)
class Spools:
    """A spool, one that is away, and a way to take out what is in the first."""

    spool: Spool
    away: Spool
    take: Callable[[], SpooledPrompt]


@pytest.fixture(params=["memory", "sqs"])
async def spools(request: pytest.FixtureRequest) -> AsyncIterator[Spools]:
    if request.param == "memory":
        spool, away = InMemorySpool(), InMemorySpool()
        away.is_reachable = False
        yield Spools(spool, away, lambda: spool.waiting.pop(0))
        return
    stack: Stack = request.getfixturevalue("stack")
    client, name = stack.sqs_client(), f"test-{uuid4()}"
    url = client.create_queue(QueueName=name)["QueueUrl"]

    def take() -> SpooledPrompt:
        (message,) = client.receive_message(QueueUrl=url)["Messages"]
        return parse_spooled_prompt(message["Body"])

    async with create_http_client(5) as http:
        there = SqsSpool(http, _settings(url, stack.sqs_endpoint))
        away_ = SqsSpool(http, _settings(url, "http://127.0.0.1:9"))
        yield Spools(there, away_, take)


def _settings(queue_url: str, endpoint: str) -> SpoolSettings:
    return SpoolSettings(
        spool_queue_url=queue_url,
        aws_region="eu-west-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        aws_session_token="local",
        aws_endpoint_url_sqs=endpoint,
    )


def spooled(text: str) -> SpooledPrompt:
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


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
async def test_a_prompt_comes_out_as_it_went_in(spools: Spools, text: str) -> None:
    sent = spooled(text)

    await spools.spool.put(sent)

    assert spools.take() == sent


async def test_a_queue_that_is_away_says_so_without_a_word_of_the_prompt(spools: Spools) -> None:
    with pytest.raises(SpoolUnavailable) as refusal:
        await spools.away.put(spooled("my secret"))

    assert "secret" not in str(refusal.value)


async def test_a_queue_that_is_not_there_says_so(stack: Stack) -> None:
    async with create_http_client(5) as http:
        spool = SqsSpool(http, _settings(f"{stack.sqs_endpoint}/1/none", stack.sqs_endpoint))
        with pytest.raises(SpoolUnavailable, match="status 4"):
            await spool.put(spooled("my secret"))
