"""Access to the store."""

from pydantic import SecretStr

from prompt_capture.settings.base import Settings
from prompt_capture.settings.urls import ProjectUrl
from prompt_capture.settings.values import Seconds


class SupabaseSettings(Settings):
    """Access to the store.

    With `supabase_signing_key` (a private JWK, or a legacy project's HS256 secret), a function
    signs a short-lived token for its own database role. Without it, the function uses
    `supabase_secret_key` (`sb_secret_...`, or a legacy service role JWT).
    """

    supabase_url: ProjectUrl
    supabase_publishable_key: SecretStr | None = None
    supabase_secret_key: SecretStr | None = None
    supabase_signing_key: SecretStr | None = None
    store_timeout_seconds: Seconds = 1.0

    @property
    def rest_url(self) -> str:
        """The URL of the project's PostgREST."""
        return f"{str(self.supabase_url).rstrip('/')}/rest/v1"

    @property
    def issuer(self) -> str:
        """The issuer of the project's tokens."""
        return f"{str(self.supabase_url).rstrip('/')}/auth/v1"
