"""Keys of the wrong type, of another project, or that the project rejects, are reported."""

import hashlib
import json
import time
from typing import Any

import jwt
import pytest

from infra.local.keys import generate_keys
from prompt_capture.adapters.supabase.keys import detect_key_type
from prompt_capture.client.service import Service
from tests.doctor.conftest import Environment, RunCheck, problems, states
from tests.unit.signing_keys import REFUSED, UNDERSTOOD

OTHER_KEYS = generate_keys()
NAMES = {key: name for name, key in vars(OTHER_KEYS).items() if isinstance(key, str)}
"""The names of tests: keys are random, and the processes that share a run must agree on them."""
LEGACY = "legacy service role key"
PUBLISHABLE, SECRET, SIGNING, JWT_SECRET = (
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_SIGNING_KEY",
    "SUPABASE_JWT_SECRET",
)


def legacy_key(**claims: Any) -> str:
    return jwt.encode(claims, "a legacy project's secret, long enough", "HS256")


@pytest.mark.parametrize(
    ("key", "key_type"),
    [
        (OTHER_KEYS.publishable, "a publishable key"),
        (OTHER_KEYS.secret, "a secret key"),
        (OTHER_KEYS.legacy_anon, "a legacy anon key"),
        (OTHER_KEYS.legacy_service_role, "a legacy service role key"),
        (OTHER_KEYS.signing_key, "a private JWK"),
        (json.dumps(OTHER_KEYS.jwks()["keys"][0]), "a public JWK"),
        (OTHER_KEYS.jwt_secret, "a shared secret"),
        (OTHER_KEYS.api_key, "a shared secret"),
        (legacy_key(role="authenticated", sub="ada"), "a user's token"),
        (legacy_key(sub="ada"), "a user's token"),
        ('{"kty": "EC"}', "not a key"),
        ("{", "not a key"),
        ("short", "not a key"),
    ],
    ids=NAMES.get,
)
def test_each_key_type_is_detected(key: str, key_type: str) -> None:
    assert detect_key_type(key) == key_type


def test_the_keys_of_a_healthy_deployment_are_of_the_right_type_and_accepted(
    run_check: RunCheck, settings: Environment
) -> None:
    assert set(states(run_check("keys", settings)).values()) == {"ok"}
    assert set(states(run_check("accepted keys", settings)).values()) == {"ok"}


@pytest.mark.parametrize(
    ("name", "key", "message"),
    [
        (PUBLISHABLE, OTHER_KEYS.secret, "is a secret key; expected a publishable key"),
        (PUBLISHABLE, OTHER_KEYS.legacy_service_role, f"is a {LEGACY}; expected a publishable key"),
        (PUBLISHABLE, OTHER_KEYS.signing_key, "is a private JWK; expected a publishable key"),
        (SECRET, OTHER_KEYS.publishable, "is a publishable key; expected a secret key"),
        (SECRET, OTHER_KEYS.legacy_anon, "is a legacy anon key; expected a secret key"),
        (SIGNING, OTHER_KEYS.secret, "is a secret key; expected a private JWK"),
        (SIGNING, "short", "is not a key; expected a private JWK"),
        ("API_KEY", OTHER_KEYS.secret, "is a secret key; expected a shared secret"),
        ("OPERATOR_KEY", OTHER_KEYS.secret, "is a secret key; expected a shared secret"),
        (JWT_SECRET, OTHER_KEYS.legacy_anon, "is a legacy anon key; expected a shared secret"),
    ],
    ids=NAMES.get,
)  # fmt: skip
def test_a_key_in_the_wrong_setting_is_wrong(
    run_check: RunCheck, settings: Environment, name: str, key: str, message: str
) -> None:
    for hashes in ("API_KEY_HASHES", "OPERATOR_KEY_HASHES"):
        settings.pop(hashes)

    assert problems(run_check("keys", settings | {name: key})) == {name: message}


@pytest.mark.parametrize("form", REFUSED)
def test_a_signing_key_is_refused_as_the_functions_refuse_it(
    run_check: RunCheck, settings: Environment, form: str
) -> None:
    key, problem = REFUSED[form]

    results = run_check("keys", settings | {SIGNING: key})
    accepted = run_check("accepted keys", settings | {SIGNING: key})

    assert problems(results)[SIGNING].startswith(problem)
    assert states(accepted)[SIGNING] == "skipped"
    assert key not in repr(results + accepted)


