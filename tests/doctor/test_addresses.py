"""What does not answer, or is something else, is named."""

from datetime import timedelta

import pytest

from cli.checks.addresses import PATHS
from infra.local.processes import free_port
from infra.local.stack import Stack
from tests.doctor.answering import answering
from tests.doctor.conftest import Environment, Look, faults, states


def nowhere() -> str:
    return f"http://127.0.0.1:{free_port()}"


def test_everything_of_a_healthy_deployment_answers(look: Look, settings: Environment) -> None:
    assert set(states(look("addresses", settings)).values()) == {"ok"}
    assert set(states(look("functions", settings)).values()) == {"ok"}
    assert set(states(look("clock", settings)).values()) == {"ok"}


def test_a_project_that_cannot_be_reached_is_wrong_once_and_the_rest_is_skipped(
    look: Look, settings: Environment
) -> None:
    settings["SUPABASE_URL"] = nowhere()

    assert faults(look("addresses", settings)) == {
        "Supabase, REST": "does not answer (ConnectError)",
        "Supabase, signing keys": "does not answer (ConnectError)",
    }
    for check in ("clock", "keys taken", "anonymous reads"):
        assert set(states(look(check, settings)).values()) == {"skipped"}


@pytest.mark.parametrize("name", PATHS)
def test_a_function_that_cannot_be_reached_is_named(
    look: Look, settings: Environment, name: str
) -> None:
    settings[name] = nowhere() + PATHS[name]

    assert faults(look("addresses", settings)) == {name: "does not answer (ConnectError)"}
    assert states(look("functions", settings)) == dict.fromkeys(PATHS, "ok") | {name: "skipped"}


def test_an_address_without_its_path_is_told_the_path(look: Look, settings: Environment) -> None:
    settings["CLASSIFY_URL"] = settings["CLASSIFY_URL"].removesuffix("/v1/classify")
    [finding] = [one for one in look("addresses", settings) if one.state == "wrong"]

    assert (finding.subject, finding.remediation) == ("CLASSIFY_URL", "Let it end in /v1/classify.")


def test_the_address_of_another_function_is_that_of_something_else(
    look: Look, settings: Environment
) -> None:
    base = settings["OUTCOMES_URL"].removesuffix("/v1/outcomes")
    settings["CLASSIFY_URL"] = f"{base}/v1/classify"

    assert faults(look("addresses", settings)) == {
        "CLASSIFY_URL": "is the address of something else"
    }


def test_a_function_that_fails_at_its_start_is_named(look: Look, settings: Environment) -> None:
    with answering(502, {"Message": "Internal Server Error"}) as url:
        settings["CLASSIFY_URL"] = f"{url}/v1/classify"
        assert faults(look("addresses", settings)) == {"CLASSIFY_URL": "answers 502"}


def test_a_function_behind_aws_iam_is_there_and_cannot_be_tried(
    look: Look, settings: Environment
) -> None:
    refusal = {"x-amzn-ErrorType": "AccessDeniedException"}
    with answering(403, {"Message": "Forbidden"}, refusal) as url:
        settings["CLASSIFY_URL"] = f"{url}/v1/classify"
        assert set(states(look("addresses", settings)).values()) == {"ok"}
        assert states(look("functions", settings))["CLASSIFY_URL"] == "skipped"


def test_what_is_no_supabase_project_is_not_taken_for_one(
    look: Look, settings: Environment
) -> None:
    with answering(200, {"hello": "world"}) as url:
        found = faults(look("addresses", settings | {"SUPABASE_URL": url}))

    assert found == {"Supabase, signing keys": "answers 200, unlike a Supabase project"}


def test_what_answers_strangely_proves_nothing_about_keys(
    look: Look, settings: Environment
) -> None:
    with answering(404, {"hello": "world"}) as url:
        settings["SUPABASE_URL"] = url
        for check in ("keys taken", "anonymous reads"):
            assert set(states(look(check, settings)).values()) == {"skipped"}


def test_a_function_that_cannot_use_the_database_is_named(
    look: Look, settings: Environment, warm: Stack
) -> None:
    key = "SUPABASE_SECRET_KEY"
    warm.redeploy("record-outcome", {key: "sb_secret_of_another_project"})
    try:
        found = faults(look("functions", settings))
    finally:
        warm.redeploy("record-outcome", {key: warm.keys.secret})

    assert found == {"OUTCOMES_URL": "answers 503 store_unavailable"}


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(3_600, "is 3600 s behind the server's"), (-120, "is 120 s ahead of the server's")],
)
def test_a_clock_that_is_off_is_told_by_how_much(look: Look, seconds: int, said: str) -> None:
    with answering(200, {"keys": []}, ahead=timedelta(seconds=seconds + 0.5)) as url:
        [finding] = look("clock", {"SUPABASE_URL": url})

    assert finding.state == "wrong"
    assert finding.said[:8] == said[:8]
    assert abs(int(finding.said.split()[1]) - abs(seconds)) <= 30
    assert finding.said.endswith(said.split(" s ")[1])
    assert "timedatectl" in finding.remediation


def test_a_clock_that_is_a_little_off_is_well(look: Look) -> None:
    with answering(200, {"keys": []}, ahead=timedelta(seconds=5)) as url:
        assert states(look("clock", {"SUPABASE_URL": url})) == {"this machine": "ok"}
