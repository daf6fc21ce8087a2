"""What an attacker tries with a token, two tokens or the publishable key, and what comes of it."""

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

from .api import Api, serving
from .cast import ALICE, ANONYMOUS, BOB, EXPORTER, OTHER_USER, REVIEWER, STRANGER, USER, Actor
from .rows import add_user, correct, insert
from .server import Connection, Server

LOGS = "/nlu_prompt_logs"
SECRET = "bob moves his clinic visit"
CATALOGUE = "/intent_catalogue"


@pytest.fixture(scope="module")
def besieged(server: Server, template: str) -> str:
    """A database with rows of Alice's and of Bob's, some of one text."""
    server.copy_database(template, "besieged")
    with server.connect("postgres", "besieged") as connection:
        for user in (ALICE, BOB, STRANGER):
            add_user(connection, user)
        for prompt in ("what both say", "only alice says"):
            insert(connection, prompt=prompt)
        plant(connection, 3)
    return "besieged"


def plant(connection: Connection, copies: int) -> None:
    """Let Bob send what Alice must not learn of, and have some of it reviewed."""
    for _ in range(copies):
        insert(connection, user_id=BOB, prompt="what both say", confidence=0.9)
        insert(connection, user_id=BOB, prompt=SECRET, conversation_id="bob's", scope=0.9)
    correct(connection, insert(connection, user_id=BOB, prompt=SECRET), "help", "grace", "a note")


@pytest.fixture(scope="module")
def api(server: Server, besieged: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """PostgREST on that database."""
    with serving(server, besieged, tmp_path_factory.mktemp("postgrest")) as running:
        yield running


def answer_to(api: Api, actor: Actor | None, asked: dict[str, str], path: str = LOGS) -> Any:
    """All that one answer tells, but the time it took."""
    headers = {"Prefer": asked.pop("prefer")} if "prefer" in asked else {}
    answer = api.request(actor, "GET", path, params=asked, headers=headers)
    return answer.status_code, answer.headers.get("Content-Range"), answer.text


# Tokens ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "role",
    ["postgres", "prompt_maintainer", "supabase_admin", "authenticator", "dashboard_user", "public",
     "none", "", 'anon"; set role postgres; --', "prompt_maintainer,anon"],
)  # fmt: skip
@pytest.mark.parametrize(
    "path", [LOGS, CATALOGUE, "/review_queue", f"/rpc/count_user_data?person={BOB}"]
)
def test_even_a_signed_token_names_no_role_that_was_not_made_for_it(
    api: Api, role: str, path: str
) -> None:
    answer = api.request(Actor("mallory", role, BOB), "GET", path)
    assert answer.status_code in {400, 401, 403}
    assert SECRET not in answer.text


def signed_with_what_is_public(claims: dict[str, object], key: dict[str, Any]) -> str:
    """Take the public key for a shared secret, as a careless server does."""
    parts = ({"alg": "HS256", "kid": key["kid"]}, claims)
    told = ".".join(base64url(json.dumps(part).encode()) for part in parts)
    return f"{told}.{base64url(hmac.digest(json.dumps(key).encode(), told.encode(), 'sha256'))}"


