"""Functions authenticate to Supabase."""

import json
import time
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from prompt_capture.adapters.supabase.access import (
    TOKEN_LIFETIME_SECONDS,
    RoleTokenSigner,
    SupabaseAccess,
)
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings.supabase import SupabaseSettings

URL = "https://project.supabase.co"
SECRET = "a legacy project's HS256 secret, long enough"


def _headers(**settings: str) -> httpx.Headers:
    environment = {"SUPABASE_URL": URL} | {name.upper(): value for name, value in settings.items()}
    access = SupabaseAccess(SupabaseSettings.from_env(environment), "prompt_writer")
    request = httpx.Request("GET", URL)
    next(access.auth_flow(request))
    return request.headers


def _claims(headers: httpx.Headers, key: Any, algorithm: str) -> dict[str, Any]:
    token = headers["Authorization"].removeprefix("Bearer ")
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=[algorithm])
    return claims


def test_a_secret_key_is_sent_as_apikey_only() -> None:
    headers = _headers(supabase_secret_key="sb_secret_x")

    assert headers["apikey"] == "sb_secret_x"
    assert "Authorization" not in headers


def test_a_legacy_service_key_is_sent_in_both_headers() -> None:
    key = jwt.encode({"role": "service_role"}, SECRET, "HS256")

    headers = _headers(supabase_secret_key=key)

    assert (headers["apikey"], headers["Authorization"]) == (key, f"Bearer {key}")


@pytest.mark.parametrize(
    "key", ["sb_secret_x\n", "\ufeffsb_secret_x", "\u200bsb_secret_x \u200b", ' "sb_secret_x" ']
)
def test_a_key_is_sent_without_what_was_copied_with_it(key: str) -> None:
    assert _headers(supabase_secret_key=key)["apikey"] == "sb_secret_x"


@pytest.mark.parametrize("key", ["", "\n", "''"])
def test_an_empty_key_counts_as_missing(key: str) -> None:
    with pytest.raises(InvalidSettings, match="Set SUPABASE_SIGNING_KEY"):
        _headers(supabase_secret_key=key)


@pytest.mark.parametrize("blank", [" ", "\n", "\ufeff", "\ufeff\r\n", '""'])
def test_a_blank_signing_key_counts_as_missing(blank: str) -> None:
    headers = _headers(supabase_signing_key=blank, supabase_secret_key="sb_secret_x")
    assert headers["apikey"] == "sb_secret_x"
    assert "Authorization" not in headers
    with pytest.raises(InvalidSettings, match="Set SUPABASE_SIGNING_KEY"):
        _headers(supabase_signing_key=blank)
    with pytest.raises(InvalidSettings, match="SUPABASE_SIGNING_KEY is empty"):
        RoleTokenSigner(blank, "prompt_writer", URL)


def test_a_signing_key_signs_a_token_for_the_role() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    jwk = ECAlgorithm.to_jwk(private, as_dict=True) | {"kid": "k1", "alg": "ES256"}

    headers = _headers(
        supabase_signing_key=json.dumps(jwk),
        supabase_publishable_key="sb_publishable_x",
        supabase_secret_key="sb_secret_x",
    )

    assert headers["apikey"] == "sb_publishable_x"
    assert (
        jwt.get_unverified_header(headers["Authorization"].removeprefix("Bearer "))["kid"] == "k1"
    )
    claims = _claims(headers, private.public_key(), "ES256")
    assert claims["role"] == "prompt_writer"
    assert claims["iss"] == f"{URL}/auth/v1"
    assert 0 < claims["exp"] - time.time() <= TOKEN_LIFETIME_SECONDS
    assert "sub" not in claims


def test_a_legacy_secret_signs_a_token_too() -> None:
    headers = _headers(supabase_signing_key=SECRET)

    assert _claims(headers, SECRET, "HS256")["role"] == "prompt_writer"


def test_a_token_is_reused_until_it_almost_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr("prompt_capture.adapters.supabase.access.time.time", lambda: now)
    signer = RoleTokenSigner(SECRET, "prompt_writer", "issuer")
    first = signer.token()

    now += TOKEN_LIFETIME_SECONDS - 61
    assert signer.token() == first
    now += 2
    assert signer.token() != first


def test_a_rejected_token_is_signed_again_once_after_a_jump_of_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment = {"SUPABASE_URL": URL, "SUPABASE_SIGNING_KEY": SECRET}
    access = SupabaseAccess(SupabaseSettings.from_env(environment), "prompt_writer")
    request, now = httpx.Request("GET", URL), time.time()
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: now + 3_600)
        next(access.auth_flow(request))
    future_token = request.headers["Authorization"]

    flow = access.auth_flow(request)
    next(flow)
    assert request.headers["Authorization"] == future_token
    flow.send(httpx.Response(401))
    assert _claims(request.headers, SECRET, "HS256")["iat"] <= now + 1
    with pytest.raises(StopIteration):
        flow.send(httpx.Response(401))
