"""The capture of prompts, and the spool's queue."""

import hmac
import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr

from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings.aws import SqsSettings
from prompt_capture.settings.base import Settings
from prompt_capture.settings.urls import QueueUrl
from prompt_capture.settings.values import OwnSecret, Seconds

_UNDECODED = re.compile("[\ud800-\udfff]")
"""What Python reads in place of a byte that is no UTF-8."""


def _check_encoding(value: object) -> object:
    if isinstance(value, str) and _UNDECODED.search(value):
        raise ValueError(
            "it has a byte that is no UTF-8. Use another one, as of openssl rand -hex 32"
        )
    return value


class CaptureSettings(Settings):
    """The capture of prompts.

    `capture_timeout_seconds` is one deadline for the write and the spool. The ids of messages with
    an idempotency key are derived with `idempotency_secret`, or else with the function's key to the
    database. In that case, a retry after a rotation of the key is captured a second time.
    """

    capture_mode: Literal["write-first", "answer-first"] = "write-first"
    capture_timeout_seconds: Seconds = 0.3
    spool_queue_url: QueueUrl | None = None
    idempotency_secret: (
        Annotated[OwnSecret, Field(min_length=32), BeforeValidator(_check_encoding)] | None
    ) = None
    supabase_signing_key: SecretStr | None = None
    supabase_secret_key: SecretStr | None = None

    @property
    def id_secret(self) -> bytes:
        """The secret for derived ids. Raise `InvalidSettings`."""
        if self.idempotency_secret:
            return self.idempotency_secret.get_secret_value().encode()
        key = self.supabase_signing_key or self.supabase_secret_key
        if key is None:
            raise InvalidSettings(
                "Set IDEMPOTENCY_SECRET, SUPABASE_SIGNING_KEY or SUPABASE_SECRET_KEY."
            )
        key_bytes = key.get_secret_value().encode(errors="surrogatepass")
        return hmac.digest(key_bytes, b"prompt-capture log ids", "sha256")


class QueueSettings(Settings):
    """The spool's queue, for code that uses the AWS client, which has settings of its own."""

    spool_queue_url: QueueUrl


class SpoolSettings(SqsSettings):
    """The spool's queue."""

    spool_queue_url: QueueUrl
