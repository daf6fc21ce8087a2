"""Settings are validated, and their values never appear in errors."""

import hashlib

import httpx
import pytest

from cli.checks.interface import DoctorSettings
from prompt_capture.adapters.supabase.access import SupabaseAccess
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings.base import Settings
from prompt_capture.settings.callers import AuthenticationSettings, OperatorSettings
from prompt_capture.settings.capture import CaptureSettings, SpoolSettings
from prompt_capture.settings.classification import ClassifierSettings
from prompt_capture.settings.console import ConsoleSettings
from prompt_capture.settings.models import ModelSettings, PublishingSettings
from prompt_capture.settings.monitoring import MonitorSettings
from prompt_capture.settings.retraining import RetrainingSettings
from prompt_capture.settings.supabase import SupabaseSettings
from prompt_capture.settings.web_pages import WebSettings

URL = "https://project.supabase.co"
HASHES = ("ab" * 32, "1" * 64)


@pytest.mark.parametrize(
    "text",
    [
        f"{URL}/",
        f"{URL}/rest/v1/",
        f"{URL}/rest/v1/rest/v1",
        f"{URL}/auth/v1/.well-known/jwks.json",
        f"{URL}/storage/v1/s3",
        f"{URL}/functions/v1/hello-world",
        f"{URL}/auth/v1",
        f'"{URL}"',
        f"\ufeff{URL}\r\n",
        "HTTPS://PROJECT.SUPABASE.CO",
    ],
)
def test_the_address_of_a_project_is_understood_as_people_copy_it(text: str) -> None:
    settings = SupabaseSettings.from_env({"SUPABASE_URL": text})

    assert (settings.rest_url, settings.issuer) == (f"{URL}/rest/v1", f"{URL}/auth/v1")


def test_a_project_may_have_a_path() -> None:
    settings = SupabaseSettings.from_env({"SUPABASE_URL": "https://example.org/supabase/"})

    assert settings.rest_url == "https://example.org/supabase/rest/v1"


@pytest.mark.parametrize(
    "text",
    [
        "https://supabase.com/dashboard/project/abcdefghijklmnopqrst",
        f"{URL}?apikey=x",
        f"{URL}/#x",
        f"{URL}#",
        "http://127.0.0.1:54323/project/default",
        "https://ann:secret@project.supabase.co",
        "http://project.supabase.co",
        "http://project.supabase.co/rest/v1",
        "https://db.project.supabase.co",
        "https://project.storage.supabase.co/storage/v1/s3",
        "https://project.supabase.co:5432",
        "https://project.supabase.co/mcp",
        "https://api.supabase.com",
        "https://aws-0-eu-west-1.pooler.supabase.com:6543",
    ],
)
def test_an_address_of_no_project_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(InvalidSettings, match=r"SUPABASE_URL: .*https://<ref>\.supabase\.co") as e:
        SupabaseSettings.from_env({"SUPABASE_URL": text})
    assert text not in str(e.value)


@pytest.mark.parametrize("variable", ["SUPABASE_URL", "MODELS_URL"])
@pytest.mark.parametrize(
    "text", ["project.supabase.co", "localhost:54321", "//project.supabase.co", "ftp://example.org"]
)
def test_an_address_without_its_scheme_is_refused_with_the_remedy(variable: str, text: str) -> None:
    environment = {"SUPABASE_URL": URL, "SUPABASE_PUBLISHABLE_KEY": "k", variable: text}

    with pytest.raises(InvalidSettings, match=rf"{variable}: .*begins with https://") as raised:
        ConsoleSettings.from_env(environment)
    assert text not in str(raised.value)


@pytest.mark.parametrize(
    "placeholder",
    ["${REF}", "$REF", "$(ref)", "{{ ref }}", "{ref}", "<project-ref>", "%REF%", "__REF__",
     "#{REF}#", "[YOUR-PROJECT-REF]", "your-project-ref"],
)  # fmt: skip
@pytest.mark.parametrize(
    ("settings", "variable", "value"),
    [
        (SupabaseSettings, "SUPABASE_URL", "https://{}.supabase.co"),
        (ConsoleSettings, "MODELS_URL", "https://{}.lambda-url.eu-west-1.on.aws"),
        (WebSettings, "CORS_ALLOW_ORIGINS", "https://app.example.org,https://{}.example.org"),
        (ModelSettings, "MODELS_BUCKET", "models-{}"),
        (ClassifierSettings, "MODEL_DIR", "/opt/{}/model"),
        (CaptureSettings, "SPOOL_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/1/{}"),
        (AuthenticationSettings, "API_KEY_HASHES", "{}"),
        (CaptureSettings, "CAPTURE_TIMEOUT_SECONDS", "{}"),
    ],
)
def test_a_variable_that_nothing_replaced_is_named_with_the_remedy(
    settings: type[Settings], variable: str, value: str, placeholder: str
) -> None:
    text = value.replace("{}", placeholder)
    with pytest.raises(InvalidSettings, match=rf"{variable}: .*Write the value itself") as raised:
        settings.from_env({variable: text})
    assert text not in str(raised.value)


