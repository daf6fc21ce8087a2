"""Endpoints that do not respond, or are not what they should be, are reported."""

from datetime import timedelta

import pytest

from cli.checks.endpoints import FUNCTION_PATHS
from infra.local.processes import free_port
from infra.local.stack import Stack
from tests.doctor.conftest import Environment, RunCheck, problems, states
from tests.doctor.http_stub import http_stub
from tests.unit.signing_keys import REFUSED

SECRET = "pa55-of-the-proxy"


def unused_url() -> str:
    """Return a URL on which nothing listens."""
    return f"http://127.0.0.1:{free_port()}"


def test_all_endpoints_of_a_healthy_deployment_are_ok(
    run_check: RunCheck, settings: Environment
) -> None:
    assert set(states(run_check("endpoints", settings)).values()) == {"ok"}
    assert set(states(run_check("functions", settings)).values()) == {"ok"}
    assert set(states(run_check("clock", settings)).values()) == {"ok"}


def test_an_unreachable_project_is_wrong_and_checks_that_need_it_are_skipped(
    run_check: RunCheck, settings: Environment
) -> None:
    settings["SUPABASE_URL"] = unused_url()

    assert problems(run_check("endpoints", settings)) == {
        "Supabase REST API": "does not respond (ConnectError)",
        "Supabase signing keys": "does not respond (ConnectError)",
    }
    for check in ("clock", "accepted keys", "anonymous access"):
        assert set(states(run_check(check, settings)).values()) == {"skipped"}


@pytest.mark.parametrize(
    ("issuer", "remedy"),
    [
        ("https://abc.supabase.co/auth/v1", "Set SUPABASE_URL to https://abc.supabase.co."),
        ("http://localhost:8000", "Let Supabase Auth name {url}/auth/v1 as the issuer"),
    ],
)
def test_a_project_whose_tokens_name_another_address_is_wrong(
    run_check: RunCheck, settings: Environment, issuer: str, remedy: str
) -> None:
    """As with a domain of one's own, and in a self-hosted project."""
    with http_stub(200, {"keys": [], "issuer": issuer}) as url:
        results = run_check("endpoints", settings | {"SUPABASE_URL": url})
    [result] = [result for result in results if result.state == "wrong"]

    assert result.subject == "Supabase issuer"
    assert result.remediation.startswith(remedy.format(url=url))


@pytest.mark.parametrize(
    "issuer", ["http://localhost:8000/auth/v1", "http://127.0.0.1:8000/auth/v1"]
)
def test_an_issuer_that_only_its_own_machine_reaches_is_not_proposed(
    run_check: RunCheck, settings: Environment, issuer: str
) -> None:
    """As in a self-hosted project whose API_EXTERNAL_URL is still the default."""
    with http_stub(200, {"keys": [], "issuer": issuer}) as proxy:
        settings |= {"SUPABASE_URL": "http://supabase.example.com", "HTTP_PROXY": proxy}
        results = run_check("endpoints", settings)
    [result] = [result for result in results if result.subject == "Supabase issuer"]

    assert result.remediation.startswith(
        "Let Supabase Auth name http://supabase.example.com/auth/v1 as the issuer"
    )


@pytest.mark.parametrize("discovery", [{}, {"issuer": None}], ids=str)
def test_a_project_that_names_no_issuer_is_ok(
    run_check: RunCheck, settings: Environment, discovery: dict[str, object]
) -> None:
    with http_stub(200, {"keys": [], **discovery}) as url:
        assert not problems(run_check("endpoints", settings | {"SUPABASE_URL": url}))


def test_a_project_without_keys_is_ok_and_what_its_tokens_need_is_named(
    run_check: RunCheck, settings: Environment
) -> None:
    """As a project with its legacy JWT secret alone."""
    with http_stub(200, {"keys": []}) as url:
        results = run_check("endpoints", settings | {"SUPABASE_URL": url})
    [result] = [result for result in results if result.subject == "Supabase signing keys"]

    assert result.state == "ok"
    assert "users' tokens need SUPABASE_JWT_SECRET" in result.message


@pytest.mark.parametrize("name", FUNCTION_PATHS)
def test_an_unreachable_function_is_wrong(
    run_check: RunCheck, settings: Environment, name: str
) -> None:
    settings[name] = unused_url() + FUNCTION_PATHS[name]

    assert problems(run_check("endpoints", settings)) == {name: "does not respond (ConnectError)"}
    assert states(run_check("functions", settings)) == dict.fromkeys(FUNCTION_PATHS, "ok") | {
        name: "skipped"
    }


