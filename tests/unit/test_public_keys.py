"""Trouble with the project's public keys is a 503 that names it; a bad token stays a 401."""

import json
import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi.testclient import TestClient

from prompt_capture.api.tokens import InvalidToken, KeysUnavailable, TokenVerifier
from tests.fakes.prompt_store import InMemoryPromptStore
from tests.unit.conftest import INTENTS, make_apps
from tests.unit.tokens import TokenMint

MARKER = "xylophonic-zebra"
Respond = Callable[[BaseHTTPRequestHandler], None]


class KeyServer:
    """Serves the public keys of a project, or what `respond` does instead."""

    def __init__(self, url: str, mint: TokenMint) -> None:
        self.url, self.mint = url, mint
        self.respond: Respond = send(json.dumps(mint.jwks))
        self.requests = 0

    def token(self, user_id: UUID, **claims: Any) -> str:
        return self.mint.token(user_id, iss=f"{self.url}/auth/v1", **claims)


def send(body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Respond:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body.encode())

    return respond


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Reset the connection instead of responding."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()


def reset_within_the_body(handler: BaseHTTPRequestHandler) -> None:
    send('{"keys": [', headers={"Content-Length": "1000"})(handler)
    handler.wfile.flush()
    reset(handler)


def end_within_the_body(handler: BaseHTTPRequestHandler) -> None:
    send('{"keys": [', headers={"Content-Length": "1000"})(handler)


def send_nothing(handler: BaseHTTPRequestHandler) -> None:
    handler.rfile.read(1)  # until the client has closed the connection


def drip(start: str) -> Respond:
    """Send the start of a response, and then one character of it at a time without end."""

    def respond(handler: BaseHTTPRequestHandler) -> None:
        with suppress(OSError):
            handler.wfile.write(f"HTTP/1.0 200 OK\r\n{start}".encode())
            while True:
                handler.wfile.write(b"a")
                time.sleep(0.1)

    return respond


def send_without_end(handler: BaseHTTPRequestHandler) -> None:
    with suppress(OSError):
        send('{"keys": [')(handler)
        while True:
            handler.wfile.write(b" " * 65_536)


@contextmanager
def key_server() -> Iterator[KeyServer]:
    class KeyHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests += 1
            server.respond(self)

        def log_message(self, *args: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), KeyHandler) as http:
        server = KeyServer(f"http://127.0.0.1:{http.server_port}", TokenMint())
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield server
        http.shutdown()
        thread.join()


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    with key_server() as server:
        yield server


