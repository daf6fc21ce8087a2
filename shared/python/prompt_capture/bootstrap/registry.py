"""The registry of models: which model serves, and the evidence that decides it."""

from typing import TYPE_CHECKING

from prompt_capture.adapters.supabase.model_registry import SupabaseModelRegistry, SupabaseServing
from prompt_capture.bootstrap.access import (
    PAGE_TIMEOUT_SECONDS,
    REGISTRAR_ROLE,
    REGISTRY_TIMEOUT_SECONDS,
    environment,
    store_client,
)
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings.supabase import SupabaseSettings

if TYPE_CHECKING:
    from prompt_capture.adapters.supabase.evaluation import SupabaseEvaluation
    from prompt_capture.workflows.models.evaluate_split import EvaluateSplit
    from prompt_capture.workflows.models.manage import ManageModels


def model_registry() -> SupabaseModelRegistry:
    """Connect to the registry of models. Raise `InvalidSettings`."""
    settings = _registrar_settings()
    client = store_client(settings, REGISTRAR_ROLE, REGISTRY_TIMEOUT_SECONDS)
    return SupabaseModelRegistry(client, settings.rest_url)


def registered_serving() -> SupabaseServing:
    """Connect to the registry to read which models serve. Raise `InvalidSettings`."""
    settings = SupabaseSettings.from_env(environment())
    client = store_client(settings, REGISTRAR_ROLE, REGISTRY_TIMEOUT_SECONDS)
    return SupabaseServing(client, settings.rest_url)


def evaluation() -> "SupabaseEvaluation":
    """Connect to what comparisons of models read and record. Raise `InvalidSettings`."""
    from prompt_capture.adapters.supabase.evaluation import SupabaseEvaluation

    settings = _registrar_settings()
    client = store_client(settings, REGISTRAR_ROLE, PAGE_TIMEOUT_SECONDS)
    return SupabaseEvaluation(client, settings.rest_url)


def manage_models() -> "ManageModels":
    """Wire the decisions about which model serves. Raise `InvalidSettings`."""
    from prompt_capture.workflows.models.manage import ManageModels

    return ManageModels(model_registry())


def evaluate_split() -> "EvaluateSplit":
    """Wire the comparison of a split's arms. Raise `InvalidSettings`."""
    from prompt_capture.workflows.models.evaluate_split import EvaluateSplit

    return EvaluateSplit(model_registry())


def _registrar_settings() -> SupabaseSettings:
    settings = SupabaseSettings.from_env(environment())
    if settings.supabase_signing_key is None:
        raise InvalidSettings(
            f"Set SUPABASE_SIGNING_KEY: only the role {REGISTRAR_ROLE} reaches the registry of "
            "models, and the secret key is not that role's."
        )
    return settings
