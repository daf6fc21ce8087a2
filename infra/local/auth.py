"""A stand-in for Supabase Auth (GoTrue), of which no build for this machine exists.

It speaks the part of GoTrue's API that the console uses through `@supabase/auth-js`: sign-in by
password or by a code in an e-mail, refresh, sign-out, and the user. Accounts are the rows of
`auth.users`; sessions and codes are kept in memory, and e-mails in `mailbox`.
"""

import asyncio
import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import jwt
import psycopg
from psycopg.rows import dict_row

from infra.lambda_emulator.web import AsgiReceive, AsgiScope, AsgiSend, Headers, read_body, respond
from infra.local.keys import Keys
from infra.local.users import user_claims

Json = dict[str, Any]

_API_VERSION = "2024-01-01"
_CODE_SECONDS = 3600
_SIGN_IN = """
select id from auth.users
where email = %s and encrypted_password = extensions.crypt(%s, encrypted_password)"""
_READ_USER = """
select id, email, raw_app_meta_data, banned_until > now() as is_banned from auth.users
where deleted_at is null and (id = %(id)s or email = %(email)s)"""


class AuthError(Exception):
    """An error response of GoTrue."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(frozen=True)
class Mail:
    """An e-mail with a code, which is typed, or a hash of it, which is part of a link."""

    email: str
    code: str
    token_hash: str
    expires_at: float


class AuthServer:
    """The stand-in as an ASGI application.

    `issuer` is set before the first request. `token_seconds` is the lifetime of access tokens that
    are issued from now on; responses state an hour at least, as where two clocks differ.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.issuer = ""
        self.token_seconds = 3600
        self.mailbox: list[Mail] = []
        self._sessions: dict[str, str] = {}
        """The user's id by refresh token. Each is used once."""

    def set_keys(self, keys: Keys) -> None:
        """Sign and verify access tokens with these keys."""
        self._keys = keys

    def end_sessions(self) -> None:
        """Forget every refresh token, as after a sign-out on all devices."""
        self._sessions.clear()

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        route = scope["method"], scope["path"].rpartition("/auth/v1")[2]
        query = parse_qs(scope["query_string"].decode("latin-1"))
        headers: Headers = [
            (b"content-type", b"application/json"),
            (b"x-supabase-api-version", _API_VERSION.encode()),
        ]
        try:
            body = _parse(await read_body(receive))
            content = await asyncio.to_thread(self._answer, route, query, body, scope["headers"])
        except AuthError as error:
            problem = {"code": error.code, "message": str(error)}
            await respond(send, error.status, json.dumps(problem).encode(), headers)
            return
        status = 204 if content is None else 200
        await respond(
            send, status, b"" if content is None else json.dumps(content).encode(), headers
        )

    def _answer(
        self, route: tuple[str, str], query: dict[str, list[str]], body: Json, headers: Headers
    ) -> Json | None:
        match route:
            case "POST", "/token":
                return self._token(query.get("grant_type", [""])[0], body)
            case "POST", "/otp":
                return self._send_code(str(body.get("email")))
            case "POST", "/verify":
                return self._verify_code(body)
            case "POST", "/logout":
                return self._sign_out(headers)
            case "GET", "/user":
                return _show(self._read_user(id=self._bearer(headers)["sub"]))
        raise AuthError(404, "not_found", "The stand-in for Supabase Auth has no such endpoint.")

    def _token(self, grant_type: str, body: Json) -> Json:
        if grant_type == "password":
            return self._open_session(self._check_password(body))
        if grant_type == "refresh_token":
            user_id = self._sessions.pop(str(body.get("refresh_token")), None)
            if user_id is None:
                raise AuthError(
                    400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found"
                )
            return self._open_session(user_id)
        raise AuthError(400, "validation_failed", "unsupported_grant_type")

    def _check_password(self, body: Json) -> str:
        with psycopg.connect(self._dsn) as connection:
            row = connection.execute(
                _SIGN_IN, [str(body.get("email")), str(body.get("password"))]
            ).fetchone()
        if row is None:
            raise AuthError(400, "invalid_credentials", "Invalid login credentials")
        return str(row[0])

    def _open_session(self, user_id: str) -> Json:
        user = self._read_user(id=user_id)
        claims = user_claims(
            self.issuer, user_id, user["email"], user["raw_app_meta_data"], self.token_seconds
        )
        refresh_token = secrets.token_urlsafe(16)
        self._sessions[refresh_token] = user_id
        return {
            "access_token": self._keys.sign(claims),
            "token_type": "bearer",
            "expires_in": max(self.token_seconds, 3600),
            "expires_at": int(time.time()) + max(self.token_seconds, 3600),
            "refresh_token": refresh_token,
            "user": _show(user),
        }

    def _send_code(self, email: str) -> Json:
        """Send a code if the address has an account; the response is the same if it has none."""
        code = f"{secrets.randbelow(1_000_000):06}"
        token_hash = hashlib.sha224(f"{email}{code}".encode()).hexdigest()
        try:
            self._read_user(email=email)
        except AuthError:
            return {}
        self.mailbox.append(Mail(email, code, token_hash, time.time() + _CODE_SECONDS))
        return {}

    def _verify_code(self, body: Json) -> Json:
        for mail in self.mailbox:
            is_it = body.get("token_hash") == mail.token_hash or (
                (body.get("email"), body.get("token")) == (mail.email, mail.code)
            )
            if is_it and mail.expires_at > time.time():
                self.mailbox.remove(mail)
                return self._open_session(str(self._read_user(email=mail.email)["id"]))
        raise AuthError(403, "otp_expired", "Token has expired or is invalid")

    def _sign_out(self, headers: Headers) -> Json | None:
        user_id = self._bearer(headers)["sub"]
        self._sessions = {
            token: owner for token, owner in self._sessions.items() if owner != user_id
        }
        return None

    def _bearer(self, headers: Headers) -> Json:
        token = dict(headers).get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ")
        key = jwt.PyJWK(self._keys.jwks()["keys"][0]).key
        try:
            claims: Json = jwt.decode(token, key, ["ES256"], audience="authenticated")
        except jwt.PyJWTError:
            raise AuthError(403, "bad_jwt", "invalid JWT") from None
        return claims

    def _read_user(self, id: str | None = None, email: str | None = None) -> Json:  # noqa: A002
        with psycopg.connect(self._dsn, row_factory=dict_row) as connection:
            user = connection.execute(_READ_USER, {"id": id, "email": email}).fetchone()
        if user is None:
            raise AuthError(400, "invalid_credentials", "Invalid login credentials")
        if user["is_banned"]:
            raise AuthError(403, "user_banned", "User is banned")
        return user


def _show(user: Json) -> Json:
    return {
        "id": str(user["id"]),
        "aud": "authenticated",
        "role": "authenticated",
        "email": user["email"],
        "app_metadata": user["raw_app_meta_data"] or {},
        "user_metadata": {},
        "identities": [],
        "created_at": "2026-01-01T00:00:00Z",
        "is_anonymous": False,
    }


def _parse(body: bytes) -> Json:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise AuthError(400, "bad_json", "Could not parse request body as JSON")
    return parsed
