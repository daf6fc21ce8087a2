"""Attacks on the database API with forged tokens, with users' tokens or the publishable key."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from itertools import product
from typing import Any
from uuid import UUID

import jwt
import pytest

from infra.local.keys import generate_keys
from tests.database_reset import NOTHING_AT_RANDOM

from .actors import ALICE, ANONYMOUS, BOB, EXPORTER, OTHER_USER, REVIEWER, STRANGER, USER, Actor
from .api import PostgrestClient, run_postgrest
from .rows import add_user, correct, insert
from .server import Connection, Server

LOGS = "/nlu_prompt_logs"
SECRET = "bob moves his clinic visit"
CATALOGUE = "/intent_catalogue"


@pytest.fixture(scope="module")
def attacked(server: Server, template: str) -> str:
    """A database with rows from Alice and Bob, of which some share a text."""
    server.copy_database(template, "attacked")
    with server.connect("postgres", "attacked") as connection:
        connection.execute(NOTHING_AT_RANDOM)
        for user in (ALICE, BOB, STRANGER):
            add_user(connection, user)
        for prompt in ("a shared text", "only from alice"):
            insert(connection, prompt=prompt)
        insert_bobs_rows(connection, 3)
    return "attacked"


def insert_bobs_rows(connection: Connection, copies: int) -> None:
    """Insert rows from Bob that Alice must not learn about, and correct one of them."""
    for _ in range(copies):
        insert(connection, user_id=BOB, prompt="a shared text", confidence=0.9)
        insert(connection, user_id=BOB, prompt=SECRET, conversation_id="bob's", scope=0.9)
    correct(connection, insert(connection, user_id=BOB, prompt=SECRET), "help", "grace", "a note")


@pytest.fixture(scope="module")
def api(
    server: Server, attacked: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgrestClient]:
    """PostgREST on the attacked database."""
    with run_postgrest(server, attacked, tmp_path_factory.mktemp("postgrest")) as running:
        yield running


def probe(
    api: PostgrestClient, actor: Actor | None, query: dict[str, str], path: str = LOGS
) -> tuple[int, str | None, str]:
    """Return status, `Content-Range` and body of a response: all it reveals except its timing."""
    headers = {"Prefer": query.pop("prefer")} if "prefer" in query else {}
    response = api.request(actor, "GET", path, params=query, headers=headers)
    return response.status_code, response.headers.get("Content-Range"), response.text


# The console -----------------------------------------------------------------------------

CONSOLE_CALLS: dict[str, dict[str, Any]] = {
    "console_items": {},
    "console_decide": {
        "item": 1,
        "seen": 0,
        "intent": "help",
        "is_blind": True,
        "near_duplicates": [1, 2],
    },
    "console_undo": {"item": 1, "event": 1},
    "console_skip": {"item": 1, "reason": "unsure"},
    "console_progress": {},
    "console_accuracy": {},
    "console_models": {},
}

HEALTH_FUNCTIONS = ("health", "list_alerts", "acknowledge_alert", "mute_alert")


@pytest.mark.parametrize("actor", [None, ANONYMOUS, USER, OTHER_USER, REVIEWER], ids=str)
@pytest.mark.parametrize("function", CONSOLE_CALLS)
def test_whoever_has_no_role_learns_nothing_from_the_console(
    api: PostgrestClient, function: str, actor: Actor | None
) -> None:
    """The token of the reviewer names the role; the account does not have it."""
    bodies = set()
    for item in (1, 10**9):
        arguments = CONSOLE_CALLS[function]
        body = arguments | ({"item": item} if "item" in arguments else {})
        response = api.request(actor, "POST", f"/rpc/{function}", json=body)
        assert response.status_code in {401, 403}
        bodies.add(response.text)
    assert SECRET not in "".join(bodies)
    assert len(bodies) == 1, "The response says whether an item exists."


def test_a_private_function_of_the_console_is_no_endpoint(api: PostgrestClient) -> None:
    for function in (
        *("list_console_items", "console_caller", "append_console_event"),
        *("show_blind_item", "show_near_duplicates", "label_near_duplicates"),
    ):
        for profile in ("public", "private"):
            headers = {"Content-Profile": profile}
            response = api.request(USER, "POST", f"/rpc/{function}", json={}, headers=headers)
            assert response.status_code in {404, 406}


# Tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "role",
    ["postgres", "prompt_maintainer", "supabase_admin", "authenticator", "dashboard_user", "public",
     "none", "", 'anon"; set role postgres; --', "prompt_maintainer,anon"],
)  # fmt: skip
@pytest.mark.parametrize(
    "path", [LOGS, CATALOGUE, "/review_queue", f"/rpc/count_user_data?user_id={BOB}"]
)
def test_a_signed_token_with_a_role_outside_the_api_is_refused(
    api: PostgrestClient, role: str, path: str
) -> None:
    response = api.request(Actor("mallory", role, BOB), "GET", path)
    assert response.status_code in {400, 401, 403}
    assert SECRET not in response.text


def sign_with_public_key(claims: dict[str, object], key: dict[str, Any]) -> str:
    """Return a token whose HMAC secret is the public key (algorithm confusion)."""
    parts = ({"alg": "HS256", "kid": key["kid"]}, claims)
    signed = ".".join(encode_base64url(json.dumps(part).encode()) for part in parts)
    signature = hmac.digest(json.dumps(key).encode(), signed.encode(), "sha256")
    return f"{signed}.{encode_base64url(signature)}"


def encode_base64url(data: bytes) -> str:
    """Encode data as in a JSON Web Token: base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def test_a_forged_expired_or_foreign_token_is_refused(api: PostgrestClient) -> None:
    keys, now = api.keys, int(time.time())
    claims = {"aud": "authenticated", "exp": now + 60, "role": "service_role", "sub": str(BOB)}
    public = keys.jwks()["keys"][0]
    forged = [
        generate_keys().sign(claims),
        jwt.encode(claims, "", "none"),
        sign_with_public_key(claims, public),
        jwt.encode(claims, keys.publishable * 2, "HS256"),
        keys.sign(claims | {"exp": now - 600}),
        keys.sign(claims | {"nbf": now + 600}),
        keys.sign(claims | {"aud": "another service"}),
        keys.sign(claims)[:-6] + "AAAAAA",
        keys.publishable,
    ]
    for token in forged:
        response = api.get_with_token(token, LOGS)
        assert (response.status_code, SECRET in response.text) == (401, False), token
    assert SECRET in api.get_with_token(keys.sign(claims), LOGS).text, "a valid token is accepted"


