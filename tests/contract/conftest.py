"""The in-memory store and the Supabase store with one interface for tests."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.local.stack import Stack
from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.supabase.access import SupabaseAccess
from prompt_capture.adapters.supabase.export_source import SupabaseExports
from prompt_capture.adapters.supabase.prompt_store import SupabasePromptStore
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.predictions import Source
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.ports.capture import CaptureStore
from prompt_capture.ports.changes import CorrectionStore, OutcomeStore
from prompt_capture.ports.drain import DrainStore
from prompt_capture.ports.erasure import ErasureLedger, ErasureStore
from prompt_capture.ports.exports import ExportSource
from prompt_capture.ports.review import PromptReader, ReviewStore
from prompt_capture.settings.supabase import SupabaseSettings
from tests.database_reset import DELETE_ALL_ROWS, NOTHING_AT_RANDOM
from tests.fakes.export_source import InMemoryExports
from tests.fakes.prompt_store import InMemoryPromptStore
from tests.slow_rows import slow_rows

INTENTS = ("email", "reminder", "reschedule", "scheduling", "search", "status", "unknown")


class PromptStore(
    CaptureStore,
    DrainStore,
    OutcomeStore,
    CorrectionStore,
    ReviewStore,
    PromptReader,
    ErasureStore,
    Protocol,
):
    """Everything that a store of prompts offers."""


@dataclass(frozen=True)
class Stores:
    """The store as each function accesses it, and a user to log prompts for."""

    writer: PromptStore
    service: PromptStore
    exporter: PromptStore
    user_id: UUID
    create_user: Callable[[], Awaitable[UUID]]
    exports: ExportSource
    ledger: ErasureLedger
    slow_rows: Callable[[str], AbstractContextManager[None]]
    """Makes the store abort every write of a text while the context is open."""

    def make_prompt(
        self, text: str = "move it", confidence: float = 0.9, source: Source = "model"
    ) -> CapturedPrompt:
        return CapturedPrompt(
            id=new_log_id(),
            user_id=self.user_id,
            prompt=text,
            predicted_intent="reschedule",
            confidence=confidence,
            source=source,
            model_version="test-1",
            conversation_id="c-1",
            message_index=0,
        )


@pytest.fixture(params=["memory", "supabase"])
async def stores(request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    if request.param == "supabase":
        async with _on_supabase(request.getfixturevalue("stack")) as supabase_stores:
            yield supabase_stores
    else:
        user_id, other_user_id = uuid4(), uuid4()
        store = InMemoryPromptStore([user_id, other_user_id], INTENTS)

        async def create_user() -> UUID:
            return other_user_id

        @contextmanager
        def slow_in_memory(text: str) -> Iterator[None]:
            store.slow_texts.add(text)
            yield
            store.slow_texts.discard(text)

        exports = InMemoryExports(store, page_rows=2, audit_probability=0)
        yield Stores(store, store, store, user_id, create_user, exports, exports, slow_in_memory)


@pytest.fixture
async def supabase_stores(stack: Stack) -> AsyncIterator[Stores]:
    async with _on_supabase(stack) as stores:
        yield stores


@asynccontextmanager
async def _on_supabase(stack: Stack) -> AsyncIterator[Stores]:
    """Yield each function's own store. Delete all rows afterwards."""

    async def create_user() -> UUID:
        return UUID(stack.create_user(f"{uuid4()}@example.com").id)

    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        connection.execute(NOTHING_AT_RANDOM)
    async with AsyncExitStack() as clients:
        yield Stores(
            writer=await clients.enter_async_context(supabase_store(stack, "prompt_writer")),
            service=await clients.enter_async_context(supabase_store(stack, "service_role")),
            exporter=await clients.enter_async_context(supabase_store(stack, "prompt_exporter")),
            user_id=await create_user(),
            create_user=create_user,
            exports=await clients.enter_async_context(_exports(stack, "prompt_exporter")),
            ledger=await clients.enter_async_context(_exports(stack, "service_role")),
            slow_rows=partial(slow_rows, stack),
        )
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        connection.execute(DELETE_ALL_ROWS)


@asynccontextmanager
async def supabase_store(stack: Stack, role: str) -> AsyncIterator[SupabasePromptStore]:
    """Connect to the local stack as a function with this database role."""
    settings = settings_for(stack, role)
    async with create_http_client(5, SupabaseAccess(settings, role)) as client:
        yield SupabasePromptStore(client, settings.rest_url)


@asynccontextmanager
async def _exports(stack: Stack, role: str) -> AsyncIterator[SupabaseExports]:
    settings = settings_for(stack, role)
    async with create_http_client(5, SupabaseAccess(settings, role)) as client:
        yield SupabaseExports(client, settings.rest_url)


def settings_for(stack: Stack, role: str) -> SupabaseSettings:
    """Return the settings of a function that has the role's key, and no other."""
    secret_key = {"SUPABASE_SECRET_KEY": stack.keys.secret}
    signing_key = {"SUPABASE_SIGNING_KEY": stack.keys.signing_key}
    return SupabaseSettings.from_env(
        {
            "SUPABASE_URL": stack.supabase_url,
            "SUPABASE_PUBLISHABLE_KEY": stack.keys.publishable,
            **(secret_key if role == "service_role" else signing_key),
        }
    )
