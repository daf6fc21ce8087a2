"""The store of prompts."""

from collections.abc import Callable
from functools import partial

from prompt_capture.adapters.supabase.prompt_store import SupabasePromptStore
from prompt_capture.adapters.supabase.serving_header import notice_serving
from prompt_capture.bootstrap.access import SERVICE_ROLE, environment, store_client
from prompt_capture.domain.splits import ServingModels
from prompt_capture.settings.supabase import SupabaseSettings


def prompt_store(
    role: str,
    timeout_seconds: float | None = None,
    connect_seconds: float | None = None,
    on_serving: Callable[[ServingModels], None] | None = None,
) -> SupabasePromptStore:
    """Connect to the store with a database role. The default timeout comes from the settings.

    `on_serving` receives which models serve from each response that says it. Raise
    `InvalidSettings`.
    """
    settings = SupabaseSettings.from_env(environment())
    timeout_seconds = timeout_seconds or settings.store_timeout_seconds
    client = store_client(settings, role, timeout_seconds, connect_seconds)
    if on_serving:
        client.event_hooks = {"response": [partial(notice_serving, on_serving)]}
    return SupabasePromptStore(client, settings.rest_url)


def service_store(timeout_seconds: float | None = None) -> SupabasePromptStore:
    """Connect to the store with the role that reads and changes the rows of all users.

    Raise `InvalidSettings`.
    """
    return prompt_store(SERVICE_ROLE, timeout_seconds)