TROUBLE: dict[str, tuple[Respond, str]] = {
    "a reset": (reset, "no response"),
    "a reset within the body": (reset_within_the_body, "no response"),
    "an end within the body": (end_within_the_body, "no response"),
    "nothing": (send_nothing, "no response"),
    "a drip of a header": (drip("X-Drip: "), "no response"),
    "a drip of the body": (drip("\r\n"), "no response"),
    "a body without end": (send_without_end, "the response is too long"),
    "a body that is too long": (send(json.dumps({"keys": [], "a": "b" * 300_000})), "too long"),
    "HTML": (send(f"<html>{MARKER}</html>"), "not a key set"),
    "half a JSON": (send('{"keys": [{"kty": "EC"'), "not a key set"),
    "nested JSON": (send("[" * 100_000), "not a key set"),
    "another JSON": (send(f'["{MARKER}"]'), "not a key set"),
    "no JSON object": (send("null"), "not a key set"),
    "an empty body": (send(""), "not a key set"),
    "no keys": (send('{"keys": []}'), "not a key set"),
    "keys that are no list": (send('{"keys": {"a": 1}}'), "not a key set"),
    "unusable keys": (send('{"keys": [{"kty": "EC", "alg": ["x"]}, 1]}'), "not a key set"),
    "keys for no algorithm": (
        send(json.dumps({"keys": [TokenMint().jwks["keys"][0] | {"alg": "none"}]})),
        "usable keys",
    ),
    "keys without an id": (
        send(json.dumps({"keys": [TokenMint().jwks["keys"][0] | {"kid": ""}]})),
        "usable keys",
    ),
    "a server error": (send(MARKER, 500), "status 500"),
    "a missing project": (send(MARKER, 404), "status 404"),
    "a redirect": (send("", 302, {"Location": "https://example.com/"}), "status 302"),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_trouble_with_the_keys_is_a_503_that_names_it(
    keys: KeyServer, user_id: UUID, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    keys.respond, reason = TROUBLE[trouble]
    store = InMemoryPromptStore(users=[user_id], intents=INTENTS)
    client = TestClient(make_apps(store, TokenVerifier(keys.url))["classify"])
    headers = {"Authorization": f"Bearer {keys.token(user_id)}"}
    caplog.set_level(logging.INFO)

    responses = [client.post("/v1/classify", json={"message": "hm"}, headers=headers) for _ in "ab"]

    for response in responses:
        assert response.status_code == 503
        assert response.json()["error"]["code"] == "keys_unavailable"
        assert reason in response.json()["error"]["message"]
        assert int(response.headers["Retry-After"]) > 0
        assert MARKER not in response.text
    assert keys.requests == 1, "the second request does not wait for another timeout"
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.message for record in warnings] == ["The public keys cannot be fetched."]
    assert MARKER not in caplog.text
    assert not store.rows


@pytest.mark.parametrize("start", ["X-Drip: ", "\r\n"])
def test_the_fetch_of_the_keys_has_one_limit_as_a_whole(
    keys: KeyServer, user_id: UUID, start: str
) -> None:
    keys.respond = drip(start)
    began = time.monotonic()

    with pytest.raises(KeysUnavailable):
        TokenVerifier(keys.url).verify(keys.token(user_id))

    assert time.monotonic() - began < 5, "the limit is two seconds"


async def test_the_keys_are_fetched_within_an_event_loop_too(
    keys: KeyServer, user_id: UUID
) -> None:
    assert TokenVerifier(keys.url).verify(keys.token(user_id)).user_id == user_id


def test_a_project_that_recovers_is_asked_again(
    keys: KeyServer, user_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = TokenVerifier(keys.url)
    works, keys.respond = keys.respond, reset
    with pytest.raises(KeysUnavailable) as unavailable:
        verifier.verify(keys.token(user_id))
    keys.respond = works

    later = time.monotonic() + unavailable.value.retry_after_seconds
    monkeypatch.setattr("time.monotonic", lambda: later)

    assert verifier.verify(keys.token(user_id)).user_id == user_id


def test_known_keys_stay_valid_while_the_project_does_not_respond(
    keys: KeyServer, user_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = TokenVerifier(keys.url)
    verifier.verify(keys.token(user_id))
    keys.respond = reset
    cooled_down = time.monotonic() + 60
    monkeypatch.setattr("time.monotonic", lambda: cooled_down)

    with pytest.raises(KeysUnavailable):
        verifier.verify(rotated(keys, user_id))

    assert verifier.verify(keys.token(user_id)).user_id == user_id


def rotated(keys: KeyServer, user_id: UUID, **claims: Any) -> str:
    """Return a token that was signed by a key that the server does not have."""
    issued = keys.mint.claims(user_id, iss=f"{keys.url}/auth/v1", **claims)
    key = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(issued, key, "ES256", headers={"kid": "rotated"})


def test_a_new_token_of_a_key_that_is_not_published_yet_is_a_503(
    keys: KeyServer, user_id: UUID
) -> None:
    with pytest.raises(KeysUnavailable, match="not published yet"):
        TokenVerifier(keys.url).verify(rotated(keys, user_id))


def test_a_cached_key_set_is_older_than_a_token_that_was_issued_meanwhile(
    keys: KeyServer, user_id: UUID
) -> None:
    keys.respond = send(json.dumps(keys.mint.jwks), headers={"Age": "300"})
    verifier = TokenVerifier(keys.url)
    now = int(time.time())

    with pytest.raises(KeysUnavailable, match="not published yet"):
        verifier.verify(rotated(keys, user_id, iat=now - 200))
    with pytest.raises(InvalidToken):
        verifier.verify(rotated(keys, user_id, iat=now - 400))


def test_a_key_that_is_published_after_a_rotation_is_found(
    keys: KeyServer, user_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = TokenVerifier(keys.url)
    verifier.verify(keys.token(user_id))
    new = TokenMint()
    new.jwks["keys"][0]["kid"] = "rotated"
    claims = keys.mint.claims(user_id, iss=f"{keys.url}/auth/v1")
    token = jwt.encode(claims, new.private_key, "ES256", headers={"kid": "rotated"})

    with pytest.raises(KeysUnavailable):
        verifier.verify(token)
    keys.respond = send(json.dumps({"keys": keys.mint.jwks["keys"] + new.jwks["keys"]}))
    with pytest.raises(KeysUnavailable) as unavailable:
        verifier.verify(token)
    assert keys.requests == 2, "unknown keys do not fetch the key set each time"
    later = time.monotonic() + unavailable.value.retry_after_seconds
    monkeypatch.setattr("time.monotonic", lambda: later)

    assert verifier.verify(token).user_id == user_id


@pytest.mark.parametrize(
    "claims",
    [
        {"iat": int(time.time()) - 10},
        {"iat": int(time.time()) + 3000},
        {"iat": None},
        {"iat": "now"},
        {"iss": "https://elsewhere.supabase.co/auth/v1"},
    ],
    ids=[
        "older than the key set, as after a revocation",
        "of the future",
        "without a time",
        "with a malformed time",
        "of another project",
    ],
)
def test_any_other_token_of_an_unknown_key_stays_invalid(
    keys: KeyServer, user_id: UUID, claims: dict[str, Any]
) -> None:
    issued = {"iss": f"{keys.url}/auth/v1"} | claims
    token = jwt.encode(
        keys.mint.claims(user_id, **issued),
        ec.generate_private_key(ec.SECP256R1()),
        "ES256",
        headers={"kid": "rotated"},
    )

    with pytest.raises(InvalidToken):
        TokenVerifier(keys.url).verify(token)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJFUzI1NiJ9.e30.x"])
def test_a_token_that_names_no_key_is_invalid_without_a_request(
    keys: KeyServer, token: str
) -> None:
    keys.respond = reset

    with pytest.raises(InvalidToken):
        TokenVerifier(keys.url).verify(token)

    assert keys.requests == 0
