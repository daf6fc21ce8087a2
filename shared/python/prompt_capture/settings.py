"""All settings. Only this module reads the environment; settings are validated at start-up."""

import hmac
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from prompt_capture.domain.buckets import bucket_name, bucket_or_folder, object_prefix
from prompt_capture.domain.entity_types import ENTITY_TYPES, EntityType
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.domain.keys import (
    KEY_HASH,
    clean_key,
    is_hash_of_no_key,
    split_hashes,
    split_list,
)
from prompt_capture.domain.mistaken_secrets import find_mistake
from prompt_capture.domain.placeholders import IN_SETTING
from prompt_capture.domain.predictions import SMALL_TALK_INTENTS
from prompt_capture.domain.types import Label, Probability

Seconds = Annotated[float, Field(gt=0, le=60)]


_ORIGIN = re.compile(
    r"""(?P<host>
        (?P<scheme>https?)://(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])
        |(?!(?:file|data|javascript|blob|about|ftp|wss?):)  # none has an origin
            (?!(?:[htps]+|localhost):)                      # a typing error
            [a-z][a-z0-9+.-]*://[a-z0-9_.-]+
    )(?::(?P<port>[1-9][0-9]{0,4}))?""",
    re.VERBOSE | re.IGNORECASE,
)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_MAX_PORT = 65_535


