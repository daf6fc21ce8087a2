"""Properties of the Supabase store only: timestamps, permissions, outages, and both keys."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from infra.local.stack import Stack
from prompt_capture.adapters.supabase.prompt_store import SupabasePromptStore
from prompt_capture.domain.changes import Correction, Outcome
from prompt_capture.domain.errors import StoreUnavailable, TooManyDeferred, UnknownUser
from prompt_capture.domain.log_ids import new_log_id
from tests.contract.conftest import Stores, supabase_store
from tests.contract.test_prompt_store import FAILURE, SUCCESS, _all


def _row(stack: Stack, log_id: UUID) -> dict[str, Any]:
    with psycopg.connect(stack.postgres_admin_dsn, row_factory=dict_row) as connection:
        query = "select * from public.nlu_prompt_logs where id = %s"
        row = connection.execute(query, (log_id,)).fetchone()
    assert row is not None
    return row


async def test_a_repeated_outcome_changes_nothing(stack: Stack, supabase_stores: Stores) -> None:
    prompt = supabase_stores.make_prompt()
    await supabase_stores.writer.log_prompt(prompt)
    await supabase_stores.service.update_prompt_log_outcome(prompt.id, FAILURE)
    first = _row(stack, prompt.id)

    await supabase_stores.service.update_prompt_log_outcome(prompt.id, FAILURE)
    assert _row(stack, prompt.id) == first

    await supabase_stores.service.update_prompt_log_outcome(prompt.id, SUCCESS)
    changed = _row(stack, prompt.id)
    assert changed["outcome_recorded_at"] > first["outcome_recorded_at"]
    assert changed["execution_error"] is None


async def test_the_database_sets_the_time_of_a_correction(
    stack: Stack, supabase_stores: Stores
) -> None:
    prompt = supabase_stores.make_prompt()
    await supabase_stores.writer.log_prompt(prompt)

    await supabase_stores.service.add_prompt_correction(
        prompt.id, Correction(corrected_intent="reminder", corrected_by="grace", notes="why")
    )

    row = _row(stack, prompt.id)
    assert (row["corrected_intent"], row["corrected_by"]) == ("reminder", "grace")
    assert row["correction_notes"] == "why"
    assert row["corrected_at"] is not None


async def test_rows_with_the_same_timestamp_are_each_read_once(
    stack: Stack, supabase_stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prompt_capture.adapters.supabase.prompt_store.PAGE_SIZE", 2)
    prompts = [supabase_stores.make_prompt(str(number), confidence=0.1) for number in range(7)]
    for prompt in prompts:
        await supabase_stores.writer.log_prompt(prompt)
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update public.nlu_prompt_logs set created_at = '2026-01-01T00:00Z'")

    prompts_read = await _all(supabase_stores.exporter.get_low_confidence_prompts())

    assert [prompt.id for prompt in prompts_read] == [prompt.id for prompt in prompts]


async def test_an_unreachable_store_raises_an_error_without_the_prompt(
    supabase_stores: Stores,
) -> None:
    secret = supabase_stores.make_prompt("my secret")

    async with httpx.AsyncClient(timeout=1) as client:
        store = SupabasePromptStore(client, "http://127.0.0.1:9/rest/v1")
        with pytest.raises(StoreUnavailable) as raised:
            await store.log_prompt(secret)
        assert "secret" not in str(raised.value)
        with pytest.raises(StoreUnavailable):
            await store.update_prompt_log_outcome(secret.id, SUCCESS)
        with pytest.raises(StoreUnavailable):
            await _all(store.get_prompts_for_retraining())


@pytest.mark.parametrize("content", [b"<html>", b'"text"', b"[1]", b"null"])
async def test_a_response_that_is_not_from_postgrest_raises_an_error(
    supabase_stores: Stores, content: bytes
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))

    async with httpx.AsyncClient(transport=transport) as client:
        store = SupabasePromptStore(client, "http://store.test/rest/v1")
        with pytest.raises(StoreUnavailable):
            await store.log_prompt(supabase_stores.make_prompt())


async def test_the_deadline_covers_a_response_that_arrives_slowly(supabase_stores: Stores) -> None:
    async def send_slowly() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.05)
            yield b" "

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=send_slowly()))

    async with httpx.AsyncClient(transport=transport, timeout=0.3) as client:
        store = SupabasePromptStore(client, "http://store.test/rest/v1")
        with pytest.raises(StoreUnavailable, match="TimeoutError"):
            await store.log_prompt(supabase_stores.make_prompt())


async def test_each_role_has_its_own_permissions_only(supabase_stores: Stores) -> None:
    prompt = supabase_stores.make_prompt()
    await supabase_stores.writer.log_prompt(prompt)
    outcome = Outcome(was_successful=True, workflow_type="move")

    with pytest.raises(StoreUnavailable, match="42501"):
        await supabase_stores.writer.update_prompt_log_outcome(prompt.id, outcome)
    with pytest.raises(StoreUnavailable, match="42501"):
        await _all(supabase_stores.writer.get_prompts_for_retraining())
    with pytest.raises(StoreUnavailable, match="42501"):
        await supabase_stores.exporter.log_prompt(prompt)


async def test_the_secret_key_can_write_without_a_role_token(
    stack: Stack, supabase_stores: Stores
) -> None:
    prompt = supabase_stores.make_prompt()

    async with supabase_store(stack, "service_role") as store:
        await store.log_prompt(prompt)

    assert _row(stack, prompt.id)["user_id"] == supabase_stores.user_id


async def test_a_capture_during_an_erasure_is_retryable_and_then_rejected(
    stack: Stack, supabase_stores: Stores
) -> None:
    prompt = supabase_stores.make_prompt()
    with psycopg.connect(stack.postgres_admin_dsn) as eraser:
        eraser.execute("select private.erase_user(%s)", [supabase_stores.user_id])
        with pytest.raises(StoreUnavailable, match="55P03"):
            await supabase_stores.writer.log_prompt(prompt)
    with pytest.raises(UnknownUser):
        await supabase_stores.writer.log_prompt(prompt)


async def test_a_reviewer_with_too_many_deferred_corrections_is_refused(
    stack: Stack, supabase_stores: Stores
) -> None:
    correction = Correction(corrected_intent="reminder", corrected_by="grace")
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        connection.execute(
            "insert into private.deferred_changes (log_id, to_intent, reviewer, channel) "
            "select gen_random_uuid(), 'reminder', 'grace', 'api' "
            "from generate_series(1, private.max_deferred_corrections())"
        )
    with pytest.raises(TooManyDeferred):
        await supabase_stores.service.add_prompt_correction(new_log_id(), correction)
    other = correction.model_copy(update={"corrected_by": "alan"})
    assert await supabase_stores.service.add_prompt_correction(new_log_id(), other) == "pending"


async def test_an_intent_can_be_used_until_it_is_retired(
    stack: Stack, supabase_stores: Stores
) -> None:
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as connection:
        connection.execute(
            """update public.intent_catalogue set retired_at = now() + case intent
                 when 'help' then interval '1 day' else interval '-1 day' end
               where intent in ('help', 'status')"""
        )
        try:
            known = await supabase_stores.service.known_intents()
        finally:
            connection.execute("update public.intent_catalogue set retired_at = null")

    assert "help" in known
    assert "status" not in known
