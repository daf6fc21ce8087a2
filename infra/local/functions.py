"""The deployment's functions on the local stack: each with what it needs and no more."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.local.keys import Keys
from infra.local.lambda_runtime import FunctionSpec
from infra.local.paths import FUNCTIONS, MODEL, RULES
from infra.local.s3 import S3Server
from infra.local.sqs import SqsServer

CLASSIFY, OUTCOME, CORRECT, EXPORT = "classify-and-log", "record-outcome", "correct", "export"
DRAIN = "drain"


@dataclass(frozen=True)
class FunctionEnvironment:
    """What the functions' settings are made of."""

    supabase_url: str
    keys: Keys
    s3: S3Server
    sqs: SqsServer
    queue_endpoint: str


def deployment(
    around: FunctionEnvironment, overrides: Mapping[str, Mapping[str, str]]
) -> list[FunctionSpec]:
    """Return all functions; `overrides` holds settings to change or add, by function."""

    def spec(name: str, settings: dict[str, str], seconds: float, has_url: bool) -> FunctionSpec:
        environment = {**settings, **overrides.get(name, {})}
        return FunctionSpec(
            name, FUNCTIONS / name, environment, timeout_seconds=seconds, has_url=has_url
        )

    return [
        spec(CLASSIFY, _classify(around), seconds=10, has_url=True),
        spec(OUTCOME, _backend(around), seconds=10, has_url=True),
        spec(CORRECT, _backend(around), seconds=10, has_url=True),
        spec(EXPORT, _export(around), seconds=300, has_url=False),
        spec(DRAIN, _own_role(around), seconds=20, has_url=False),
    ]


def _own_role(around: FunctionEnvironment) -> dict[str, str]:
    """Settings of functions that sign a token for a database role of their own."""
    return {
        "SUPABASE_URL": around.supabase_url,
        "SUPABASE_PUBLISHABLE_KEY": around.keys.publishable,
        "SUPABASE_SIGNING_KEY": around.keys.signing_key,
    }


def _classify(around: FunctionEnvironment) -> dict[str, str]:
    return _own_role(around) | {
        "API_KEY_HASHES": around.keys.api_key_hash,
        "IDEMPOTENCY_SECRET": around.keys.idempotency_secret,
        "MODEL_DIR": str(MODEL),
        "RULES_FILE": str(RULES),
        "SPOOL_QUEUE_URL": around.sqs.queue_url,
        "AWS_ENDPOINT_URL_SQS": around.queue_endpoint,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }


def _backend(around: FunctionEnvironment) -> dict[str, str]:
    return {
        "SUPABASE_URL": around.supabase_url,
        "SUPABASE_SECRET_KEY": around.keys.secret,
        "API_KEY_HASHES": around.keys.api_key_hash,
    }


def _export(around: FunctionEnvironment) -> dict[str, str]:
    return _own_role(around) | {
        "EXPORT_BUCKET": around.s3.bucket,
        "AWS_ENDPOINT_URL_S3": around.s3.endpoint,
        "AWS_ACCESS_KEY_ID": around.s3.access_key,
        "AWS_SECRET_ACCESS_KEY": around.s3.secret_key,
    }