def test_the_remediation_of_a_url_with_another_path_has_the_path(
    run_check: RunCheck, settings: Environment
) -> None:
    settings["CLASSIFY_URL"] = settings["CLASSIFY_URL"].removesuffix("/classify")
    [result] = [result for result in run_check("endpoints", settings) if result.state == "wrong"]

    assert (result.subject, result.remediation) == (
        "CLASSIFY_URL",
        "Set it to a URL that ends with /v1/classify.",
    )


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("status", [None, 407])
def test_a_proxy_that_does_not_work_is_named(
    run_check: RunCheck, settings: Environment, variable: str, status: int | None
) -> None:
    with http_stub(status or 200) as stub:
        proxy = stub.replace("http://", f"http://ada:{SECRET}@") if status else unused_url()
        proxied = settings | {
            "SUPABASE_URL": "http://x.example",
            "CLASSIFY_URL": "http://y.example/v1/classify",
            "NO_PROXY": "127.0.0.1",
            variable: proxy,
        }
        results = run_check("endpoints", proxied)
        called = run_check("clock", proxied)

    reported = {result.subject: result for result in results if result.state == "wrong"}
    assert reported.keys() == {"Supabase REST API", "Supabase signing keys", "CLASSIFY_URL"}
    for result in reported.values():
        assert result.message.startswith("does not respond (")
        assert result.remediation.startswith(f"Check the proxy in {variable}, ")
    assert SECRET not in repr(results)
    assert set(states(called).values()) == {"skipped"}


def test_a_proxy_that_an_address_is_not_called_through_is_not_named(
    run_check: RunCheck, settings: Environment
) -> None:
    proxies = {"HTTP_PROXY": unused_url(), "HTTPS_PROXY": unused_url(), "NO_PROXY": "127.0.0.1"}
    results = run_check("endpoints", settings | proxies | {"SUPABASE_URL": unused_url()})

    remedies = {result.remediation for result in results if result.state == "wrong"}
    assert len(remedies) == 1
    assert remedies.pop().startswith("Check SUPABASE_URL")


@pytest.mark.parametrize("end", ["", "/"])
def test_a_url_without_a_path_gets_that_of_its_function(
    run_check: RunCheck, settings: Environment, end: str
) -> None:
    """As the client does with the URL that a deployment prints."""
    for name, path in FUNCTION_PATHS.items():
        settings[name] = settings[name].removesuffix(path) + end
    # The console takes its address of the models as it is.
    reported = {"MODELS_URL": "has the wrong path"}

    assert problems(run_check("endpoints", settings)) == reported
    assert problems(run_check("functions", settings)) == {
        "MODELS_URL": "returns HTTP 404 not_found"
    }


@pytest.mark.parametrize("path", ["//v1/classify", "/v1/classify/", "//v1//classify//"])
def test_a_url_with_a_slash_too_many_is_ok(
    run_check: RunCheck, settings: Environment, path: str
) -> None:
    settings["CLASSIFY_URL"] = settings["CLASSIFY_URL"].removesuffix("/v1/classify") + path

    assert set(states(run_check("endpoints", settings)).values()) == {"ok"}
    assert set(states(run_check("functions", settings)).values()) == {"ok"}


def test_a_url_with_the_stage_of_a_gateway_is_asked_for_its_description_there(
    run_check: RunCheck, settings: Environment
) -> None:
    with http_stub(200, {"paths": {"/v1/classify": {}}}) as url:
        settings["CLASSIFY_URL"] = f"{url}/dev/v1/classify"
        assert states(run_check("endpoints", settings))["CLASSIFY_URL"] == "ok"


def test_a_function_that_is_not_configured_is_wrong_with_its_setting(
    run_check: RunCheck, settings: Environment, warm_stack: Stack
) -> None:
    public = REFUSED["a public key"][0]
    before = warm_stack.environment("classify-and-log")["SUPABASE_SIGNING_KEY"]
    warm_stack.redeploy("classify-and-log", {"SUPABASE_SIGNING_KEY": public})
    try:
        reported = problems(run_check("endpoints", settings))
        called = run_check("functions", settings)
    finally:
        warm_stack.redeploy("classify-and-log", {"SUPABASE_SIGNING_KEY": before})

    assert "SUPABASE_SIGNING_KEY is a public JWK" in reported["CLASSIFY_URL"]
    assert problems(called) == {"CLASSIFY_URL": "returns HTTP 503 not_configured"}