def base64url(data: bytes) -> str:
    """Write it as JSON Web Tokens do."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def test_a_token_that_nobody_signed_for_us_now_is_refused(api: Api) -> None:
    ours, now = api.keys, int(time.time())
    claims = {"aud": "authenticated", "exp": now + 60, "role": "service_role", "sub": str(BOB)}
    public = ours.jwks()["keys"][0]
    forged = [
        generate_keys().sign(claims),
        jwt.encode(claims, "", "none"),
        signed_with_what_is_public(claims, public),
        jwt.encode(claims, ours.publishable * 2, "HS256"),
        ours.sign(claims | {"exp": now - 600}),
        ours.sign(claims | {"nbf": now + 600}),
        ours.sign(claims | {"aud": "somebody else"}),
        ours.sign(claims)[:-6] + "AAAAAA",
        ours.publishable,
    ]
    for token in forged:
        answer = api.bearing(token, LOGS)
        assert (answer.status_code, SECRET in answer.text) == (401, False), token
    assert SECRET in api.bearing(ours.sign(claims), LOGS).text, "one that is well made opens it"


@pytest.mark.parametrize(
    "subject",
    [None, "", "null", "0", str(ALICE)[:-1], f"{ALICE} ", f"{ALICE}' or true --", [str(BOB)],
     {"id": str(BOB)}, 0, True],
)  # fmt: skip
def test_a_subject_that_is_no_users_id_reads_nothing(api: Api, subject: object) -> None:
    claims = {"aud": "authenticated", "exp": int(time.time()) + 60, "role": "authenticated"}
    answer = api.bearing(api.keys.sign(claims | {"sub": subject}), LOGS)
    assert answer.text == "[]" or not answer.is_success
    assert "says" not in answer.text


def test_claims_of_ones_own_making_open_nothing(api: Api) -> None:
    claims = {"aud": "authenticated", "exp": int(time.time()) + 60, "role": "authenticated",
              "sub": str(ALICE), "user_id": str(BOB), "user_metadata": {"role": "service_role"},
              "app_metadata": {"role": "postgres", "user_id": str(BOB)}}  # fmt: skip
    mine = {row["user_id"] for row in api.bearing(api.keys.sign(claims), LOGS).json()}
    assert mine == {str(ALICE)}


# Reading -----------------------------------------------------------------------------------

GUESSES: list[dict[str, str]] = [
    {"prompt": f"eq.{SECRET}"}, {"prompt": "like.*clinic*"}, {"prompt": "imatch.(clin)+ic"},
    {"prompt": "fts.clinic"}, {"prompt": "not.like.*alice*"}, {"prompt": "in.(a,b)"},
    {"or": f"(user_id.eq.{BOB},prompt.like.*clinic*)"}, {"user_id": f"neq.{ALICE}"},
    {"conversation_id": "not.is.null"}, {"not.and": f"(user_id.eq.{ALICE})"},
    {"prompt->x": "is.null"}, {"secondary_intents->0->>intent": "is.null"},
    {"secondary_intents": 'cs.[{"intent":"help"}]'}, {"corrected_intent": "eq.help"},
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
ELSEWHERE: list[tuple[str, dict[str, str]]] = [
    (CATALOGUE, {"select": "intent,nlu_prompt_logs(prompt)"}),
    (CATALOGUE, {"select": "intent,nlu_prompt_logs!inner(count)", "prefer": "count=exact"}),
    (CATALOGUE, {"select": "intent,correction_events(count)"}),
    (CATALOGUE, {"select": "intent,review_queue(text)"}),
    ("/review_queue", {"limit": "0", "prefer": "count=exact"}),
    ("/review_queue", {"limit": "0", "prefer": "count=planned"}),
    ("/correction_events", {"select": "reviewer", "prefer": "count=estimated"}),
    ("/labelled_prompts", {"prompt": "like.*clinic*"}),
]


def test_what_others_send_changes_no_answer_to_any_question(
    api: Api, server: Server, besieged: str
) -> None:
    """Asked as Alice, as somebody without rows, and with the publishable key alone."""
    asked = [(LOGS, guess) for guess in GUESSES] + ELSEWHERE

    def ask() -> list[Any]:
        return [
            (path, guess, str(actor), answer_to(api, actor, dict(guess), path))
            for (path, guess), actor in product(asked, (USER, REVIEWER, None))
        ]

    before = ask()
    with server.connect("postgres", besieged) as connection:
        plant(connection, 5)
    assert ask() == before
    told = [answer for *_, (_, _, answer) in before]
    assert not [text for text in told if "clinic visit" in text or "grace" in text]
    assert any("only alice says" in text for text in told), "questions that find something"


def test_the_same_questions_find_what_they_look_for_where_it_is_ones_own(api: Api) -> None:
    found = [answer_to(api, OTHER_USER, dict(guess)) for guess in GUESSES]
    assert sum(SECRET in text for *_, text in found) >= 8


def test_an_error_quotes_nobody_but_whoever_asked(api: Api) -> None:
    """PostgreSQL quotes what it cannot convert: a user's own words, and to an exporter a text."""
    for actor in (USER, REVIEWER, ANONYMOUS):
        answer = api.request(actor, "GET", LOGS, params={"select": "prompt::int"})
        assert SECRET not in answer.text
    guess = {"select": "prompt::int", "user_id": f"eq.{BOB}"}
    assert SECRET not in api.request(EXPORTER, "GET", LOGS, params=guess).text


