"""The addresses and keys of a running stack as environment variables for other programs."""

import shlex
from pathlib import Path

from infra.lambda_emulator import REGION
from infra.local.proxies import proxy_exceptions
from infra.local.stack import Stack
from infra.local.users import User


def variables(stack: Stack) -> dict[str, str]:
    """Return the variables that the functions, the CLI, the client and AWS clients read."""
    access_key, secret_key = stack.s3_credentials
    return {
        "SUPABASE_URL": stack.supabase_url,
        "SUPABASE_PUBLISHABLE_KEY": stack.keys.publishable,
        "SUPABASE_SECRET_KEY": stack.keys.secret,
        "SUPABASE_SIGNING_KEY": stack.keys.signing_key,
        "DATABASE_URL": stack.postgres_dsn,
        "API_KEY": stack.keys.api_key,
        "API_KEY_HASHES": stack.keys.api_key_hash,
        "OPERATOR_KEY": stack.keys.operator_key,
        "OPERATOR_KEY_HASHES": stack.keys.operator_key_hash,
        "CLASSIFY_URL": stack.classify_url,
        "OUTCOMES_URL": stack.outcomes_url,
        "CORRECTIONS_URL": stack.corrections_url,
        "MODELS_URL": stack.models_url,
        "CONSOLE_URL": stack.console_url,
        "EXPORT_BUCKET": stack.bucket,
        "MODELS_BUCKET": stack.bucket,
        "AWS_ENDPOINT_URL_LAMBDA": stack.lambda_endpoint,
        "AWS_ENDPOINT_URL_S3": stack.s3_endpoint,
        "AWS_ENDPOINT_URL_SQS": stack.sqs_endpoint,
        "SPOOL_QUEUE_URL": stack.spool_url,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret_key,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        **proxy_exceptions(),
    }


def write_file(stack: Stack, user: User) -> Path:
    """Write `stack.env` to the stack's folder and return its path.

    A shell can source the file. Only its owner can read it. USER_ID and USER_TOKEN are those of
    `user`.
    """
    file = stack.folder / "stack.env"
    file.touch(mode=0o600)
    values = variables(stack) | {"USER_ID": user.id, "USER_TOKEN": user.access_token}
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in values.items()]
    file.write_text("".join(lines))
    return file
