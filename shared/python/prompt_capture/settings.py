"""The only reader of the environment: every setting, validated when a function starts."""

import hmac
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
)

from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.domain.redaction import ENTITY_TYPES, EntityType
from prompt_capture.domain.types import Probability

Sha256Hex = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Seconds = Annotated[float, Field(gt=0, le=60)]


def _split_list(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _split_entity_types(value: object) -> object:
    return () if value == "none" else _split_list(value)


PARAMETER = "_PARAMETER"
"""X_PARAMETER names the parameter of the Parameter Store that holds the setting X."""


def parameter_names(environment: Mapping[str, str]) -> dict[str, str]:
    """Answer which settings lie in the Parameter Store, and under which names."""
    return {
        name.removesuffix(PARAMETER): value
        for name, value in environment.items()
        if name.endswith(PARAMETER) and value
    }


class Settings(BaseModel):
    """Base of each function's settings; a field `x_y` is read from the variable `X_Y`."""

    # Each function reads a few of the settings below: those alone are built.
    model_config = ConfigDict(frozen=True, protected_namespaces=(), defer_build=True)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read and validate; empty variables count as unset.

        Raises `InvalidSettings`, which names the variables and what is wrong, never a value.
        """
        present = {
            name: environment[name.upper()]
            for name in cls.model_fields
            if environment.get(name.upper())
        }
        try:
            return cls.model_validate(present)
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
                for fault in error.errors(include_input=False, include_url=False)
            )
            raise InvalidSettings(f"Check the environment: {faults}") from None


class SupabaseSettings(Settings):
    """How the store is reached.

    With `supabase_signing_key` (a private JWK, or a legacy project's HS256 secret) a function
    signs itself a short-lived token for its own database role. Without it, it uses
    `supabase_secret_key` (`sb_secret_...`, or a legacy service role JWT).
    """

    supabase_url: AnyHttpUrl
    supabase_publishable_key: SecretStr | None = None
    supabase_secret_key: SecretStr | None = None
    supabase_signing_key: SecretStr | None = None
    store_timeout_seconds: Seconds = 1.0

    @property
    def rest_url(self) -> str:
        """Where the project's PostgREST is."""
        return f"{str(self.supabase_url).rstrip('/')}/rest/v1"

    @property
    def issuer(self) -> str:
        """Who issues the project's tokens."""
        return f"{str(self.supabase_url).rstrip('/')}/auth/v1"


class CallerSettings(Settings):
    """Who may call: users by their Supabase token, backends by an API key of this deployment.

    `api_key_hashes` holds the SHA-256 of each valid key, in hex, comma separated; two at most,
    so that a key can be rotated. `supabase_jwt_secret` is for legacy projects (HS256) only.
    """

    supabase_url: AnyHttpUrl
    supabase_jwt_secret: SecretStr | None = None
    api_key_hashes: Annotated[
        tuple[Sha256Hex, ...], BeforeValidator(_split_list), Field(max_length=2)
    ] = ()


class ClassifierSettings(Settings):
    """Where the model and the rules are, and below which confidence a person should look.

    `redact` lists what is taken out of a message before it is classified and stored; all there
    is if unset, nothing if `none`.
    """

    model_dir: Path
    rules_file: Path | None = None
    review_threshold: Probability = 0.7
    secondary_intent_threshold: Probability = 0.7
    redact: Annotated[tuple[EntityType, ...], BeforeValidator(_split_entity_types)] = ENTITY_TYPES


class CaptureSettings(Settings):
    """How a prompt is captured.

    `capture_timeout_seconds` is one deadline for the write and the spool. The ids of
    messages with an idempotency key are derived with `idempotency_secret`, or with the key that
    the function has anyway: then a rotated key forgets which messages were sent before.
    """

    capture_mode: Literal["write-first", "answer-first"] = "write-first"
    capture_timeout_seconds: Seconds = 0.3
    spool_queue_url: str | None = None
    idempotency_secret: Annotated[SecretStr, Field(min_length=32)] | None = None
    supabase_signing_key: SecretStr | None = None
    supabase_secret_key: SecretStr | None = None

    @property
    def id_secret(self) -> bytes:
        """The secret of derived ids; raises `InvalidSettings`."""
        if self.idempotency_secret:
            return self.idempotency_secret.get_secret_value().encode()
        key = self.supabase_signing_key or self.supabase_secret_key
        if key is None:
            raise InvalidSettings("Set IDEMPOTENCY_SECRET, or the key that the function writes by.")
        return hmac.digest(key.get_secret_value().encode(), b"prompt-capture log ids", "sha256")


class QueueSettings(Settings):
    """The spool's queue, for those who reach it by the AWS client and its settings."""

    spool_queue_url: str


class AwsSettings(Settings):
    """Where a function runs, and the credentials that Lambda gives it."""

    aws_region: str
    aws_access_key_id: str
    aws_secret_access_key: SecretStr
    aws_session_token: SecretStr | None = None


class ParameterStoreSettings(AwsSettings):
    """Where parameters are; a store other than AWS's is named by AWS_ENDPOINT_URL_SSM."""

    aws_endpoint_url_ssm: AnyHttpUrl | None = None

    @property
    def endpoint(self) -> str:
        """Where requests go."""
        given = self.aws_endpoint_url_ssm
        return str(given) if given else f"https://ssm.{self.aws_region}.amazonaws.com/"


class SpoolSettings(AwsSettings):
    """The queue behind the store. An SQS server other than AWS is named by AWS_ENDPOINT_URL_SQS."""

    spool_queue_url: str
    aws_endpoint_url_sqs: AnyHttpUrl | None = None

    @property
    def endpoint(self) -> str:
        """Where requests go: SQS's own JSON protocol has one address for all queues."""
        given = self.aws_endpoint_url_sqs
        return str(given) if given else f"https://sqs.{self.aws_region}.amazonaws.com/"


class ExtensionSettings(Settings):
    """Where Lambda's own APIs are, inside an environment."""

    aws_lambda_runtime_api: str


class ExportSettings(Settings):
    """Where datasets go. An S3 server other than AWS is named by AWS_ENDPOINT_URL_S3.

    What people labelled goes under `export_retained_prefix`, where it is kept for longer. An export of
    more than `export_max_rows` rows is refused before it begins, and one of fewer lines than
    `export_min_lines` is told to somebody.
    """

    export_bucket: str
    export_prefix: str = "exports"
    export_retained_prefix: str = "retained"
    export_max_rows: Annotated[int, Field(gt=0)] = 5_000_000
    export_min_lines: Annotated[int, Field(ge=0)] = 0
