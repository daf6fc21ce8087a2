"""Published models as objects in an S3 bucket."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from botocore.exceptions import ClientError

from prompt_capture.adapters.aws.s3_errors import error_code, translate_errors
from prompt_capture.adapters.published_streams import PublishedStreams
from prompt_capture.domain.errors import (
    DatasetsUnavailable,
    ModelConflict,
    ModelFilesUnavailable,
)
from prompt_capture.domain.models import blob_key, card_key, manifest_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_EXISTS = frozenset({"412", "PreconditionFailed"})
_CONFLICT = frozenset({"409", "ConditionalRequestConflict"})
_ABSENT = frozenset({"404", "NoSuchKey", "403", "AccessDenied", "Forbidden"})
"""Without the right to list the bucket, S3 answers 403 where there is no object."""

_MAX_ATTEMPTS = 5


class S3ModelObjects:
    """Writes each object in one conditional request, with its checksum.

    The caller needs the rights to read and to write objects under `models/`, and no right to list.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put_blob(self, sha256: str, content: bytes) -> bool:
        if self._create(blob_key(sha256), content, "application/octet-stream"):
            return True
        if not self.has_blob(sha256, len(content)):
            raise DatasetsUnavailable(
                "The bucket has a file of this model, and it cannot be read. "
                "Check the right s3:GetObject on models/*."
            )
        return False

    def has_blob(self, sha256: str, size_bytes: int) -> bool:
        key = blob_key(sha256)
        try:
            with translate_errors(_ABSENT):
                found = self._client.head_object(
                    Bucket=self._bucket, Key=key, ChecksumMode="ENABLED"
                )
        except ClientError:
            return False
        checksum = found.get("ChecksumSHA256", _checksum(sha256))
        if (found["ContentLength"], checksum) != (size_bytes, _checksum(sha256)):
            raise ModelConflict(
                f"{self._url(key)} has other content than its name says. Find out who wrote it, "
                "then delete it and publish the model again."
            )
        return True

    def put_manifest(self, version: str, content: bytes) -> str | None:
        key = manifest_key(version)
        self._create(key, content, "application/json")
        with translate_errors():
            existing = self._client.get_object(Bucket=self._bucket, Key=key)
            if existing["Body"].read() != content:
                raise ModelConflict(
                    f"The version {version} belongs to another model: {self._url(key)}. "
                    "Train the model under another name (train --name)."
                )
        return existing.get("VersionId")

    def put_card(self, version: str, content: bytes) -> str:
        key = card_key(version)
        self._create(key, content, "text/html; charset=utf-8")
        return self._url(key)

    def manifest_url(self, version: str) -> str:
        return self._url(manifest_key(version))

    def _url(self, key: str) -> str:
        return f"s3://{self._bucket}/{key}"

    def _create(self, key: str, content: bytes, content_type: str) -> bool:
        """Write an object unless it exists, and return whether this call did."""
        for _ in range(_MAX_ATTEMPTS):
            try:
                with translate_errors(_EXISTS | _CONFLICT):
                    self._client.put_object(
                        Bucket=self._bucket,
                        Key=key,
                        Body=content,
                        ContentType=content_type,
                        ChecksumSHA256=_checksum(hashlib.sha256(content).hexdigest()),
                        IfNoneMatch="*",
                    )
            except ClientError as error:
                if error_code(error) in _EXISTS:
                    return False
            else:
                return True
        raise DatasetsUnavailable("Another writer is in the way. Publish the model again.")


def open_published_bucket(client: "S3Client", bucket: str) -> PublishedStreams:
    """Return the files that `S3ModelObjects` wrote to a bucket.

    With boto3, an operator has the same credentials as for every other command.
    `S3PublishedFiles` needs no boto3, and so suits a cold start.
    """

    @contextmanager
    def open_object(key: str, version: str | None) -> Iterator[BinaryIO]:
        pinned: dict[str, Any] = {"VersionId": version} if version else {}
        try:
            with translate_errors(_ABSENT):
                response = client.get_object(Bucket=bucket, Key=key, **pinned)
                yield cast("BinaryIO", response["Body"])
        except ClientError as error:
            raise ModelFilesUnavailable(
                f"s3://{bucket}/{key} is missing, or this account may not read it "
                f"({error_code(error)}). Check the right s3:GetObject on models/*, or publish the "
                "model again."
            ) from None
        except DatasetsUnavailable as error:
            raise ModelFilesUnavailable(str(error)) from None

    return PublishedStreams(open_object)


def _checksum(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()
