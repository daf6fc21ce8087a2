"""Who may call the functions: authentication, and the origins of web pages."""

import logging
import os
from collections.abc import Sequence

from prompt_capture.adapters.supabase.keys import usable_jwt_secret
from prompt_capture.api.authentication import Authenticator
from prompt_capture.api.request_context import CorrelationFilter
from prompt_capture.api.tokens import TokenVerifier
from prompt_capture.bootstrap.access import environment
from prompt_capture.settings.callers import AuthenticationSettings, OperatorSettings
from prompt_capture.settings.parameters import parameter_names
from prompt_capture.settings.web_pages import WebSettings


def authenticator() -> Authenticator:
    """Wire the authentication of callers, and add correlation ids to the log.

    Raise `InvalidSettings`.
    """
    return _authenticator(AuthenticationSettings.from_env(environment()))


def operator_authenticator() -> Authenticator:
    """Wire the authentication of operators, as `authenticator` does that of other callers.

    Raise `InvalidSettings`.
    """
    settings = OperatorSettings.from_env(environment())
    return _authenticator(settings, settings.operator_key_hashes)


def _authenticator(
    settings: AuthenticationSettings, operator_key_hashes: Sequence[str] = ()
) -> Authenticator:
    for handler in logging.getLogger().handlers:
        handler.addFilter(CorrelationFilter())
    secret, url = settings.supabase_jwt_secret, str(settings.supabase_url)
    legacy_secret = usable_jwt_secret(secret.get_secret_value(), url) if secret else ""
    tokens = TokenVerifier(url, legacy_secret or None)
    return Authenticator(tokens, settings.api_key_hashes, operator_key_hashes)


def allowed_origins() -> tuple[str, ...]:
    """Return the origins of the web pages that may call. Raise `InvalidSettings`.

    They can be read where a parameter of another setting cannot.
    """
    is_parameter = "CORS_ALLOW_ORIGINS" in parameter_names(os.environ)
    return WebSettings.from_env(environment() if is_parameter else os.environ).cors_allow_origins