@pytest.mark.parametrize(
    "subject",
    [None, "", "null", "0", str(ALICE)[:-1], f"{ALICE} ", f"{ALICE}' or true --", [str(BOB)],
     {"id": str(BOB)}, 0, True],
)  # fmt: skip
def test_a_subject_that_is_not_a_user_id_reads_nothing(
    api: PostgrestClient, subject: object
) -> None:
    claims = {"aud": "authenticated", "exp": int(time.time()) + 60, "role": "authenticated"}
    response = api.get_with_token(api.keys.sign(claims | {"sub": subject}), LOGS)
    assert response.text == "[]" or not response.is_success
    assert "from alice" not in response.text


def test_additional_claims_grant_nothing(api: PostgrestClient) -> None:
    claims = {"aud": "authenticated", "exp": int(time.time()) + 60, "role": "authenticated",
              "sub": str(ALICE), "user_id": str(BOB), "user_metadata": {"role": "service_role"},
              "app_metadata": {"role": "postgres", "user_id": str(BOB)}}  # fmt: skip
    senders = {row["user_id"] for row in api.get_with_token(api.keys.sign(claims), LOGS).json()}
    assert senders == {str(ALICE)}


# Reading -----------------------------------------------------------------------------------

PROBES: list[dict[str, str]] = [
    {"prompt": f"eq.{SECRET}"}, {"prompt": "like.*clinic*"}, {"prompt": "imatch.(clin)+ic"},
    {"prompt": "fts.clinic"}, {"prompt": "not.like.*alice*"}, {"prompt": "in.(a,b)"},
    {"or": f"(user_id.eq.{BOB},prompt.like.*clinic*)"}, {"user_id": f"neq.{ALICE}"},
    {"conversation_id": "not.is.null"}, {"not.and": f"(user_id.eq.{ALICE})"},
    {"prompt->x": "is.null"}, {"secondary_intents->0->>intent": "is.null"},
    {"secondary_intents": 'cs.[{"intent":"help"}]'}, {"corrected_intent": "eq.help"},
    {"corrected_secondary_intents": "cs.{email}"}, {"corrected_secondary_intents->0": "is.null"},
    {"order": "user_id.desc,prompt"}, {"order": "prompt->x"}, {"order": "to_jsonb"},
    {"select": "prompt::int"}, {"select": "confidence::int,prompt::uuid"},
    {"select": "user_id::text::int"}, {"select": "to_jsonb"}, {"select": "hash_record"},
    {"select": "count()"}, {"select": "confidence.sum(),user_id"}, {"select": "prompt.max()"},
    {"select": "id,intent_catalogue(intent,nlu_prompt_logs(prompt))"},
    {"select": "id,...intent_catalogue!inner(intent)"}, {"select": "id,users(*)"},
    {"select": "id,review_queue(text)"}, {"select": "id,correction_events(notes)"},
    {"select": "id,nlu_prompt_logs!inner(prompt)"}, {"limit": "1", "offset": "1"},
    {"prefer": "count=exact"}, {"prefer": "count=exact", "prompt": "like.*clinic*"},
    {"prefer": "count=exact", "user_id": f"eq.{BOB}"}, {"limit": "0", "prefer": "count=exact"},
    {"prefer": "count=estimated", "prompt": f"eq.{SECRET}"}, {"created_at": "gt.tomorrow"},
    {"id": "eq.x"}, {"prompt": "eq.x' or '1'='1"}, {"text_key": r"gt.\x00"},
]  # fmt: skip
OTHER_PROBES: list[tuple[str, dict[str, str]]] = [
    (CATALOGUE, {"select": "intent,nlu_prompt_logs(prompt)"}),
    (CATALOGUE, {"select": "intent,nlu_prompt_logs!inner(count)", "prefer": "count=exact"}),
    (CATALOGUE, {"select": "intent,correction_events(count)"}),
    (CATALOGUE, {"select": "intent,review_queue(text)"}),
    ("/review_queue", {"limit": "0", "prefer": "count=exact"}),
    ("/review_queue", {"limit": "0", "prefer": "count=planned"}),
    ("/correction_events", {"select": "reviewer", "prefer": "count=estimated"}),
    ("/labelled_prompts", {"prompt": "like.*clinic*"}),
]


