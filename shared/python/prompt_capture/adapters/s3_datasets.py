"""Datasets as objects of an S3 bucket."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3DatasetStore:
    """Writes each object to a temporary file, then uploads it, in parts where it is large.

    An interrupted export leaves no object. The temporary file needs as much room in `/tmp` as
    the dataset; memory stays flat.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket

    @contextmanager
    def create(self, key: str, content_type: str) -> Iterator[BinaryIO]:
        with tempfile.TemporaryFile() as file:
            yield cast("BinaryIO", file)
            file.seek(0)
            self._client.upload_fileobj(
                file, self.bucket, key, ExtraArgs={"ContentType": content_type}
            )

    def url(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"