@pytest.mark.parametrize(
    "host", ["undefined", "null", "None", "REPLACE_ME", "changeme", "xxxxxxxxxxxxxxxxxxxx"]
)
def test_a_host_that_stands_for_a_missing_value_is_refused(host: str) -> None:
    with pytest.raises(InvalidSettings, match=r"SUPABASE_URL: .*Write the value itself"):
        SupabaseSettings.from_env({"SUPABASE_URL": f"https://{host}.supabase.co"})


@pytest.mark.parametrize(
    "url",
    [
        "http://supabase.example.org",
        "http://supabase",
        "https://null.example.org",
        "https://undefined.example.org:8443",
        "https://changeme.example.org",
        "https://your-name.example.org",
        "https://manage-your-account.example.org",
        "https://env.EXAMPLE.org",
        "https://example.org/project/supabase",
        "http://my_stack_kong_1:8000",
        "http://[fd00::12]:54321",
    ],
)
def test_an_own_host_may_have_any_name(url: str) -> None:
    assert SupabaseSettings.from_env({"SUPABASE_URL": url}).rest_url == f"{url.lower()}/rest/v1"


@pytest.mark.parametrize(
    "origin",
    [
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "safari-web-extension://5a0b1b5e-4f1d-4c55-9b3c-0e1d2c3b4a59",
        "vscode-webview://1q2w3e4r5t6z7u8i9o0p1q2w3e4r5t6z7u8i9o0p1q2w3e4r5t6z",
        "app://obsidian.md",
        "app://localhost",
        "app://.",
        "app://-",
        "capacitor-electron://-",
        "wails://wails",
        "wails://wails.localhost:34115",
        "com.example.my-app+dev://localhost",
    ],
)
def test_apps_and_extensions_have_origins_of_their_own(origin: str) -> None:
    assert WebSettings.from_env({"CORS_ALLOW_ORIGINS": origin}).cors_allow_origins == (origin,)


def test_the_origin_of_an_app_counts_as_written_and_in_lower_case() -> None:
    """Unlike those of web pages, such hosts keep their letters in some browsers."""
    settings = WebSettings.from_env({"CORS_ALLOW_ORIGINS": "MyApp://AbC,HTTPS://App.Example.com"})

    assert settings.cors_allow_origins == (
        "MyApp://AbC",
        "myapp://abc",
        "https://app.example.com",
    )


def test_a_folder_and_a_bucket_may_have_the_words_of_placeholders() -> None:
    for name in ("/srv/exports/[team]", "know-your-account-exports"):
        assert PublishingSettings.from_env({"MODELS_BUCKET": name}).models_bucket == name


@pytest.mark.parametrize("host", ["\U0001f600.example", "a.xn--e28h.example", "XN--E28H.example"])
def test_a_host_that_idna_refuses_is_refused_with_the_remedy(host: str) -> None:
    with pytest.raises(InvalidSettings, match=r"SUPABASE_URL: .*Copy it again"):
        SupabaseSettings.from_env({"SUPABASE_URL": f"http://{host}"})


@pytest.mark.parametrize("host", ["m\u00fcnchen.example", "xn--mnchen-3ya.example", "a_b.example"])
def test_an_international_name_is_a_host(host: str) -> None:
    url = SupabaseSettings.from_env({"SUPABASE_URL": f"http://{host}"}).supabase_url

    assert httpx.URL(str(url)).host in (host, "m\u00fcnchen.example")


def test_a_sign_that_no_host_has_is_refused_with_the_remedy() -> None:
    with pytest.raises(InvalidSettings, match=r"SUPABASE_URL: .*Copy it again"):
        SupabaseSettings.from_env({"SUPABASE_URL": f"{URL};"})


@pytest.mark.parametrize("scheme", ["https", "HTTP"])
def test_a_scheme_is_no_host(scheme: str) -> None:
    """As where a whole address was pasted behind one."""
    with pytest.raises(InvalidSettings, match=r"SUPABASE_URL: .*begins twice"):
        SupabaseSettings.from_env({"SUPABASE_URL": f"https://{scheme}://abc.supabase.co"})


