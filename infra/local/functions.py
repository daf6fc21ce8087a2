"""The functions on the local stack, each with only the environment variables that it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from infra.lambda_emulator import FunctionSpec
from infra.local.keys import Keys
from infra.local.paths import FUNCTIONS, MODEL, RULES
from infra.local.s3 import S3Server
from infra.local.sqs import SqsServer

CLASSIFY, OUTCOME, CORRECT, EXPORT = "classify-and-log", "record-outcome", "correct", "export"
DRAIN, MODELS, CONSOLE, MONITOR, RETRAIN = "drain", "models", "console", "monitor", "retrain"


@dataclass(frozen=True)
class FunctionEnvironment:
    """The addresses and keys that the functions' environment variables contain."""

    supabase_url: str
    keys: Keys
    s3: S3Server
    sqs: SqsServer
    queue_endpoint: str
    models_endpoint: str


def function_specs(
    environment: FunctionEnvironment, overrides: Mapping[str, Mapping[str, str]]
) -> list[FunctionSpec]:
    """Return the specification of every function.

    `overrides` maps a function name to environment variables to change or add.
    """

    def spec(name: str, settings: dict[str, str], seconds: float, has_url: bool) -> FunctionSpec:
        variables = {**settings, **overrides.get(name, {})}
        return FunctionSpec(
            name, FUNCTIONS / name, variables, timeout_seconds=seconds, has_url=has_url
        )

    return [
        spec(CLASSIFY, _classify_settings(environment), seconds=10, has_url=True),
        spec(OUTCOME, _backend_settings(environment), seconds=10, has_url=True),
        spec(CORRECT, _backend_settings(environment), seconds=10, has_url=True),
        spec(MODELS, _models_settings(environment), seconds=15, has_url=True),
        spec(CONSOLE, _console_settings(environment), seconds=15, has_url=True),
        spec(EXPORT, _export_settings(environment), seconds=300, has_url=False),
        replace(
            spec(RETRAIN, _retrain_settings(environment), seconds=900, has_url=False),
            memory_mb=3008,
            is_warmed=False,  # its packages take seconds to import, and nobody waits for it
        ),
        spec(DRAIN, _database_role_settings(environment), seconds=20, has_url=False),
        spec(MONITOR, _monitor_settings(environment), seconds=60, has_url=False),
    ]


def _database_role_settings(environment: FunctionEnvironment) -> dict[str, str]:
    """Return the settings of a function that signs a token for its own database role."""
    return {
        "SUPABASE_URL": environment.supabase_url,
        "SUPABASE_PUBLISHABLE_KEY": environment.keys.publishable,
        "SUPABASE_SIGNING_KEY": environment.keys.signing_key,
    }


def _classify_settings(environment: FunctionEnvironment) -> dict[str, str]:
    return _database_role_settings(environment) | {
        "API_KEY_HASHES": environment.keys.api_key_hash,
        "IDEMPOTENCY_SECRET": environment.keys.idempotency_secret,
        "MODEL_DIR": str(MODEL),
        "RULES_FILE": str(RULES),
        "SPOOL_QUEUE_URL": environment.sqs.queue_url,
        "AWS_ENDPOINT_URL_SQS": environment.queue_endpoint,
        "MODELS_BUCKET": environment.s3.bucket,
        "AWS_ENDPOINT_URL_S3": environment.models_endpoint,
        "AWS_ACCESS_KEY_ID": environment.s3.access_key,
        "AWS_SECRET_ACCESS_KEY": environment.s3.secret_key,
    }


def _backend_settings(environment: FunctionEnvironment) -> dict[str, str]:
    """Return the settings of a function that uses the project's secret key."""
    return {
        "SUPABASE_URL": environment.supabase_url,
        "SUPABASE_SECRET_KEY": environment.keys.secret,
        "API_KEY_HASHES": environment.keys.api_key_hash,
    }


def _models_settings(environment: FunctionEnvironment) -> dict[str, str]:
    return _database_role_settings(environment) | {
        "API_KEY_HASHES": environment.keys.api_key_hash,
        "OPERATOR_KEY_HASHES": environment.keys.operator_key_hash,
    }


def _console_settings(environment: FunctionEnvironment) -> dict[str, str]:
    """Return the settings of a function that holds no secret: it acts as the user who signed in."""
    return {
        "SUPABASE_URL": environment.supabase_url,
        "SUPABASE_PUBLISHABLE_KEY": environment.keys.publishable,
    }


def _export_settings(environment: FunctionEnvironment) -> dict[str, str]:
    return _database_role_settings(environment) | {
        "EXPORT_BUCKET": environment.s3.bucket,
        "AWS_ENDPOINT_URL_S3": environment.s3.endpoint,
        "AWS_ACCESS_KEY_ID": environment.s3.access_key,
        "AWS_SECRET_ACCESS_KEY": environment.s3.secret_key,
    }


def _monitor_settings(environment: FunctionEnvironment) -> dict[str, str]:
    """Return the settings of the monitor. There is no topic: alerts are recorded and logged."""
    return _database_role_settings(environment) | {
        "SPOOL_QUEUE_URL": environment.sqs.queue_url,
        "DEAD_LETTERS_QUEUE_URL": environment.sqs.dead_letters_url,
        "AWS_ENDPOINT_URL_SQS": environment.queue_endpoint,
        "AWS_ACCESS_KEY_ID": environment.s3.access_key,
        "AWS_SECRET_ACCESS_KEY": environment.s3.secret_key,
    }


def _retrain_settings(environment: FunctionEnvironment) -> dict[str, str]:
    return _export_settings(environment) | {
        "MODEL_DIR": str(MODEL),
        "MODELS_BUCKET": environment.s3.bucket,
        "AWS_ENDPOINT_URL_S3": environment.models_endpoint,
        "AWS_ENDPOINT_URL_SNS": environment.sqs.endpoint,
        "RETRAIN_TOPIC": environment.sqs.retraining_topic,
    }
