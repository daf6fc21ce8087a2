import pytest

from prompt_capture.adapters.supabase_access import SupabaseAccess
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings import (
    CallerSettings,
    CaptureSettings,
    ClassifierSettings,
    SpoolSettings,
    SupabaseSettings,
)

URL = "https://project.supabase.co"


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(InvalidSettings, match="SUPABASE_URL: Field required"):
        SupabaseSettings.from_env({})


def test_an_empty_variable_counts_as_unset() -> None:
    settings = SupabaseSettings.from_env({"SUPABASE_URL": URL, "SUPABASE_SECRET_KEY": ""})

    assert settings.supabase_secret_key is None


@pytest.mark.parametrize(
    "environment",
    [
        {"SUPABASE_URL": "secret-nonsense"},
        {"SUPABASE_URL": URL, "API_KEY_HASHES": "secret-nonsense"},
        {"SUPABASE_URL": URL, "API_KEY_HASHES": ",".join(["0" * 64] * 3)},
    ],
)
def test_a_malformed_setting_is_named_and_not_repeated(environment: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        CallerSettings.from_env(environment)

    assert str(refusal.value).startswith("Check the environment: ")
    assert "secret-nonsense" not in str(refusal.value)


def test_two_keys_are_valid_at_once() -> None:
    environment = {"SUPABASE_URL": URL, "API_KEY_HASHES": f"{'0' * 64}, {'1' * 64}"}

    assert CallerSettings.from_env(environment).api_key_hashes == ("0" * 64, "1" * 64)


def test_the_missions_thresholds_are_the_defaults() -> None:
    settings = ClassifierSettings.from_env({"MODEL_DIR": "model"})

    assert settings.review_threshold == 0.7
    assert settings.rules_file is None


@pytest.mark.parametrize("key", ['{"kty": "EC"}', "{", '{"secret": "nonsense"}'])
def test_a_signing_key_that_is_none_is_refused_without_being_shown(key: str) -> None:
    settings = SupabaseSettings.from_env({"SUPABASE_URL": URL, "SUPABASE_SIGNING_KEY": key})

    with pytest.raises(InvalidSettings, match="SUPABASE_SIGNING_KEY") as refusal:
        SupabaseAccess(settings, "prompt_writer")

    assert "nonsense" not in str(refusal.value)


def test_without_any_key_the_store_cannot_be_reached() -> None:
    with pytest.raises(InvalidSettings, match="SUPABASE_SIGNING_KEY"):
        SupabaseAccess(SupabaseSettings.from_env({"SUPABASE_URL": URL}), "prompt_writer")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REVIEW_THRESHOLD", "1.01"),
        ("REVIEW_THRESHOLD", "-0.5"),
        ("REVIEW_THRESHOLD", "nan"),
        ("SECONDARY_INTENT_THRESHOLD", "half"),
        ("CAPTURE_TIMEOUT_SECONDS", "-3"),
        ("CAPTURE_TIMEOUT_SECONDS", "61"),
        ("CAPTURE_TIMEOUT_SECONDS", "inf"),
    ],
)
def test_a_number_out_of_bounds_is_named_and_not_repeated(variable: str, value: str) -> None:
    kind = CaptureSettings if variable.startswith("CAPTURE") else ClassifierSettings
    with pytest.raises(InvalidSettings, match=rf"{variable}: ") as refusal:
        kind.from_env({"MODEL_DIR": "model", variable: value})

    assert value not in str(refusal.value)


def test_every_faulty_setting_is_named_at_once() -> None:
    with pytest.raises(InvalidSettings) as refusal:
        SupabaseSettings.from_env({"STORE_TIMEOUT_SECONDS": "soon"})

    assert "SUPABASE_URL: " in str(refusal.value)
    assert "STORE_TIMEOUT_SECONDS: " in str(refusal.value)
    assert "soon" not in str(refusal.value)


def test_a_secret_is_not_shown_by_its_settings() -> None:
    settings = SupabaseSettings.from_env(
        {"SUPABASE_URL": URL, "SUPABASE_SECRET_KEY": "marmalade", "SUPABASE_SIGNING_KEY": "jam"}
    )

    assert "marmalade" not in repr(settings) + str(settings)
    assert "jam" not in repr(settings) + str(settings)


def test_ids_are_derived_with_a_secret_of_their_own_or_with_the_key_that_is_there() -> None:
    signing = {"SUPABASE_SIGNING_KEY": "s" * 40}
    given = {"IDEMPOTENCY_SECRET": "i" * 40}

    secrets = [CaptureSettings.from_env(env).id_secret for env in (signing, given, signing | given)]

    assert secrets[1] == secrets[2] != secrets[0]
    assert b"s" * 40 not in secrets[0]
    with pytest.raises(InvalidSettings, match="IDEMPOTENCY_SECRET"):
        _ = CaptureSettings.from_env({}).id_secret


def test_a_short_idempotency_secret_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="IDEMPOTENCY_SECRET"):
        CaptureSettings.from_env({"IDEMPOTENCY_SECRET": "short"})


def test_the_queue_is_reached_where_aws_has_it_or_where_it_is_said_to_be() -> None:
    lambdas = {
        "SPOOL_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/spool",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }

    there = SpoolSettings.from_env(lambdas).endpoint
    here = SpoolSettings.from_env(lambdas | {"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1"}).endpoint

    assert there == "https://sqs.eu-west-1.amazonaws.com/"
    assert here == "http://127.0.0.1:1/"