def test_the_arn_of_a_queue_is_not_its_address() -> None:
    environment = {"SPOOL_QUEUE_URL": "arn:aws:sqs:eu-west-1:123456789012:spool"}
    with pytest.raises(InvalidSettings, match=r"SPOOL_QUEUE_URL: .*whole address"):
        CaptureSettings.from_env(environment)


@pytest.mark.parametrize(
    "secret",
    [
        "please put your own idempotency secret here now",
        "{{ lookup('env', 'IDEMPOTENCY_SECRET') }}",
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:ids-AbCdEf",
        "/run/secrets/prompt_capture_idempotency_secret",
        "ENC[AES256_GCM,data:p673w==,iv:YY=,aad:UQ=,tag:A=]",
        "cat: idempotency-secret: No such file or directory",
        "<html><body>Sign in to continue to the vault</body></html>",
        "changeme-changeme-changeme-changeme",
        "x" * 40,
    ],
)
def test_a_placeholder_is_no_secret(secret: str) -> None:
    with pytest.raises(InvalidSettings, match=r"IDEMPOTENCY_SECRET: .*secret itself") as raised:
        CaptureSettings.from_env({"IDEMPOTENCY_SECRET": secret})
    assert secret not in str(raised.value)


@pytest.mark.parametrize(
    "secret",
    [
        "kf{9}$Xy8<Lr0>%vTz%UeA3hWmNcBaD4gJ5pKo6",
        "type O negative blood on the dashboard of my car",
        "change is the only constant value in this universe",
        "(6A%TQ`0WS];'S&f;ea|?`Q$Gv:l~2ig2N$PXh)",
    ],
)
def test_a_secret_may_have_the_signs_and_words_of_placeholders(secret: str) -> None:
    settings = CaptureSettings.from_env({"IDEMPOTENCY_SECRET": secret})
    assert settings.idempotency_secret
    assert settings.idempotency_secret.get_secret_value() == secret


@pytest.mark.parametrize("words", ["your key of ", "your ", "key here ", "{{ ", "secret must "])
def test_a_long_secret_is_read_at_once(words: str) -> None:
    """The patterns of placeholders would take hours for such texts."""
    secret = f"set {words * 5000}!"
    assert CaptureSettings.from_env({"IDEMPOTENCY_SECRET": secret}).idempotency_secret


def test_a_long_placeholder_is_no_secret() -> None:
    for secret in ("x" * 1000, "${" + "A" * 1000 + "}"):
        with pytest.raises(InvalidSettings, match="is a placeholder"):
            CaptureSettings.from_env({"IDEMPOTENCY_SECRET": secret})


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(InvalidSettings, match="SUPABASE_URL: Field required"):
        SupabaseSettings.from_env({})


def test_an_empty_variable_counts_as_unset() -> None:
    settings = SupabaseSettings.from_env({"SUPABASE_URL": URL, "SUPABASE_SECRET_KEY": ""})

    assert settings.supabase_secret_key is None


@pytest.mark.parametrize(
    "environment",
    [
        {"SUPABASE_URL": "secret-invalid"},
        {"SUPABASE_URL": URL, "API_KEY_HASHES": "secret-invalid"},
        {"SUPABASE_URL": URL, "API_KEY_HASHES": ",".join(["0" * 64] * 3)},
    ],
)
def test_a_malformed_setting_is_named_without_its_value(environment: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings) as raised:
        AuthenticationSettings.from_env(environment)

    assert str(raised.value).startswith("Check the environment variables: ")
    assert "secret-invalid" not in str(raised.value)


def test_two_api_keys_can_be_valid_at_once() -> None:
    environment = {"SUPABASE_URL": URL, "API_KEY_HASHES": f"{'0' * 64}, {'1' * 64}"}

    assert AuthenticationSettings.from_env(environment).api_key_hashes == ("0" * 64, "1" * 64)


@pytest.mark.parametrize(
    "text",
    [
        f"{HASHES[0].upper()},{HASHES[1]}",
        f'"{HASHES[0]}, {HASHES[1]}"',
        f"'{HASHES[0]}' , '{HASHES[1]}'\n",
        f'"{HASHES[0]}","{HASHES[1]}"',
        f"\ufeff {HASHES[0]},\r\n{HASHES[1]}\r\n",
    ],
)
def test_hashes_of_keys_are_understood_as_people_copy_them(text: str) -> None:
    environment = {"SUPABASE_URL": URL, "API_KEY_HASHES": text}

    assert AuthenticationSettings.from_env(environment).api_key_hashes == HASHES