def test_rows_of_other_users_change_no_response(
    api: PostgrestClient, server: Server, attacked: str
) -> None:
    """The probes run as Alice, as a user without rows, and with the publishable key alone."""
    probes = [(LOGS, query) for query in PROBES] + OTHER_PROBES

    def run_probes() -> list[tuple[str, dict[str, str], str, tuple[int, str | None, str]]]:
        return [
            (path, query, str(actor), probe(api, actor, dict(query), path))
            for (path, query), actor in product(probes, (USER, REVIEWER, None))
        ]

    before = run_probes()
    with server.connect("postgres", attacked) as connection:
        insert_bobs_rows(connection, 5)
    assert run_probes() == before
    bodies = [body for *_, (_, _, body) in before]
    assert not [body for body in bodies if "clinic visit" in body or "grace" in body]
    assert any("only from alice" in body for body in bodies), "some probes find a row"


def test_the_probes_find_rows_of_their_own_user(api: PostgrestClient) -> None:
    responses = [probe(api, OTHER_USER, dict(query)) for query in PROBES]
    assert sum(SECRET in body for *_, body in responses) >= 8


def test_an_error_message_quotes_no_text_of_another_user(api: PostgrestClient) -> None:
    """The error message of PostgreSQL quotes a value that it cannot convert."""
    for actor in (USER, REVIEWER, ANONYMOUS):
        response = api.request(actor, "GET", LOGS, params={"select": "prompt::int"})
        assert SECRET not in response.text
    query = {"select": "prompt::int", "user_id": f"eq.{BOB}"}
    assert SECRET not in api.request(EXPORTER, "GET", LOGS, params=query).text