def _split_list(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _split_list_or_none(value: object) -> object:
    return () if value == "none" else _split_list(value)


_SIGNS_OF_A_LIST = frozenset('[]{};"')


def _split_intents(value: object) -> object:
    if not isinstance(value, str):
        return value
    names = split_list(clean_key(value).removesuffix(","))
    return () if [name.lower() for name in names] == ["none"] else names


def _check_intent(value: str) -> str:
    if _SIGNS_OF_A_LIST & set(value):
        raise ValueError(
            "it is no name of an intent. Write the names with commas between, without brackets"
        )
    return value


Intents = Annotated[
    tuple[Annotated[Label, AfterValidator(_check_intent)], ...], BeforeValidator(_split_intents)
]
"""Names of intents. A name that no model knows has no effect, so none may come of its form."""


def _split_origins(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part.rstrip("/") for part in split_list(clean_key(value).removesuffix(","))]


def _to_origin(value: str) -> str:
    """Return an origin without the port of its scheme. That of a web page is in lower case."""
    if value == "*":
        return value
    origin = _ORIGIN.fullmatch(value)
    if not origin or int(origin["port"] or 0) > _MAX_PORT:
        raise ValueError(
            "an origin has the form https://app.example.com, http://localhost:3000 or "
            "app://localhost, without a path. It names one host: * within it matches nothing. "
            "Write other letters than a to z as browsers do (xn--...)"
        )
    if not origin["scheme"]:
        return value
    is_default = origin["port"] == _DEFAULT_PORTS[origin["scheme"].lower()]
    return (origin["host"] if is_default else value).lower()


def _with_lower_case(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Add the origins of apps in lower case: only some browsers change their letters."""
    return tuple(dict.fromkeys(form for each in origins for form in (each, each.lower())))


Origins = Annotated[
    tuple[Annotated[str, AfterValidator(_to_origin)], ...],
    BeforeValidator(_split_origins),
    AfterValidator(_with_lower_case),
]


def _split_hashes(value: object) -> object:
    return split_hashes(value) if isinstance(value, str) else value


def _check_hash(value: str) -> str:
    if not KEY_HASH.fullmatch(value):
        raise ValueError(
            "it is no SHA-256 in hex, 64 digits without a sign behind them. Hash each key: "
            "printf %s \"$KEY\" | sha256sum | cut -d' ' -f1"
        )
    if is_hash_of_no_key(value):
        raise ValueError(
            "it is the hash of an empty key, or of the name of a variable, which anyone can send. "
            "Set the variable to the key in this shell, and hash it again"
        )
    return value


KeyHashes = Annotated[
    tuple[Annotated[str, AfterValidator(_check_hash)], ...],
    BeforeValidator(_split_hashes),
    Field(max_length=2),
]

_SCHEME = re.compile(r"https?://", re.IGNORECASE)


def _check_scheme(value: object) -> object:
    if isinstance(value, str) and not _SCHEME.match(value):
        raise ValueError("write the whole address, which begins with https:// or http://")
    return value


_API_PATH = re.compile(r"/(?:rest|auth|storage|functions|graphql|realtime)/v1(?:/[\w./-]*)?\Z")
_LONGEST_LABEL = 63
_HOST = re.compile(r"[a-z0-9_.-]+|\[[0-9a-f:.]+\]", re.IGNORECASE)
_OF_SUPABASE = re.compile(r"(?:.*\.)?supabase\.com?\.?", re.IGNORECASE)
_HOSTED_PROJECT = re.compile(r"https://[a-z0-9-]+\.supabase\.co\.?/*", re.IGNORECASE)
"""No request may leave without TLS: it has a key and a prompt."""


def _clean_url(value: object) -> object:
    return _API_PATH.sub("", clean_key(value)) if isinstance(value, str) else value


def _check_host(url: AnyHttpUrl) -> AnyHttpUrl:
    """Reject a host that no request can name, as where a variable within a URL was empty."""
    host = url.host or ""
    if host.lower() in {"http", "https"}:
        raise ValueError("it begins twice with https:// or http://")
    labels = host.removesuffix(".").split(".")
    if not all(0 < len(label) <= _LONGEST_LABEL for label in labels):
        raise ValueError("a part of the host's name is empty or too long")
    if not _HOST.fullmatch(host) or not all(map(_is_valid_label, labels)):
        raise ValueError("the host's name has a character that no host has. Copy it again")
    return url


def _is_valid_label(label: str) -> bool:
    """Return whether IDNA, by which HTTP clients read international names, allows a label."""
    if label.lower().startswith("xn--"):
        import httpx  # noqa: PLC0415 - rarely needed

        try:
            httpx.URL(f"http://{label}").host  # noqa: B018 - raises where IDNA refuses it
        except ValueError:
            return False
    return True


HttpUrl = Annotated[AnyHttpUrl, BeforeValidator(_check_scheme), AfterValidator(_check_host)]


QueueUrl = Annotated[str, BeforeValidator(_check_scheme)]
"""The address of a queue, which its ARN is not."""


Bucket = Annotated[str, AfterValidator(bucket_name)]
BucketOrFolder = Annotated[str, AfterValidator(bucket_or_folder)]
Prefix = Annotated[str, AfterValidator(object_prefix)]


def _check_project(url: AnyHttpUrl) -> AnyHttpUrl:
    is_of_supabase = _OF_SUPABASE.fullmatch(url.host or "") is not None
    is_wrong = is_of_supabase and not _HOSTED_PROJECT.fullmatch(str(url))
    is_dashboard = (url.path or "").startswith("/project/default")
    if is_wrong or is_dashboard or {"?", "#"} & set(str(url)) or url.username or url.password:
        raise ValueError(
            "set it to the project's own URL, https://<ref>.supabase.co, not that of the Dashboard "
            "or of the database, with https, and without a port, a query or a password"
        )
    return url


ProjectUrl = Annotated[HttpUrl, BeforeValidator(_clean_url), AfterValidator(_check_project)]
"""The address of a project. That of one of its APIs is understood, as the Dashboard shows it."""

PARAMETER_SUFFIX = "_PARAMETER"
"""The variable X_PARAMETER names the SSM parameter that holds the setting X."""


def parameter_names(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings that are in the Parameter Store, with the names of their parameters."""
    return {
        name.removesuffix(PARAMETER_SUFFIX): value
        for name, value in environment.items()
        if name.endswith(PARAMETER_SUFFIX) and value
    }


def _check_secret(value: object) -> object:
    if isinstance(value, str) and (mistake := find_mistake(clean_key(value))):
        raise ValueError(f"it is {mistake}. Set it to the secret itself")
    return value


OwnSecret = Annotated[SecretStr, BeforeValidator(_check_secret)]
"""A secret of this deployment. Those of Supabase are read in `adapters/supabase/keys.py`."""


_UNDECODED = re.compile("[\ud800-\udfff]")
"""What Python reads in place of a byte that is no UTF-8."""


def _check_encoding(value: object) -> object:
    if isinstance(value, str) and _UNDECODED.search(value):
        raise ValueError(
            "it has a byte that is no UTF-8. Use another one, as of openssl rand -hex 32"
        )
    return value


def _mentions(annotation: object, type_: type) -> bool:
    """Return whether an annotation is a type, or a union or `Annotated` with it."""
    return annotation is type_ or any(_mentions(part, type_) for part in get_args(annotation))


class Settings(BaseModel):
    """Base class of each function's settings. The field `x_y` comes from the variable `X_Y`."""

    # Each function needs a few of these models only, so they are built on their first use.
    model_config = ConfigDict(frozen=True, protected_namespaces=(), defer_build=True)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read and validate the settings.

        A variable counts as unset where nothing remains of it without white space, a byte order
        mark and quotation marks around it. These are removed, except from secrets, which their
        readers clean.

        Raise `InvalidSettings`, whose message has the variables and the problems, but no value.
        """
        present = {
            name: value if cls._is_secret(name) else clean_key(value)
            for name in cls.model_fields
            if clean_key(value := environment.get(name.upper(), ""))
        }
        unreplaced = [
            name.upper()
            for name, value in present.items()
            if not cls._is_secret(name) and IN_SETTING.search(value)
        ]
        if unreplaced:
            raise InvalidSettings(
                f"Check the environment variables: {', '.join(unreplaced)}: in place of a value "
                "there is a variable or a placeholder, such as ${NAME}, {{ name }}, %NAME% or "
                "<name>. Write the value itself, or let what reads the file put it in"
            )
        try:
            return cls.model_validate(present)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(str(part) for part in detail['loc']).upper()}: {detail['msg']}"
                for detail in error.errors(include_input=False, include_url=False)
            )
            raise InvalidSettings(f"Check the environment variables: {problems}") from None

    @classmethod
    def _is_secret(cls, name: str) -> bool:
        """Return whether a setting is a secret, which may have any characters."""
        return _mentions(cls.model_fields[name].annotation, SecretStr)


class SupabaseSettings(Settings):
    """Access to the store.

    With `supabase_signing_key` (a private JWK, or a legacy project's HS256 secret), a function
    signs a short-lived token for its own database role. Without it, the function uses
    `supabase_secret_key` (`sb_secret_...`, or a legacy service role JWT).
    """

    supabase_url: ProjectUrl
    supabase_publishable_key: SecretStr | None = None
    supabase_secret_key: SecretStr | None = None
    supabase_signing_key: SecretStr | None = None
    store_timeout_seconds: Seconds = 1.0

    @property
    def rest_url(self) -> str:
        """The URL of the project's PostgREST."""
        return f"{str(self.supabase_url).rstrip('/')}/rest/v1"

    @property
    def issuer(self) -> str:
        """The issuer of the project's tokens."""
        return f"{str(self.supabase_url).rstrip('/')}/auth/v1"


class AuthenticationSettings(Settings):
    """Authentication of callers: users by Supabase token, backends by API key.

    `api_key_hashes` holds the SHA-256 of each valid key, in hex, separated by commas. Two keys can
    be valid during a rotation. `supabase_jwt_secret` is for legacy projects (HS256) only.
    """

    supabase_url: ProjectUrl
    supabase_jwt_secret: SecretStr | None = None
    api_key_hashes: KeyHashes = ()


class OperatorSettings(AuthenticationSettings):
    """Authentication of operators: by token, or by operator key.

    `operator_key_hashes` is to operator keys what `api_key_hashes` is to those of backends. The key
    of a backend must not open what operators do, so no key is in both.
    """

    operator_key_hashes: KeyHashes = ()

    @field_validator("operator_key_hashes")
    @classmethod
    def _check_own_keys(cls, hashes: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if set(hashes) & set(info.data.get("api_key_hashes", ())):
            raise ValueError("has a key of API_KEY_HASHES; generate a key for operators alone")
        return hashes


class ConsoleSettings(Settings):
    """The console. Without `models_url`, nothing is decided about models there.

    `models_url_auth` is `iam` where that Function URL has AWS_IAM, so that requests are signed.
    """

    supabase_url: ProjectUrl
    supabase_publishable_key: SecretStr
    models_url: HttpUrl | None = None
    models_url_auth: Literal["token", "iam"] = "token"

    @property
    def rest_url(self) -> str:
        """The URL of the project's PostgREST."""
        return f"{str(self.supabase_url).rstrip('/')}/rest/v1"


class WebSettings(Settings):
    """The web pages and apps that may call the functions, by origin: `https://app.example.com`.

    They are separated by commas. `*` allows all. By default none may.
    """

    cors_allow_origins: Origins = ()


class ClassifierSettings(Settings):
    """The model, the rules, and the thresholds.

    Messages with a confidence below `review_threshold` need a review. `small_talk_intents` do not
    count beside a request. `redact` lists the entity types that are redacted before a message is
    classified and stored: by default all, and with `none` nothing.
    """

    model_dir: Path
    rules_file: Path | None = None
    review_threshold: Probability = 0.7
    secondary_intent_threshold: Probability = 0.7
    small_talk_intents: Intents = SMALL_TALK_INTENTS
    redact: Annotated[tuple[EntityType, ...], BeforeValidator(_split_list_or_none)] = ENTITY_TYPES


class CaptureSettings(Settings):
    """The capture of prompts.

    `capture_timeout_seconds` is one deadline for the write and the spool. The ids of messages with
    an idempotency key are derived with `idempotency_secret`, or else with the function's key to the
    database. In that case, a retry after a rotation of the key is captured a second time.
    """

    capture_mode: Literal["write-first", "answer-first"] = "write-first"
    capture_timeout_seconds: Seconds = 0.3
    spool_queue_url: QueueUrl | None = None
    idempotency_secret: (
        Annotated[OwnSecret, Field(min_length=32), BeforeValidator(_check_encoding)] | None
    ) = None
    supabase_signing_key: SecretStr | None = None
    supabase_secret_key: SecretStr | None = None

    @property
    def id_secret(self) -> bytes:
        """The secret for derived ids. Raise `InvalidSettings`."""
        if self.idempotency_secret:
            return self.idempotency_secret.get_secret_value().encode()
        key = self.supabase_signing_key or self.supabase_secret_key
        if key is None:
            raise InvalidSettings(
                "Set IDEMPOTENCY_SECRET, SUPABASE_SIGNING_KEY or SUPABASE_SECRET_KEY."
            )
        key_bytes = key.get_secret_value().encode(errors="surrogatepass")
        return hmac.digest(key_bytes, b"prompt-capture log ids", "sha256")


class QueueSettings(Settings):
    """The spool's queue, for code that uses the AWS client, which has settings of its own."""

    spool_queue_url: QueueUrl


class AwsSettings(Settings):
    """A function's AWS region, and its credentials from Lambda."""

    aws_region: str
    aws_access_key_id: str
    aws_secret_access_key: SecretStr
    aws_session_token: SecretStr | None = None


class ParameterStoreSettings(AwsSettings):
    """The Parameter Store. AWS_ENDPOINT_URL_SSM overrides the endpoint of AWS."""

    aws_endpoint_url_ssm: HttpUrl | None = None

    @property
    def endpoint(self) -> str:
        """The endpoint for requests."""
        override = self.aws_endpoint_url_ssm
        return str(override) if override else f"https://ssm.{self.aws_region}.amazonaws.com/"


class SqsSettings(AwsSettings):
    """SQS. AWS_ENDPOINT_URL_SQS overrides the endpoint of AWS."""

    aws_endpoint_url_sqs: HttpUrl | None = None

    @property
    def endpoint(self) -> str:
        """The endpoint for requests. In SQS's JSON protocol, all queues have the same one."""
        override = self.aws_endpoint_url_sqs
        return str(override) if override else f"https://sqs.{self.aws_region}.amazonaws.com/"


class SpoolSettings(SqsSettings):
    """The spool's queue."""

    spool_queue_url: QueueUrl


class MonitorSettings(Settings):
    """Where the monitor publishes alerts, the queues that it watches, and its package.

    Without a topic, alerts are recorded and logged. Without a queue, nobody watches it. The package
    is named by a hash of what it was built from; without it, deployments leave no mark.
    """

    alert_topic_arn: str | None = None
    spool_queue_url: QueueUrl | None = None
    dead_letters_queue_url: QueueUrl | None = None
    package_digest: Annotated[str, Field(pattern=r"^[0-9a-f]{12,}$")] | None = None

    @property
    def package(self) -> str | None:
        """What names the package in the figures: the beginning of its digest."""
        return self.package_digest and self.package_digest[:12]


class TopicSettings(AwsSettings):
    """The topic of the alerts. AWS_ENDPOINT_URL_SNS overrides the endpoint of AWS."""

    alert_topic_arn: str
    aws_endpoint_url_sns: HttpUrl | None = None

    @property
    def endpoint(self) -> str:
        """The endpoint for requests."""
        override = self.aws_endpoint_url_sns
        return str(override) if override else f"https://sns.{self.aws_region}.amazonaws.com/"


class ModelSettings(Settings):
    """The registered models. Without `models_bucket`, the packaged model alone serves.

    An instance that starts waits at most `model_wait_seconds` for the champion; the packaged model
    answers until it has arrived.
    """

    models_bucket: Bucket | None = None
    model_wait_seconds: Seconds = 2.0


class ModelBucketSettings(AwsSettings):
    """The bucket of the published models. AWS_ENDPOINT_URL_S3 overrides the endpoint of AWS."""

    models_bucket: Bucket
    aws_endpoint_url_s3: HttpUrl | None = None

    @property
    def bucket_url(self) -> str:
        """The URL of the bucket, without a slash at the end."""
        override = self.aws_endpoint_url_s3
        if override:
            return f"{str(override).rstrip('/')}/{self.models_bucket}"
        return f"https://{self.models_bucket}.s3.{self.aws_region}.amazonaws.com"


class ExtensionSettings(Settings):
    """The address of Lambda's own APIs inside an environment."""

    aws_lambda_runtime_api: str


class ExportSettings(Settings):
    """The exports of datasets. AWS_ENDPOINT_URL_S3 overrides the endpoint of AWS.

    Datasets with labels from people have the prefix `export_retained_prefix`, where objects are
    retained longer. An export of more than `export_max_rows` rows is rejected before it starts. A
    dataset of fewer than `export_min_lines` lines logs a warning and raises an alarm.
    """

    export_bucket: BucketOrFolder
    export_prefix: Prefix = "exports"
    export_retained_prefix: Prefix = "retained"
    export_max_rows: Annotated[int, Field(gt=0)] = 5_000_000
    export_min_lines: Annotated[int, Field(ge=0)] = 0


class PublishingSettings(Settings):
    """Where models are published: the bucket that classify-and-log reads them from.

    It may also be a folder on this machine.
    """

    models_bucket: BucketOrFolder


class RetrainingSettings(Settings):
    """The retraining.

    `retrain_topic` is the SNS topic of its notifications; without one, only the log has them.
    With `retrain_auto_promote`, a candidate whose verdict is `promote`, and rests on nobody alone,
    serves without a person. A daily run retrains from `retrain_min_new_labels` new labels on. Both
    models classify the texts of the last `retrain_days`, and `retrain_disagreements` of those that
    they classify differently go to review. `retrain_seeds` is the prefix of the examples that the
    assistant started with, and versions start with `retrain_name`. `model_dir` holds at least the
    manifest of the packaged model.
    """

    model_dir: Path
    retrain_topic: str | None = None
    retrain_auto_promote: bool = False
    retrain_min_new_labels: Annotated[int, Field(gt=0)] = 200
    retrain_days: Annotated[int, Field(gt=0, le=3650)] = 30
    retrain_disagreements: Annotated[int, Field(gt=0, le=1000)] = 250
    retrain_seeds: Prefix = "seeds"
    retrain_name: str = "assistant"