def test_the_url_of_another_function_is_wrong(run_check: RunCheck, settings: Environment) -> None:
    base = settings["OUTCOMES_URL"].removesuffix("/v1/outcomes")
    settings["CLASSIFY_URL"] = f"{base}/v1/classify"

    assert problems(run_check("endpoints", settings)) == {
        "CLASSIFY_URL": "is not the URL of this function"
    }


def test_a_function_that_fails_to_start_is_wrong(
    run_check: RunCheck, settings: Environment
) -> None:
    with http_stub(502, {"Message": "Internal Server Error"}) as url:
        settings["CLASSIFY_URL"] = f"{url}/v1/classify"
        assert problems(run_check("endpoints", settings)) == {"CLASSIFY_URL": "returns HTTP 502"}


def test_a_function_that_requires_aws_iam_responds_and_is_not_called(
    run_check: RunCheck, settings: Environment
) -> None:
    refusal = {"x-amzn-ErrorType": "AccessDeniedException"}
    with http_stub(403, {"Message": "Forbidden"}, refusal) as url:
        settings["CLASSIFY_URL"] = f"{url}/v1/classify"
        assert set(states(run_check("endpoints", settings)).values()) == {"ok"}
        assert states(run_check("functions", settings))["CLASSIFY_URL"] == "skipped"


def test_a_server_that_is_no_supabase_project_is_wrong(
    run_check: RunCheck, settings: Environment
) -> None:
    with http_stub(200, {"hello": "world"}) as url:
        reported = problems(run_check("endpoints", settings | {"SUPABASE_URL": url}))

    assert reported == {
        "Supabase signing keys": "does not respond like a Supabase project (HTTP 200)"
    }


def test_keys_are_not_judged_by_unexpected_responses(
    run_check: RunCheck, settings: Environment
) -> None:
    with http_stub(404, {"hello": "world"}) as url:
        settings["SUPABASE_URL"] = url
        for check in ("accepted keys", "anonymous access"):
            assert set(states(run_check(check, settings)).values()) == {"skipped"}


def test_a_function_that_cannot_use_the_database_is_wrong(
    run_check: RunCheck, settings: Environment, warm_stack: Stack
) -> None:
    key = "SUPABASE_SECRET_KEY"
    warm_stack.redeploy("record-outcome", {key: "sb_secret_of_another_project"})
    try:
        reported = problems(run_check("functions", settings))
    finally:
        warm_stack.redeploy("record-outcome", {key: warm_stack.keys.secret})

    assert reported == {"OUTCOMES_URL": "returns HTTP 503 store_unavailable"}


@pytest.mark.parametrize(
    ("seconds", "message"),
    [(3_600, "is 3600 s behind the server's"), (-120, "is 120 s ahead of the server's")],
)
def test_the_message_about_a_wrong_clock_has_the_difference(
    run_check: RunCheck, seconds: int, message: str
) -> None:
    with http_stub(200, {"keys": []}, clock_offset=timedelta(seconds=seconds + 0.5)) as url:
        [result] = run_check("clock", {"SUPABASE_URL": url})

    assert result.state == "wrong"
    assert result.message[:8] == message[:8]
    assert abs(int(result.message.split()[1]) - abs(seconds)) <= 30
    assert result.message.endswith(message.split(" s ")[1])
    assert "timedatectl" in result.remediation


def test_a_small_difference_of_clocks_is_ok(run_check: RunCheck) -> None:
    with http_stub(200, {"keys": []}, clock_offset=timedelta(seconds=5)) as url:
        assert states(run_check("clock", {"SUPABASE_URL": url})) == {"this machine": "ok"}


@pytest.mark.parametrize("body", [None, [], "x", 5, {}], ids=str)
def test_the_version_of_a_model_is_unknown_where_another_server_answers(
    run_check: RunCheck, body: object
) -> None:
    with http_stub(200, body) as url:
        results = run_check("versions", {"CLASSIFY_URL": url, "API_KEY": "a-key-of-this-test" * 2})

    [result] = [result for result in results if result.subject == "model"]
    assert (result.state, result.remediation) == ("skipped", "See the checks above.")
