"""Datasets as objects in an S3 bucket."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from botocore.exceptions import ClientError

from prompt_capture.adapters.aws.s3_errors import error_code, translate_errors
from prompt_capture.domain.errors import DatasetChanged, DatasetsUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_NOT_FOUND = {"404", "NoSuchKey", "NoSuchVersion"}
_PRECONDITION_FAILED = {"412", "PreconditionFailed"}
_CONFLICT = {"409", "ConditionalRequestConflict"}
_MAX_ATTEMPTS = 5
_IF_ABSENT = {"IfNoneMatch": "*"}


class S3DatasetStore:
    """Writes each object to a temporary file, then uploads it, in parts if it is large.

    An interrupted export leaves no object. The temporary file takes as much space in `/tmp` as the
    object, and memory use is constant.

    Every caller needs the right to list the bucket (`s3:ListBucket`). Without it, S3 responds with
    403 instead of 404 where there is no object, as to a forbidden one.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    @contextmanager
    def create(
        self, key: str, content_type: str, replaces: str | None = None
    ) -> Iterator[BinaryIO]:
        with tempfile.TemporaryFile() as file:
            yield cast("BinaryIO", file)
            file.seek(0)
            if replaces is not None:
                self._replace(key, cast("BinaryIO", file), content_type, replaces)
                return
            with translate_errors():
                self._client.upload_fileobj(
                    file, self.bucket, key, ExtraArgs={"ContentType": content_type}
                )

    def _replace(self, key: str, file: BinaryIO, content_type: str, etag: str) -> None:
        """Write in a single request (up to 5 GB), since the condition applies to one request."""
        changed = _PRECONDITION_FAILED | _CONFLICT | _NOT_FOUND
        try:
            with translate_errors(changed):
                self._client.put_object(
                    Bucket=self.bucket, Key=key, Body=file, ContentType=content_type, IfMatch=etag
                )
        except ClientError:
            raise DatasetChanged("Another writer changed the object since it was read.") from None

    def create_if_absent(self, key: str, content: bytes, content_type: str) -> bool:
        """Write conditionally: of several concurrent writers, S3 lets one win.

        A discarded (empty) object counts as absent: the first writer that replaces it wins.
        """
        condition: dict[str, Any] = _IF_ABSENT
        for _ in range(_MAX_ATTEMPTS):
            try:
                with translate_errors(_PRECONDITION_FAILED | _CONFLICT | _NOT_FOUND):
                    self._client.put_object(
                        Bucket=self.bucket,
                        Key=key,
                        Body=content,
                        ContentType=content_type,
                        **condition,
                    )
            except ClientError as error:
                condition = _IF_ABSENT
                if error_code(error) not in _PRECONDITION_FAILED:
                    continue
                existing, etag = self._read(key)
                if existing:
                    return existing == content
                if etag:
                    condition = {"IfMatch": etag}
            else:
                return True
        raise DatasetsUnavailable(
            "The bucket rejects the object, and the existing one cannot be read."
        )

    def version_tag(self, key: str) -> str | None:
        try:
            with translate_errors(_NOT_FOUND):
                return self._client.head_object(Bucket=self.bucket, Key=key)["ETag"]
        except ClientError:
            return None

    def read(self, key: str) -> bytes | None:
        return self._read(key)[0]

    def _read(self, key: str) -> tuple[bytes | None, str]:
        """Return an object and its ETag, or None and an empty string."""
        try:
            with translate_errors(_NOT_FOUND):
                response = self._client.get_object(Bucket=self.bucket, Key=key)
                return response["Body"].read(), response["ETag"]
        except ClientError:
            return None, ""

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO | None]:
        with tempfile.TemporaryFile() as file:
            try:
                with translate_errors(_NOT_FOUND):
                    self._client.download_fileobj(self.bucket, key, file)
            except ClientError:
                yield None
                return
            file.seek(0)
            yield cast("BinaryIO", file)

    def discard(self, key: str) -> None:
        """Overwrite the object with an empty one. This needs only the right to write."""
        with translate_errors():
            self._client.put_object(Bucket=self.bucket, Key=key, Body=b"")

    def delete(self, key: str) -> None:
        with translate_errors():
            for version in self._versions(key):
                self._client.delete_object(Bucket=self.bucket, Key=key, VersionId=version)
            if self._exists(key):
                self._client.delete_object(Bucket=self.bucket, Key=key)

    def delete_older_versions(self, key: str) -> None:
        with translate_errors():
            for version in self._versions(key, only_older=True):
                self._client.delete_object(Bucket=self.bucket, Key=key, VersionId=version)

    def keys(self, prefix: str) -> list[str]:
        with translate_errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix
            )
            keys = (item["Key"] for page in pages for item in page.get("Contents", []))
            return sorted(key for key in keys if not key.endswith("/"))

    def url(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def _exists(self, key: str) -> bool:
        listing = self._client.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)
        return any(item["Key"] == key for item in listing.get("Contents", []))

    def _versions(self, key: str, only_older: bool = False) -> list[str]:
        """List the version ids of an object, including its delete markers."""
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket, Prefix=key
        )
        versions = [
            (item["Key"], item["VersionId"], item["IsLatest"])
            for page in pages
            for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        ]
        return [
            version
            for name, version, is_latest in versions
            if name == key and not (only_older and is_latest)
        ]