@pytest.mark.parametrize("schema", ["private", "auth", "cron", "extensions", "pg_catalog"])
def test_no_other_schema_is_served(api: Api, schema: str) -> None:
    for header in ("Accept-Profile", "Content-Profile"):
        method = "GET" if header == "Accept-Profile" else "POST"
        answer = api.request(USER, method, "/users", headers={header: schema}, json={})
        assert answer.status_code == 406


def test_a_user_is_shown_two_tables_and_no_function(api: Api) -> None:
    assert set(api.request(USER, "GET", "/").json()["paths"]) == {"/", LOGS, CATALOGUE}


def test_no_function_answers_to_a_token_or_the_publishable_key(
    api: Api, server: Server, besieged: str
) -> None:
    with server.connect("postgres", besieged) as connection:
        ours = connection.execute(
            "select proname from pg_proc where pronamespace = 'public'::regnamespace"
        ).fetchall()
    mighty = ("set_config", "pg_sleep", "pg_notify", "lo_create", "pg_advisory_lock", "nextval",
              "query_to_xml", "pg_read_file", "hmac", "gen_random_bytes")  # fmt: skip
    for name, actor in product([*(str(name) for (name,) in ours), *mighty], (USER, None)):
        with server.connect("postgres", besieged) as connection:
            named = connection.execute(
                "select proargnames from pg_proc where proname = %s and pronamespace ="
                " 'public'::regnamespace",
                [name],
            ).fetchone()
        arguments: Any = named[0] if named else []
        sent = dict.fromkeys(arguments or [])
        answer = api.request(actor, "POST", f"/rpc/{name}", json=sent)
        assert answer.status_code in {401, 403, 404}, (name, answer.text)
    assert len(ours) > 10


# Writing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("actor", [USER, REVIEWER, None], ids=str)
def test_no_form_of_writing_gets_through(api: Api, actor: Actor | None) -> None:
    (row, *_) = api.request(OTHER_USER, "GET", LOGS).json()
    mine = row | {"user_id": str(actor.subject if actor else ALICE)}
    key = {"id": f"eq.{row['id']}"}
    merging = {"Prefer": "resolution=merge-duplicates,missing=default,return=representation"}
    tried = [
        ("POST", {"on_conflict": "id", "columns": "id"}, {"id": row["id"]}, merging),
        ("POST", {"on_conflict": "id"}, mine, merging),
        ("POST", {"columns": "id,user_id"}, [mine, mine], {"Prefer": "tx=rollback"}),
        ("PUT", key, row, {}),
        ("PATCH", key, {}, {"Prefer": "return=representation"}),
        ("PATCH", {"order": "id", "limit": "1"} | key, {"prompt": "x"}, {}),
        ("PATCH", {"user_id": f"eq.{BOB}"}, {"text_key": None}, {"Prefer": "max-affected=0"}),
        ("DELETE", key, None, {"Prefer": "return=representation"}),
        ("DELETE", {"prompt": "like.*clinic*"}, None, {"Prefer": "count=exact"}),
    ]
    for method, query, body, headers in tried:
        answer = api.request(actor, method, LOGS, params=query, json=body, headers=headers)
        assert "clinic" not in answer.text
        assert not answer.is_success or answer.text == "[]" or (method == "PATCH" and not body)
    assert api.request(OTHER_USER, "GET", LOGS, params=key).json() == [row]


# Poisoning ---------------------------------------------------------------------------------