@pytest.mark.parametrize("schema", ["private", "auth", "cron", "extensions", "pg_catalog"])
def test_only_the_public_schema_is_exposed(api: PostgrestClient, schema: str) -> None:
    for header in ("Accept-Profile", "Content-Profile"):
        method = "GET" if header == "Accept-Profile" else "POST"
        response = api.request(USER, method, "/users", headers={header: schema}, json={})
        assert response.status_code == 406


def test_the_api_description_shows_a_user_two_tables_and_the_functions_that_look_up_the_account(
    api: PostgrestClient,
) -> None:
    functions = {f"/rpc/{name}" for name in (*CONSOLE_CALLS, "console_role", *HEALTH_FUNCTIONS)}

    paths = set(api.request(USER, "GET", "/").json()["paths"])

    assert paths == {"/", LOGS, CATALOGUE, *functions}


def test_no_function_can_be_called_with_a_users_token_or_the_publishable_key(
    api: PostgrestClient, server: Server, attacked: str
) -> None:
    with server.connect("postgres", attacked) as connection:
        functions = connection.execute(
            "select proname from pg_proc where pronamespace = 'public'::regnamespace"
        ).fetchall()
    builtins = ("set_config", "pg_sleep", "pg_notify", "lo_create", "pg_advisory_lock", "nextval",
              "query_to_xml", "pg_read_file", "hmac", "gen_random_bytes")  # fmt: skip
    names = [*(str(name) for (name,) in functions), *builtins]
    for name, actor in product(names, (USER, None)):
        with server.connect("postgres", attacked) as connection:
            row = connection.execute(
                "select proargnames from pg_proc where proname = %s and pronamespace ="
                " 'public'::regnamespace",
                [name],
            ).fetchone()
        arguments: Any = row[0] if row else []
        body = dict.fromkeys(arguments or [])
        response = api.request(actor, "POST", f"/rpc/{name}", json=body)
        if (name, actor) == ("console_role", USER):
            assert response.json() is None, "An account without a role learns just that."
        else:
            assert response.status_code in {401, 403, 404}, (name, response.text)
    assert len(functions) > 10


# Writing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("actor", [USER, REVIEWER, None], ids=str)
def test_every_kind_of_write_is_refused(api: PostgrestClient, actor: Actor | None) -> None:
    (row, *_) = api.request(OTHER_USER, "GET", LOGS).json()
    forged = row | {"user_id": str(actor.subject if actor else ALICE)}
    key = {"id": f"eq.{row['id']}"}
    merging = {"Prefer": "resolution=merge-duplicates,missing=default,return=representation"}
    requests = [
        ("POST", {"on_conflict": "id", "columns": "id"}, {"id": row["id"]}, merging),
        ("POST", {"on_conflict": "id"}, forged, merging),
        ("POST", {"columns": "id,user_id"}, [forged, forged], {"Prefer": "tx=rollback"}),
        ("PUT", key, row, {}),
        ("PATCH", key, {}, {"Prefer": "return=representation"}),
        ("PATCH", {"order": "id", "limit": "1"} | key, {"prompt": "x"}, {}),
        ("PATCH", {"user_id": f"eq.{BOB}"}, {"text_key": None}, {"Prefer": "max-affected=0"}),
        ("DELETE", key, None, {"Prefer": "return=representation"}),
        ("DELETE", {"prompt": "like.*clinic*"}, None, {"Prefer": "count=exact"}),
    ]
    for method, query, body, headers in requests:
        response = api.request(actor, method, LOGS, params=query, json=body, headers=headers)
        assert "clinic" not in response.text
        assert not response.is_success or response.text == "[]" or (method == "PATCH" and not body)
    assert api.request(OTHER_USER, "GET", LOGS, params=key).json() == [row]


# Poisoning ---------------------------------------------------------------------------------


