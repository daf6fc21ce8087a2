"""Datasets as objects of an S3 bucket."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from botocore.exceptions import BotoCoreError, ClientError

from prompt_capture.domain.errors import DatasetChanged, DatasetsUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ABSENT = {"404", "NoSuchKey", "NoSuchVersion"}
_REFUSED = {"403", "AccessDenied"}
_THERE_ALREADY = {"412", "PreconditionFailed"}
_AT_THE_SAME_TIME = {"409", "ConditionalRequestConflict"}
_ATTEMPTS = 5
_UNLESS_THERE = {"IfNoneMatch": "*"}


class S3DatasetStore:
    """Writes each object to a temporary file, then uploads it, in parts where it is large.

    An interrupted export leaves no object. The temporary file needs as much room in `/tmp` as
    the object; memory stays flat.

    `may_list`: whether the caller has the right to list the bucket. S3 answers who has not as if
    they might not read what is not there.
    """

    def __init__(self, client: "S3Client", bucket: str, may_list: bool = True) -> None:
        self._client = client
        self.bucket = bucket
        self._absent = _ABSENT if may_list else _ABSENT | _REFUSED

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
            with _explained():
                self._client.upload_fileobj(
                    file, self.bucket, key, ExtraArgs={"ContentType": content_type}
                )

    def _replace(self, key: str, file: BinaryIO, content_type: str, state: str) -> None:
        """Write in one request, which S3 takes up to 5 GB: its condition holds for all of it."""
        changed = _THERE_ALREADY | _AT_THE_SAME_TIME | _ABSENT
        try:
            with _explained(changed):
                self._client.put_object(
                    Bucket=self.bucket, Key=key, Body=file, ContentType=content_type, IfMatch=state
                )
        except ClientError:
            raise DatasetChanged("The object was changed meanwhile.") from None

    def create_if_absent(self, key: str, content: bytes, content_type: str) -> bool:
        """Let S3 decide: of several at the same time, one wins, and S3 may ask others to retry.

        An object that was discarded is taken for none, by whoever is the first to replace it.
        """
        condition: dict[str, Any] = _UNLESS_THERE
        for _ in range(_ATTEMPTS):
            try:
                with _explained(_THERE_ALREADY | _AT_THE_SAME_TIME | _ABSENT):
                    self._client.put_object(
                        Bucket=self.bucket,
                        Key=key,
                        Body=content,
                        ContentType=content_type,
                        **condition,
                    )
            except ClientError as error:
                condition = _UNLESS_THERE
                if _code(error) not in _THERE_ALREADY:
                    continue
                there, tag = self._read(key)
                if there:
                    return there == content
                if tag:
                    condition = {"IfMatch": tag}
            else:
                return True
        raise DatasetsUnavailable("The bucket neither takes an object nor shows what is there.")

    def state(self, key: str) -> str | None:
        try:
            with _explained(_ABSENT):
                return self._client.head_object(Bucket=self.bucket, Key=key)["ETag"]
        except ClientError:
            return None

    def read(self, key: str) -> bytes | None:
        return self._read(key)[0]

    def _read(self, key: str) -> tuple[bytes | None, str]:
        """Answer an object and its tag."""
        try:
            with _explained(self._absent):
                answer = self._client.get_object(Bucket=self.bucket, Key=key)
                return answer["Body"].read(), answer["ETag"]
        except ClientError:
            return None, ""

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO | None]:
        with tempfile.TemporaryFile() as file:
            try:
                with _explained(self._absent):
                    self._client.download_fileobj(self.bucket, key, file)
            except ClientError:
                yield None
                return
            file.seek(0)
            yield cast("BinaryIO", file)

    def discard(self, key: str) -> None:
        """Put nothing in its place, which the right to write is enough for."""
        with _explained():
            self._client.put_object(Bucket=self.bucket, Key=key, Body=b"")

    def delete(self, key: str) -> None:
        with _explained():
            for version in self._versions(key):
                self._client.delete_object(Bucket=self.bucket, Key=key, VersionId=version)
            if self._exists(key):
                self._client.delete_object(Bucket=self.bucket, Key=key)

    def delete_older_versions(self, key: str) -> None:
        with _explained():
            for version in self._versions(key, only_older=True):
                self._client.delete_object(Bucket=self.bucket, Key=key, VersionId=version)

    def url(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def _exists(self, key: str) -> bool:
        found = self._client.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)
        return any(item["Key"] == key for item in found.get("Contents", []))

    def _versions(self, key: str, only_older: bool = False) -> list[str]:
        """List the versions of an object, its delete markers among them."""
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket, Prefix=key
        )
        found = [
            (item["Key"], item["VersionId"], item["IsLatest"])
            for page in pages
            for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        ]
        return [
            version
            for name, version, is_latest in found
            if name == key and not (only_older and is_latest)
        ]


@contextmanager
def _explained(expected: frozenset[str] | set[str] = frozenset()) -> Iterator[None]:
    """Say what the bucket refused, in our terms, unless the code is an expected one."""
    try:
        yield
    except ClientError as error:
        if _code(error) in expected:
            raise
        raise DatasetsUnavailable(f"The bucket refused the request ({_code(error)}).") from None
    except BotoCoreError as error:
        raise DatasetsUnavailable(f"The bucket did not answer ({type(error).__name__}).") from None


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
