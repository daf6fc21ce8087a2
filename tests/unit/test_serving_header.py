"""The response to an insert names the champion."""

import httpx
import pytest

from prompt_capture.adapters.supabase.serving_header import notice_serving
from prompt_capture.domain.models import ModelAddress
from prompt_capture.domain.splits import ServingModels

NOTHING = object()


async def notice(headers: dict[str, str]) -> object:
    noticed: list[object] = []
    await notice_serving(noticed.append, httpx.Response(201, headers=headers))
    return noticed[0] if noticed else NOTHING


async def test_a_champion_is_noticed() -> None:
    champion = ModelAddress(version="a-1", manifest_sha256="0" * 64, object_version="v.1/2=")

    header = {"x-serving-model": champion.model_dump_json()}
    assert await notice(header) == ServingModels(champion=champion)


async def test_an_empty_object_stands_for_the_packaged_model() -> None:
    assert await notice({"X-Serving-Model": "{}"}) == ServingModels()


async def test_a_response_without_the_header_says_nothing() -> None:
    assert await notice({}) is NOTHING


@pytest.mark.parametrize(
    "value",
    [
        "",
        "null",
        "[]",
        '{"version":"../../x","manifest_sha256":"' + "0" * 64 + '"}',
        '{"version":"a","manifest_sha256":"short"}',
    ],
)
async def test_an_invalid_value_changes_nothing(
    value: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert await notice({"X-Serving-Model": value}) is NOTHING
    assert "not valid" in caplog.text
