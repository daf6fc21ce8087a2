"""What every other module needs: the settings, and the access to the store by database role."""

import logging
import os
from collections.abc import Mapping
from functools import cache
from threading import Lock

import httpx

from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.supabase.access import SupabaseAccess
from prompt_capture.settings.parameters import ParameterStoreSettings, parameter_names
from prompt_capture.settings.supabase import SupabaseSettings

WRITER_ROLE = "prompt_writer"
EXPORTER_ROLE = "prompt_exporter"
REGISTRAR_ROLE = "model_registrar"
MONITOR_ROLE = "prompt_monitor"
SERVICE_ROLE = "service_role"

PAGE_TIMEOUT_SECONDS = 65.0
MONITORING_TIMEOUT_SECONDS = 35.0
REGISTRY_TIMEOUT_SECONDS = 10.0
"""More than the statement timeout of the role or the function, so that the answer says what
happened. The statement of a caller who has left runs on, beside that of the next attempt."""

_reading_parameters = Lock()


def environment() -> Mapping[str, str]:
    """Return all settings: the environment variables, and the parameters, which are read once.

    Raise `InvalidSettings` or `ParametersUnavailable`.
    """
    names = parameter_names(os.environ)
    if not names:
        return os.environ
    with _reading_parameters:
        return {**os.environ, **_parameters(tuple(sorted(names.items())))}


@cache
def _parameters(names: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    from prompt_capture.adapters.aws.parameter_store import read_parameters

    return read_parameters(dict(names), ParameterStoreSettings.from_env())


def store_client(
    settings: SupabaseSettings,
    role: str,
    timeout_seconds: float,
    connect_seconds: float | None = None,
) -> httpx.AsyncClient:
    """Create a connection pool to the store, which authenticates as a database role."""
    for verbose_logger in ("httpx", "mangum.http"):
        logging.getLogger(verbose_logger).setLevel(logging.WARNING)
    return create_http_client(timeout_seconds, SupabaseAccess(settings, role), connect_seconds)
