"""The part of the composition root that every other part needs: the settings, and the store."""

import logging
import os
from collections.abc import Mapping
from functools import cache
from threading import Lock

import httpx

from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.supabase.access import SupabaseAccess
from prompt_capture.settings import ParameterStoreSettings, SupabaseSettings, parameter_names

WRITER_ROLE = "prompt_writer"

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
