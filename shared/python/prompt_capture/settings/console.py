"""The console."""

from typing import Literal

from pydantic import SecretStr

from prompt_capture.settings.base import Settings
from prompt_capture.settings.urls import HttpUrl, ProjectUrl


class ConsoleSettings(Settings):
    """The console. Without `models_url`, nothing is decided about models there.

    `models_url_auth` is `iam` where that Function URL has AWS_IAM, so that requests are signed.
    """

    supabase_url: ProjectUrl
    supabase_publishable_key: SecretStr
    models_url: HttpUrl | None = None
    models_url_auth: Literal["token", "iam"] = "token"

    @property
    def rest_url(self) -> str:
        """The URL of the project's PostgREST."""
        return f"{str(self.supabase_url).rstrip('/')}/rest/v1"
