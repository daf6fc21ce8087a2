"""A key in the wrong deployment is an error, whichever way round, and a wrong key as well."""

import time
from typing import Any

import jwt
import pytest

from infra.local.keys import generate
from tests.doctor.conftest import Environment, Look, faults, states

OTHERS = generate()
LEGACY = "legacy service role key"
PUBLISHABLE, SECRET, SIGNING = (
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_SIGNING_KEY",
)


def legacy(**claims: Any) -> str:
    return jwt.encode(claims, "a legacy project's secret, long enough", "HS256")


def test_the_keys_of_a_healthy_deployment_belong_where_they_are_and_are_taken(
    look: Look, settings: Environment
) -> None:
    assert set(states(look("keys", settings)).values()) == {"ok"}
    assert set(states(look("keys taken", settings)).values()) == {"ok"}


@pytest.mark.parametrize(
    ("name", "key", "said"),
    [
        (PUBLISHABLE, OTHERS.secret, "is a secret key, not a publishable key"),
        (PUBLISHABLE, OTHERS.legacy_service_role, f"is a {LEGACY}, not a publishable key"),
        (PUBLISHABLE, OTHERS.signing_key, "is a private JWK, not a publishable key"),
        (SECRET, OTHERS.publishable, "is a publishable key, not a secret key"),
        (SECRET, OTHERS.legacy_anon, "is a legacy anon key, not a secret key"),
        (SIGNING, OTHERS.secret, "is a secret key, not a private JWK"),
        (SIGNING, "short", "is no key, not a private JWK"),
        ("API_KEY", OTHERS.secret, "is a secret key, not a shared secret"),
        ("SUPABASE_JWT_SECRET", OTHERS.legacy_anon, "is a legacy anon key, not a shared secret"),
    ],
)  # fmt: skip
def test_a_key_in_the_wrong_place_is_named(
    look: Look, settings: Environment, name: str, key: str, said: str
) -> None:
    settings.pop("API_KEY_HASHES")

    assert faults(look("keys", settings | {name: key})) == {name: said}


def test_two_keys_that_were_swapped_are_both_wrong_and_neither_is_tried(
    look: Look, settings: Environment
) -> None:
    swapped = settings | {PUBLISHABLE: settings[SECRET], SECRET: settings[PUBLISHABLE]}

    assert faults(look("keys", swapped)).keys() == {PUBLISHABLE, SECRET}
    assert set(states(look("keys taken", swapped)).values()) == {"skipped"}
    assert states(look("anonymous reads", swapped)) == {"anonymous": "skipped"}


def test_whoever_shows_a_secret_key_is_told_to_replace_it(
    look: Look, settings: Environment
) -> None:
    [finding] = [
        one
        for one in look("keys", settings | {PUBLISHABLE: OTHERS.secret})
        if one.subject == PUBLISHABLE
    ]

    assert "Replace the other one too" in finding.remediation


def test_legacy_keys_are_taken_and_called_that(look: Look, settings: Environment) -> None:
    claims = {"role": "anon", "exp": time.time() + 60}
    findings = look("keys", settings | {PUBLISHABLE: legacy(**claims)})

    assert [one.said for one in findings if "legacy" in one.said] == [
        "is a legacy anon key, which Supabase deprecates by the end of 2026"
    ]
    assert not faults(findings)


def test_a_legacy_key_that_expired_or_is_another_projects_is_wrong(
    look: Look, settings: Environment
) -> None:
    hosted = settings | {"SUPABASE_URL": "https://here.supabase.co"}
    old = legacy(role="anon", exp=time.time() - 60, ref="here")
    foreign = legacy(role="anon", ref="there")

    assert faults(look("keys", hosted | {PUBLISHABLE: old})) == {
        PUBLISHABLE: "is a legacy anon key that has expired"
    }
    assert faults(look("keys", hosted | {PUBLISHABLE: foreign})) == {
        PUBLISHABLE: "belongs to another project"
    }


@pytest.mark.parametrize("hashes", ["0" * 63, ",".join(["0" * 64] * 3), "plain"])
def test_hashes_that_are_none_are_named(look: Look, settings: Environment, hashes: str) -> None:
    assert faults(look("keys", settings | {"API_KEY_HASHES": hashes})) == {
        "API_KEY_HASHES": "is not one or two SHA-256 in hex"
    }


def test_an_api_key_whose_hash_is_not_deployed_is_wrong(look: Look, settings: Environment) -> None:
    assert faults(look("keys", settings | {"API_KEY": OTHERS.api_key})) == {
        "API_KEY_HASHES": "does not hold the hash of API_KEY"
    }
    assert set(faults(look("functions", settings | {"API_KEY": OTHERS.api_key})).values()) == {
        "answers 401 api_key_invalid"
    }


@pytest.mark.parametrize(
    ("name", "key"), [(PUBLISHABLE, OTHERS.publishable), (SECRET, OTHERS.secret)]
)
def test_a_key_of_the_right_kind_that_the_project_refuses_is_wrong(
    look: Look, settings: Environment, name: str, key: str
) -> None:
    assert faults(look("keys taken", settings | {name: key}))[name] == "is refused by the project"


@pytest.mark.parametrize("key", [OTHERS.signing_key, OTHERS.jwt_secret])
def test_a_signing_key_that_the_project_does_not_trust_is_wrong(
    look: Look, settings: Environment, key: str
) -> None:
    found = faults(look("keys taken", settings | {SIGNING: key}))

    assert found[SIGNING].startswith("signs what the project refuses (PGRST3")


def test_keys_that_are_not_there_are_skipped_and_named(look: Look) -> None:
    findings = look("keys", {"SUPABASE_URL": "https://here.supabase.co"})

    assert states(findings).keys() == {
        PUBLISHABLE, SECRET, SIGNING, "API_KEY", "API_KEY_HASHES"
    }  # fmt: skip
    assert {one.state for one in findings} == {"skipped"}
    assert all("Set it" in one.remediation for one in findings)