def queued(dashboard: Connection) -> dict[str, tuple[int, str]]:
    """Of each text in the queue how often it was said, and its label."""
    rows = dashboard.execute("select text, times_sent, corrected_intent from public.review_queue")
    return {str(text): (int(str(n)), str(label or "")) for text, n, label in rows.fetchall()}


LOOK_ALIKES = [
    "p\u0430y rent",
    "pay\u200d rent",
    "\u202epay rent",
    "pay\u00adrent",
    "p\u00e1y rent",
]


@pytest.mark.parametrize("text", LOOK_ALIKES, ids=ascii)
def test_a_text_that_only_looks_like_another_does_not_get_its_label(
    dashboard: Connection, text: str
) -> None:
    correct(dashboard, insert(dashboard, prompt="pay rent", confidence=0.1), "help")
    add_user(dashboard, BOB)
    insert(dashboard, user_id=BOB, prompt=text, confidence=0.1)
    assert sorted(label for _, label in queued(dashboard).values()) == ["", "help"]


@pytest.mark.parametrize("text", ["\u200bpay rent", "Pay  rent\x07", "\uff50ay rent"], ids=ascii)
def test_what_the_model_reads_alike_is_one_text(dashboard: Connection, text: str) -> None:
    correct(dashboard, insert(dashboard, prompt="pay rent", confidence=0.1), "help")
    add_user(dashboard, BOB)
    insert(dashboard, user_id=BOB, prompt=text, confidence=0.1)
    assert queued(dashboard) == {"pay rent": (2, "help")}


@pytest.mark.parametrize(
    "text",
    ["=hyperlink(\"http://x\")", "<img src=x onerror=alert(1)>", "'; drop table x; --", "\u200b",
     "$json$; select 1; --", "{{7*7}}", "%s %(x)s {0}", "x" * 4000, "\U0001f600" * 2000],
    ids=lambda text: ascii(text[:12]),
)  # fmt: skip
def test_a_hostile_text_is_a_text(dashboard: Connection, text: str) -> None:
    log_id = insert(dashboard, prompt=text, confidence=0.1)
    correct(dashboard, log_id, "help")
    stored = dashboard.execute("select prompt from public.nlu_prompt_logs").fetchone()
    assert stored == (text,)
    assert list(queued(dashboard).values()) == [(1, "help")]


def test_two_accounts_queue_no_more_than_two_caps(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    dashboard.execute("update private.settings set daily_cap = 3")
    for number, owner in product(range(9), (ALICE, BOB)):
        insert(dashboard, user_id=owner, prompt=f"spam {number} {owner}", confidence=0.1)
    assert len(queued(dashboard)) == 6


def test_many_rows_of_one_statement_are_capped_like_many_statements(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set daily_cap = 3")
    dashboard.execute(
        """insert into public.nlu_prompt_logs
             (id, user_id, prompt, predicted_intent, confidence, source, model_version)
           select gen_random_uuid(), %s, 'spam ' || n, 'help', 0.1, 'model', 'test-1'
           from generate_series(1, 9) as numbers (n)""",
        [ALICE],
    )
    assert len(queued(dashboard)) == 3


def test_past_the_cap_a_capture_leaves_no_trace_by_which_to_tell_what_is_queued(
    dashboard: Connection,
) -> None:
    """What is not done takes no time: a guess cannot be timed again and again."""
    add_user(dashboard, BOB)
    insert(dashboard, user_id=BOB, prompt="bob's", confidence=0.1)
    dashboard.execute("update private.settings set daily_cap = 1")
    insert(dashboard, prompt="anything")
    version = "select ctid, xmin, xmax from public.review_queue where text = 'bob''s'"
    before = dashboard.execute(version).fetchone()
    mine: UUID = insert(dashboard, prompt="bob's")
    assert dashboard.execute(version).fetchone() == before
    assert dashboard.execute(
        "select within_daily_cap from public.nlu_prompt_logs where id = %s", [mine]
    ).fetchone() == (False,)
