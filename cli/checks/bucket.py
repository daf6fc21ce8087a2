"""Check that the dataset bucket is private, encrypted and versioned."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from cli.checks.deployment import SET_OR_USE_STAGE, Deployment, require
from cli.checks.results import CheckResult, ok, wrong

_SETTINGS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_NO_BLOCK = "NoSuchPublicAccessBlockConfiguration"
_NO_ENCRYPTION = "ServerSideEncryptionConfigurationNotFoundError"


def bucket(deployment: Deployment) -> Iterator[CheckResult]:
    """Read the bucket's settings. List and read no object."""
    name = require(deployment.settings.export_bucket, "EXPORT_BUCKET", SET_OR_USE_STAGE)
    client = deployment.client("s3")
    for check in (_public_access, _encryption, _versioning):
        yield check(client, name)


def _public_access(client: Any, name: str) -> CheckResult:
    response = _response_or_code(lambda: client.get_public_access_block(Bucket=name))
    if response == "NotImplemented":
        return _unsigned_access(client, name)
    block = {} if response == _NO_BLOCK else response["PublicAccessBlockConfiguration"]
    if disabled := [setting for setting in _SETTINGS if not block.get(setting)]:
        configuration = ",".join(f"{setting}=true" for setting in _SETTINGS)
        return wrong(
            "public access",
            f"is not blocked: {', '.join(disabled)}",
            f"`aws s3api put-public-access-block --bucket {name} "
            f"--public-access-block-configuration {configuration}`",
        )
    return ok("public access", "is blocked")


def _unsigned_access(client: Any, name: str) -> CheckResult:
    """Send an unsigned request, for servers that have no public access block."""
    unsigned = boto3.client(
        "s3",
        endpoint_url=client.meta.endpoint_url,
        region_name=client.meta.region_name,
        config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
    )
    response = _response_or_code(
        lambda: unsigned.list_objects_v2(Bucket=name, MaxKeys=0), "AccessDenied"
    )
    if response == "AccessDenied":
        return ok("public access", "is denied without credentials")
    return wrong(
        "public access",
        "is open: unsigned requests can list the bucket",
        "Remove the bucket policy that allows it.",
    )


def _encryption(client: Any, name: str) -> CheckResult:
    if _response_or_code(lambda: client.get_bucket_encryption(Bucket=name)) == _NO_ENCRYPTION:
        return wrong(
            "encryption",
            "is off",
            f"`aws s3api put-bucket-encryption --bucket {name} "
            "--server-side-encryption-configuration "
            '\'{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}]}\'`',
        )
    return ok("encryption", "is on")


def _versioning(client: Any, name: str) -> CheckResult:
    if client.get_bucket_versioning(Bucket=name).get("Status") != "Enabled":
        return wrong(
            "versioning",
            "is off",
            f"`aws s3api put-bucket-versioning --bucket {name} "
            "--versioning-configuration Status=Enabled`",
        )
    return ok("versioning", "is on")


def _response_or_code(call: Callable[[], Any], *more: str) -> Any:
    """Return a call's response, or the error code where the setting does not exist."""
    try:
        return call()
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in {"NotImplemented", _NO_BLOCK, _NO_ENCRYPTION, *more}:
            return code
        raise