@pytest.mark.parametrize("text", ["a-plain-key", f"{HASHES[0]}  -", HASHES[0][1:], f"{HASHES[0]},"])
def test_what_is_no_hash_is_refused_with_the_remedy(text: str) -> None:
    environment = {"SUPABASE_URL": URL, "OPERATOR_KEY_HASHES": text}

    with pytest.raises(InvalidSettings, match=r"OPERATOR_KEY_HASHES.*64 digits.*sha256sum") as e:
        OperatorSettings.from_env(environment)
    assert text not in str(e.value)


@pytest.mark.parametrize("key", ["", "\n", "\r\n", "null\n", "None", "undefined", "$KEY"])
def test_the_hash_of_no_key_is_refused_with_the_remedy(key: str) -> None:
    """As where the variable of the shell was not set: anyone could send an empty key."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    environment = {"SUPABASE_URL": URL, "API_KEY_HASHES": f"{digest},{HASHES[0]}"}

    with pytest.raises(InvalidSettings, match=r"API_KEY_HASHES\.0: .*empty key.*variable") as e:
        AuthenticationSettings.from_env(environment)
    assert digest not in str(e.value)


def test_a_backends_key_is_no_operator_key() -> None:
    environment = {
        "SUPABASE_URL": URL,
        "API_KEY_HASHES": f"{'0' * 64}, {'1' * 64}",
        "OPERATOR_KEY_HASHES": f"{'2' * 64},{'1' * 64}",
    }

    with pytest.raises(InvalidSettings, match=r"OPERATOR_KEY_HASHES: .*API_KEY_HASHES") as raised:
        OperatorSettings.from_env(environment)

    assert "1" * 64 not in str(raised.value)
    environment["OPERATOR_KEY_HASHES"] = "2" * 64
    assert OperatorSettings.from_env(environment).operator_key_hashes == ("2" * 64,)


def test_default_thresholds() -> None:
    settings = ClassifierSettings.from_env({"MODEL_DIR": "model"})

    assert settings.review_threshold == 0.7
    assert settings.rules_file is None


@pytest.mark.parametrize("key", ['{"kty": "EC"}', "{", '{"secret": "invalid"}'])
def test_an_invalid_signing_key_is_rejected_without_its_value(key: str) -> None:
    settings = SupabaseSettings.from_env({"SUPABASE_URL": URL, "SUPABASE_SIGNING_KEY": key})

    with pytest.raises(InvalidSettings, match="SUPABASE_SIGNING_KEY") as raised:
        SupabaseAccess(settings, "prompt_writer")

    assert "invalid" not in str(raised.value)


def test_the_access_to_the_store_requires_a_key() -> None:
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
def test_a_number_out_of_range_is_named_without_its_value(variable: str, value: str) -> None:
    kind = CaptureSettings if variable.startswith("CAPTURE") else ClassifierSettings
    with pytest.raises(InvalidSettings, match=rf"{variable}: ") as raised:
        kind.from_env({"MODEL_DIR": "model", variable: value})

    assert value not in str(raised.value)


def test_all_invalid_settings_are_named_at_once() -> None:
    with pytest.raises(InvalidSettings) as raised:
        SupabaseSettings.from_env({"STORE_TIMEOUT_SECONDS": "soon"})

    assert "SUPABASE_URL: " in str(raised.value)
    assert "STORE_TIMEOUT_SECONDS: " in str(raised.value)
    assert "soon" not in str(raised.value)


def test_the_repr_of_settings_contains_no_secret() -> None:
    settings = SupabaseSettings.from_env(
        {"SUPABASE_URL": URL, "SUPABASE_SECRET_KEY": "marmalade", "SUPABASE_SIGNING_KEY": "jam"}
    )

    assert "marmalade" not in repr(settings) + str(settings)
    assert "jam" not in repr(settings) + str(settings)


def test_the_secret_for_ids_is_the_setting_or_derived_from_the_key() -> None:
    with_key = {"SUPABASE_SIGNING_KEY": "s" * 40}
    with_secret = {"IDEMPOTENCY_SECRET": "i7" * 20}

    secrets = [
        CaptureSettings.from_env(env).id_secret
        for env in (with_key, with_secret, with_key | with_secret)
    ]

    assert secrets[1] == secrets[2] != secrets[0]
    assert b"s" * 40 not in secrets[0]
    with pytest.raises(InvalidSettings, match="IDEMPOTENCY_SECRET"):
        _ = CaptureSettings.from_env({}).id_secret


def test_a_short_idempotency_secret_is_rejected() -> None:
    with pytest.raises(InvalidSettings, match="IDEMPOTENCY_SECRET"):
        CaptureSettings.from_env({"IDEMPOTENCY_SECRET": "short"})


def test_a_secret_with_a_byte_that_is_no_utf_8_is_refused_with_the_remedy() -> None:
    secret = f"{'k7' * 20}\udc93"
    with pytest.raises(InvalidSettings, match=r"IDEMPOTENCY_SECRET: .*UTF-8\. Use another") as e:
        CaptureSettings.from_env({"IDEMPOTENCY_SECRET": secret})
    assert secret[:-1] not in str(e.value)
    assert len(CaptureSettings.from_env({"SUPABASE_SIGNING_KEY": secret}).id_secret) == 32


@pytest.mark.parametrize("end", [" ", "\r\n", "\ufeff", "\u200b", "\udcef\udcbb\udcbf"], ids=ascii)
@pytest.mark.parametrize(
    ("settings", "variable", "value"),
    [
        (CaptureSettings, "SPOOL_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/1/spool"),
        (MonitorSettings, "DEAD_LETTERS_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/1/dead"),
        (MonitorSettings, "ALERT_TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:alerts"),
        (CaptureSettings, "CAPTURE_MODE", "answer-first"),
        (DoctorSettings, "CLASSIFY_URL", "https://classify.example.org/v1/classify"),
        (
            DoctorSettings,
            "MISSED_EXPORTS_QUEUE_URL",
            "https://sqs.eu-west-1.amazonaws.com/1/missed",
        ),
    ],
)
def test_what_nobody_sees_around_a_value_is_removed(
    settings: type[Settings], variable: str, value: str, end: str
) -> None:
    is_mark_of_the_start = end.startswith("\udcef")
    text = end + value + ("" if is_mark_of_the_start else end)

    assert str(getattr(settings.from_env({variable: text}), variable.lower())) == value


@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotation_marks_around_a_value_are_removed(quote: str) -> None:
    # `docker run --env-file` keeps them.
    environment = {
        "MODEL_DIR": f"{quote}model{quote}",
        "REDACT": f"{quote}email, phone{quote}",
        "SMALL_TALK_INTENTS": f"{quote}greeting{quote}",
        "REVIEW_THRESHOLD": f"{quote}0.5{quote}",
    }
    settings = ClassifierSettings.from_env(environment)

    assert settings.redact == ("email", "phone")
    assert settings.small_talk_intents == ("greeting",)
    assert settings.review_threshold == 0.5


@pytest.mark.parametrize(
    ("value", "intents"),
    [
        ('"greeting","thanks"', ("greeting", "thanks")),
        ("'greeting', 'small talk',", ("greeting", "small talk")),
        ("none", ()),
        ("None", ()),
        ("NONE,", ()),
    ],
)
def test_the_names_of_small_talk_may_have_quotation_marks(
    value: str, intents: tuple[str, ...]
) -> None:
    environment = {"MODEL_DIR": "model", "SMALL_TALK_INTENTS": value}

    assert ClassifierSettings.from_env(environment).small_talk_intents == intents


@pytest.mark.parametrize(
    "value",
    ['["greeting"]', "[]", "greeting;thanks", "{greeting}", "greeting,,thanks"],
)
def test_what_is_no_name_of_an_intent_is_refused(value: str) -> None:
    environment = {"MODEL_DIR": "model", "SMALL_TALK_INTENTS": value}

    with pytest.raises(InvalidSettings, match="SMALL_TALK_INTENTS"):
        ClassifierSettings.from_env(environment)


@pytest.mark.parametrize("name", ["my model", "team/assistant", "..", "-x", "é", "x" * 92])
def test_a_name_that_no_version_can_begin_with_is_refused(name: str) -> None:
    with pytest.raises(InvalidSettings, match="RETRAIN_NAME"):
        RetrainingSettings.from_env({"MODEL_DIR": "/m", "RETRAIN_NAME": name})


def test_a_version_can_begin_with_a_name_of_91_characters() -> None:
    settings = RetrainingSettings.from_env({"MODEL_DIR": "/m", "RETRAIN_NAME": "A" * 91})

    assert settings.retrain_name == "A" * 91


def test_the_endpoint_of_the_queue_is_aws_or_the_override() -> None:
    environment = {
        "SPOOL_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/spool",
        "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
    }

    aws = SpoolSettings.from_env(environment).endpoint
    override = SpoolSettings.from_env(
        environment | {"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1"}
    ).endpoint

    assert aws == "https://sqs.eu-west-1.amazonaws.com/"
    assert override == "http://127.0.0.1:1/"