def read_queue(dashboard: Connection) -> dict[str, tuple[int, str]]:
    """Return for each text in the queue how often it was sent, and its label."""
    rows = dashboard.execute("select text, times_sent, corrected_intent from public.review_queue")
    return {str(text): (int(str(n)), str(label or "")) for text, n, label in rows.fetchall()}


CONFUSABLE_TEXTS = [
    "p\u0430y rent",
    "pay\u00adrent",
    "pay\u2800rent",
    "p\u00e1y rent",
]


@pytest.mark.parametrize("text", CONFUSABLE_TEXTS, ids=ascii)
def test_a_confusable_text_does_not_get_the_label_of_the_original(
    dashboard: Connection, text: str
) -> None:
    correct(dashboard, insert(dashboard, prompt="pay rent", confidence=0.1), "help")
    add_user(dashboard, BOB)
    insert(dashboard, user_id=BOB, prompt=text, confidence=0.1)
    assert sorted(label for _, label in read_queue(dashboard).values()) == ["", "help"]


@pytest.mark.parametrize(
    "text",
    [
        "\u200bpay rent",
        "Pay  rent\x07",
        "\uff50ay rent",
        "pay\u200d rent",
        "\u202epay rent",
        "pay rent\ufe0f",
    ],
    ids=ascii,
)
def test_texts_that_are_equal_for_the_model_are_one_queue_item(
    dashboard: Connection, text: str
) -> None:
    correct(dashboard, insert(dashboard, prompt="pay rent", confidence=0.1), "help")
    add_user(dashboard, BOB)
    insert(dashboard, user_id=BOB, prompt=text, confidence=0.1)
    assert read_queue(dashboard) == {"pay rent": (2, "help")}


@pytest.mark.parametrize(
    "text",
    ["=hyperlink(\"http://x\")", "<img src=x onerror=alert(1)>", "'; drop table x; --", "\u200b",
     "$json$; select 1; --", "{{7*7}}", "%s %(x)s {0}", "x" * 4000, "\U0001f600" * 2000],
    ids=lambda text: ascii(text[:12]),
)  # fmt: skip
def test_a_hostile_text_is_stored_unchanged_and_queued(dashboard: Connection, text: str) -> None:
    log_id = insert(dashboard, prompt=text, confidence=0.1)
    correct(dashboard, log_id, "help")
    stored = dashboard.execute("select prompt from public.nlu_prompt_logs").fetchone()
    assert stored == (text,)
    assert list(read_queue(dashboard).values()) == [(1, "help")]


def test_the_daily_cap_applies_to_each_account(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    dashboard.execute("update private.settings set daily_cap = 3")
    for number, sender in product(range(9), (ALICE, BOB)):
        insert(dashboard, user_id=sender, prompt=f"spam {number} {sender}", confidence=0.1)
    assert len(read_queue(dashboard)) == 6


def test_the_daily_cap_applies_to_rows_of_a_single_statement(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set daily_cap = 3")
    dashboard.execute(
        """insert into public.nlu_prompt_logs
             (id, user_id, prompt, predicted_intent, confidence, source, model_version)
           select gen_random_uuid(), %s, 'spam ' || n, 'help', 0.1, 'model', 'test-1'
           from generate_series(1, 9) as numbers (n)""",
        [ALICE],
    )
    assert len(read_queue(dashboard)) == 3


def test_a_capture_beyond_the_daily_cap_does_not_touch_the_queue(dashboard: Connection) -> None:
    """Otherwise the time of a capture would reveal whether its text is in the queue."""
    add_user(dashboard, BOB)
    insert(dashboard, user_id=BOB, prompt="bob's", confidence=0.1)
    dashboard.execute("update private.settings set daily_cap = 1")
    insert(dashboard, prompt="anything")
    version = "select ctid, xmin, xmax from public.review_queue where text = 'bob''s'"
    before = dashboard.execute(version).fetchone()
    log_id: UUID = insert(dashboard, prompt="bob's")
    assert dashboard.execute(version).fetchone() == before
    assert dashboard.execute(
        "select within_daily_cap from public.nlu_prompt_logs where id = %s", [log_id]
    ).fetchone() == (False,)