@pytest.mark.parametrize(
    "form",
    [form for form, key in UNDERSTOOD.items() if "\0" not in key],  # no variable has a NUL
)
def test_a_signing_key_is_understood_as_the_functions_understand_it(
    run_check: RunCheck, settings: Environment, form: str
) -> None:
    [signing_key] = [
        result
        for result in run_check("keys", settings | {SIGNING: UNDERSTOOD[form]})
        if result.subject == SIGNING
    ]

    assert (signing_key.state, signing_key.message) == ("ok", "is a private JWK")


@pytest.mark.parametrize("name", [PUBLISHABLE, SECRET, "API_KEY"])
@pytest.mark.parametrize("flaw", ["\u201d", "\u00e9", " x", "\nx"])
def test_a_key_that_no_header_can_hold_is_wrong_and_not_used(
    run_check: RunCheck, settings: Environment, name: str, flaw: str
) -> None:
    settings.pop("API_KEY_HASHES")
    flawed = settings | {name: f"{settings[name]}{flaw}"}

    [(subject, message)] = problems(run_check("keys", flawed)).items()
    checks = ("endpoints", "accepted keys", "anonymous access", "functions")
    results = [result for check in checks for result in run_check(check, flawed)]

    assert subject == name
    assert message.startswith("has white space or characters outside ASCII")
    assert "skipped" in {result.state for result in results}
    assert settings[name] not in repr(results)


def test_swapped_keys_are_both_wrong_and_neither_is_used(
    run_check: RunCheck, settings: Environment
) -> None:
    swapped = settings | {PUBLISHABLE: settings[SECRET], SECRET: settings[PUBLISHABLE]}

    assert problems(run_check("keys", swapped)).keys() == {PUBLISHABLE, SECRET}
    assert set(states(run_check("accepted keys", swapped)).values()) == {"skipped"}
    assert states(run_check("anonymous access", swapped)) == {"anonymous": "skipped"}


def test_the_remediation_for_an_exposed_secret_key_is_to_rotate_it(
    run_check: RunCheck, settings: Environment
) -> None:
    [result] = [
        result
        for result in run_check("keys", settings | {PUBLISHABLE: OTHER_KEYS.secret})
        if result.subject == PUBLISHABLE
    ]

    assert "Rotate the exposed key too" in result.remediation


def test_legacy_keys_are_ok_and_reported_as_legacy(
    run_check: RunCheck, settings: Environment
) -> None:
    claims = {"role": "anon", "exp": time.time() + 60}
    results = run_check("keys", settings | {PUBLISHABLE: legacy_key(**claims)})

    assert [result.message for result in results if "legacy" in result.message] == [
        "is a legacy anon key, which Supabase deprecates by the end of 2026"
    ]
    assert not problems(results)


def test_an_expired_legacy_key_and_one_of_another_project_are_wrong(
    run_check: RunCheck, settings: Environment
) -> None:
    hosted = settings | {"SUPABASE_URL": "https://here.supabase.co"}
    old = legacy_key(role="anon", exp=time.time() - 60, ref="here")
    foreign = legacy_key(role="anon", ref="there")

    assert problems(run_check("keys", hosted | {PUBLISHABLE: old})) == {
        PUBLISHABLE: "is a legacy anon key that has expired"
    }
    assert problems(run_check("keys", hosted | {PUBLISHABLE: foreign})) == {
        PUBLISHABLE: "belongs to another project"
    }


def test_the_jwt_secret_of_local_projects_is_wrong_for_a_hosted_one(
    run_check: RunCheck, settings: Environment
) -> None:
    local = settings | {JWT_SECRET: "super-secret-jwt-token-with-at-least-32-characters-long"}
    hosted = local | {"SUPABASE_URL": "https://here.supabase.co"}

    assert problems(run_check("keys", local)) == {}
    assert problems(run_check("keys", hosted)) == {
        JWT_SECRET: "is the secret of local projects, which everybody knows"
    }


@pytest.mark.parametrize("setting", ["API_KEY_HASHES", "OPERATOR_KEY_HASHES"])
@pytest.mark.parametrize("hashes", ["0" * 63, ",".join(["0" * 64] * 3), "plain"])
def test_malformed_hashes_are_wrong(
    run_check: RunCheck, settings: Environment, setting: str, hashes: str
) -> None:
    assert problems(run_check("keys", settings | {setting: hashes})) == {
        setting: "is not one or two SHA-256 hashes in hex"
    }


@pytest.mark.parametrize("setting", ["API_KEY_HASHES", "OPERATOR_KEY_HASHES"])
def test_the_hash_of_an_empty_key_is_wrong(
    run_check: RunCheck, settings: Environment, setting: str
) -> None:
    hashes = f"{settings[setting]},{hashlib.sha256(b'').hexdigest()}"

    assert problems(run_check("keys", settings | {setting: hashes})) == {
        setting: "has the hash of an empty key or of a variable's name, which anyone can send"
    }


