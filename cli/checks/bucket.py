"""Whether the bucket of datasets is private, encrypted and versioned."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from cli.checks.deployment import OR_NAME_THE_STAGE, Deployment, needed
from cli.checks.finding import Finding, ok, wrong

_SETTINGS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_NO_BLOCK = "NoSuchPublicAccessBlockConfiguration"
_NO_ENCRYPTION = "ServerSideEncryptionConfigurationNotFoundError"


def bucket(deployment: Deployment) -> Iterator[Finding]:
    """Read the bucket's settings; no object is listed or read."""
    name = needed(deployment.settings.export_bucket, "EXPORT_BUCKET", OR_NAME_THE_STAGE)
    client = deployment.client("s3")
    for look in (_private, _encrypted, _versioned):
        yield look(client, name)


def _private(client: Any, name: str) -> Finding:
    answer = _or_code(lambda: client.get_public_access_block(Bucket=name))
    if answer == "NotImplemented":
        return _refuses_strangers(client, name)
    block = {} if answer == _NO_BLOCK else answer["PublicAccessBlockConfiguration"]
    if off := [setting for setting in _SETTINGS if not block.get(setting)]:
        everything = ",".join(f"{setting}=true" for setting in _SETTINGS)
        return wrong(
            "public access",
            f"is not blocked: {', '.join(off)}",
            f"`aws s3api put-public-access-block --bucket {name} "
            f"--public-access-block-configuration {everything}`",
        )
    return ok("public access", "is blocked")


def _refuses_strangers(client: Any, name: str) -> Finding:
    """A server that knows no such block is asked as somebody without credentials would."""
    stranger = boto3.client(
        "s3",
        endpoint_url=client.meta.endpoint_url,
        region_name=client.meta.region_name,
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )
    answer = _or_code(lambda: stranger.list_objects_v2(Bucket=name, MaxKeys=0), "AccessDenied")
    if answer == "AccessDenied":
        return ok("public access", "is refused to who has no credentials")
    return wrong("public access", "anybody may list it", "Take away the policy that allows it.")


def _encrypted(client: Any, name: str) -> Finding:
    if _or_code(lambda: client.get_bucket_encryption(Bucket=name)) == _NO_ENCRYPTION:
        return wrong(
            "encryption",
            "is off",
            f"`aws s3api put-bucket-encryption --bucket {name} "
            "--server-side-encryption-configuration "
            '\'{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}\'`',
        )
    return ok("encryption", "is on")


def _versioned(client: Any, name: str) -> Finding:
    if client.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
        return wrong(
            "versioning",
            "is off",
            f"`aws s3api put-bucket-versioning --bucket {name} "
            "--versioning-configuration Status=Enabled`",
        )
    return ok("versioning", "is on")


def _or_code(call: Callable[[], Any], *more: str) -> Any:
    """Answer a call's result, or the code by which the server says what is not there."""
    try:
        return call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in {"NotImplemented", _NO_BLOCK, _NO_ENCRYPTION, *more}:
            return code
        raise
