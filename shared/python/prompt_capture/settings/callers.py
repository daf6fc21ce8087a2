"""Who may call: users, backends and operators."""

from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from prompt_capture.domain.keys import KEY_HASH, is_hash_of_no_key, split_hashes
from prompt_capture.settings.base import Settings
from prompt_capture.settings.urls import ProjectUrl


def _split_hashes(value: object) -> object:
    return split_hashes(value) if isinstance(value, str) else value


def _check_hash(value: str) -> str:
    if not KEY_HASH.fullmatch(value):
        raise ValueError(
            "it is no SHA-256 in hex, 64 digits without a sign behind them. Hash each key: "
            "printf %s \"$KEY\" | sha256sum | cut -d' ' -f1"
        )
    if is_hash_of_no_key(value):
        raise ValueError(
            "it is the hash of an empty key, or of the name of a variable, which anyone can send. "
            "Set the variable to the key in this shell, and hash it again"
        )
    return value


KeyHashes = Annotated[
    tuple[Annotated[str, AfterValidator(_check_hash)], ...],
    BeforeValidator(_split_hashes),
    Field(max_length=2),
]


class AuthenticationSettings(Settings):
    """Authentication of callers: users by Supabase token, backends by API key.

    `api_key_hashes` holds the SHA-256 of each valid key, in hex, separated by commas. Two keys can
    be valid during a rotation. `supabase_jwt_secret` is for legacy projects (HS256) only.
    """

    supabase_url: ProjectUrl
    supabase_jwt_secret: SecretStr | None = None
    api_key_hashes: KeyHashes = ()


class OperatorSettings(AuthenticationSettings):
    """Authentication of operators: by token, or by operator key.

    `operator_key_hashes` is to operator keys what `api_key_hashes` is to those of backends. The key
    of a backend must not open what operators do, so no key is in both.
    """

    operator_key_hashes: KeyHashes = ()

    @field_validator("operator_key_hashes")
    @classmethod
    def _check_own_keys(cls, hashes: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if set(hashes) & set(info.data.get("api_key_hashes", ())):
            raise ValueError("has a key of API_KEY_HASHES; generate a key for operators alone")
        return hashes