def test_hashes_are_read_as_the_functions_read_them(
    run_check: RunCheck, settings: Environment
) -> None:
    hashes = ("API_KEY_HASHES", "OPERATOR_KEY_HASHES")
    copied = {name: f'"{settings[name].upper()}" ' for name in hashes}

    assert problems(run_check("keys", settings | copied)) == {}


def test_a_backends_key_that_is_an_operator_key_too_is_wrong(
    run_check: RunCheck, settings: Environment
) -> None:
    settings["API_KEY_HASHES"] += f",{settings['OPERATOR_KEY_HASHES']}"

    assert problems(run_check("keys", settings)) == {
        "OPERATOR_KEY_HASHES": "has 1 of the hashes in API_KEY_HASHES"
    }


def test_an_api_key_whose_hash_is_not_deployed_is_wrong(
    run_check: RunCheck, settings: Environment
) -> None:
    assert problems(run_check("keys", settings | {"API_KEY": OTHER_KEYS.api_key})) == {
        "API_KEY_HASHES": "does not contain the hash of API_KEY"
    }
    assert set(
        problems(run_check("functions", settings | {"API_KEY": OTHER_KEYS.api_key})).values()
    ) == {"returns HTTP 401 api_key_invalid"}


@pytest.mark.parametrize("form", ["{}\r\n", "\ufeff{}", '"{}"', "'{}'\r", " {}\u200b"])
def test_keys_of_this_deployment_are_read_as_the_client_reads_them(
    run_check: RunCheck, settings: Environment, form: str
) -> None:
    copied = {name: form.format(settings[name]) for name in ("API_KEY", "OPERATOR_KEY")}

    assert Service.from_env(settings | copied).api_key == settings["API_KEY"]
    for check in ("keys", "functions"):
        assert set(states(run_check(check, settings | copied)).values()) == {"ok"}


@pytest.mark.parametrize("name", ["API_KEY", "OPERATOR_KEY"])
@pytest.mark.parametrize("form", ["\udc93{}\udc94", "pc_\udcff", "\u201c{}\u201d", '"{}\\ud83d"'])
def test_a_key_that_no_header_can_hold_is_wrong(
    run_check: RunCheck, settings: Environment, name: str, form: str
) -> None:
    """A shell passes bytes that are no UTF-8 on, and Python reads them as surrogates."""
    copied = settings | {name: form.format(settings[name])}

    reported = problems(run_check("keys", copied))
    assert reported.keys() == {name}
    assert "characters outside ASCII" in reported[name]
    assert run_check("functions", copied)


def test_an_operator_key_that_is_not_deployed_is_wrong(
    run_check: RunCheck, settings: Environment
) -> None:
    assert problems(run_check("keys", settings | {"OPERATOR_KEY": OTHER_KEYS.operator_key})) == {
        "OPERATOR_KEY_HASHES": "does not contain the hash of OPERATOR_KEY"
    }
    assert problems(run_check("functions", settings | {"OPERATOR_KEY": settings["API_KEY"]})) == {
        "MODELS_URL": "returns HTTP 403 not_an_operator"
    }


@pytest.mark.parametrize(
    ("name", "key"),
    [(PUBLISHABLE, OTHER_KEYS.publishable), (SECRET, OTHER_KEYS.secret)],
    ids=NAMES.get,
)
def test_a_key_of_the_right_type_that_the_project_rejects_is_wrong(
    run_check: RunCheck, settings: Environment, name: str, key: str
) -> None:
    assert (
        problems(run_check("accepted keys", settings | {name: key}))[name]
        == "is rejected by the project"
    )


@pytest.mark.parametrize("key", [OTHER_KEYS.signing_key, OTHER_KEYS.jwt_secret], ids=NAMES.get)
def test_a_signing_key_that_the_project_does_not_trust_is_wrong(
    run_check: RunCheck, settings: Environment, key: str
) -> None:
    reported = problems(run_check("accepted keys", settings | {SIGNING: key}))

    assert reported[SIGNING].startswith("signs tokens that the project rejects (PGRST3")


def test_missing_keys_are_skipped_with_their_setting(run_check: RunCheck) -> None:
    results = run_check("keys", {"SUPABASE_URL": "https://here.supabase.co"})

    assert states(results).keys() == {
        PUBLISHABLE, SECRET, SIGNING,
        "API_KEY", "API_KEY_HASHES", "OPERATOR_KEY", "OPERATOR_KEY_HASHES",
    }  # fmt: skip
    assert {result.state for result in results} == {"skipped"}
    assert all("Set it" in result.remediation for result in results)
