"""What the console's page needs, and what it sends."""

from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.models_function import ModelsFunction, signer, unsigned
from prompt_capture.adapters.supabase.console import SupabaseConsole
from prompt_capture.adapters.supabase.keys import PUBLISHABLE, usable_key
from prompt_capture.api.console_page import PageSettings
from prompt_capture.bootstrap.access import environment
from prompt_capture.settings.aws import AwsSettings
from prompt_capture.settings.console import ConsoleSettings
from prompt_capture.workflows.console import DecideOnItem, DecideOnModel

CONSOLE_TIMEOUT_SECONDS = 9.0
"""More than the statement timeout of signed-in users."""


def decide_on_item() -> DecideOnItem:
    """Wire the decisions of reviewers in the console. Raise `InvalidSettings`."""
    return DecideOnItem(_console_store())


def decide_on_model() -> DecideOnModel | None:
    """Wire the decisions of operators in the console. Raise `InvalidSettings`."""
    settings = ConsoleSettings.from_env(environment())
    if settings.models_url is None:
        return None
    is_signed = settings.models_url_auth == "iam"
    models = ModelsFunction(
        create_http_client(CONSOLE_TIMEOUT_SECONDS),
        str(settings.models_url),
        signer(AwsSettings.from_env(environment())) if is_signed else unsigned,
    )
    return DecideOnModel(_console_store(), models)


def page_settings() -> PageSettings:
    """Return what the console's page must know. Raise `InvalidSettings`."""
    settings = ConsoleSettings.from_env(environment())
    return PageSettings(
        str(settings.supabase_url).rstrip("/"),
        _publishable_key(settings),
        settings.models_url is not None,
    )


def _console_store() -> SupabaseConsole:
    settings = ConsoleSettings.from_env(environment())
    client = create_http_client(CONSOLE_TIMEOUT_SECONDS)
    return SupabaseConsole(client, settings.rest_url, _publishable_key(settings))


def _publishable_key(settings: ConsoleSettings) -> str:
    return usable_key(PUBLISHABLE, settings.supabase_publishable_key.get_secret_value())
