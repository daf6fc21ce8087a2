"""Data by path, by `s3://` URL, or from `-`: a file, a folder, or an exported dataset."""

import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, cast

from cli.printable import count_of
from prompt_capture.domain.datasets.manifest import manifest_key_of
from training.config import Progress, ProgressCallback
from training.data.examples import InvalidExamples
from training.data.exported_datasets import (
    datasets_in_use,
    find_datasets,
    is_part,
)
from training.data.sources import MANIFEST_SUFFIX, DataSource

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STANDARD_INPUT = "-"
_S3 = "s3://"


@contextmanager
def local_sources(sources: Sequence[str], progress: Progress) -> Iterator[list[DataSource]]:
    """Yield each source as a local one. Downloads exist until the block ends.

    Raise `InvalidExamples` where a download fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        yield [
            _localise(source, Path(folder) / str(number), progress)
            for number, source in enumerate(sources)
        ]


def _localise(source: str, folder: Path, progress: Progress) -> DataSource:
    """Return a source whose files can be read more than once."""
    if "://" in source and not source.startswith(_S3):
        raise InvalidExamples(
            f"{source} cannot be read: only files and s3:// URLs can. Download it first."
        )
    if source.startswith(_S3):
        return _download(source, folder, progress)
    if source == STANDARD_INPUT:
        return _copy(cast("BufferedReader", sys.stdin.buffer), folder, Path("/dev/stdin"))
    path = Path(source)
    if not (path.is_fifo() or path.is_char_device()):
        return DataSource(path)
    with path.open("rb") as pipe:
        return _copy(pipe, folder, path)


def _copy(pipe: BufferedReader, folder: Path, path: Path) -> DataSource:
    copy = folder / path.name
    folder.mkdir()
    with copy.open("wb") as file:
        while chunk := pipe.read1():  # unlike read, it lets Ctrl-C interrupt between two chunks
            file.write(chunk)
    return DataSource(copy, folder, str(path.parent))


def _download(url: str, folder: Path, progress: Progress) -> DataSource:
    from boto3.exceptions import Boto3Error
    from botocore import exceptions as aws

    from prompt_capture.adapters.aws.client_settings import create_aws_client

    name, _, key = url.removeprefix(_S3).partition("/")
    report = progress.step(f"Downloading {url}")
    try:
        return _Bucket(create_aws_client("s3"), name, folder, report).download(key.strip("/"))
    except (aws.ConnectionError, aws.HTTPClientError) as error:
        # Their texts have the address of the proxy or the endpoint, where a password may be.
        raise InvalidExamples(
            f"Cannot download {url}: the bucket did not respond ({type(error).__name__}). Check "
            "the environment variables HTTP_PROXY, HTTPS_PROXY and AWS_ENDPOINT_URL."
        ) from None
    except (aws.BotoCoreError, Boto3Error, aws.ClientError) as error:
        raise InvalidExamples(f"Cannot download {url}: {error}") from None


class _Bucket:
    """Downloads objects to a folder, where each has its key as its path."""

    def __init__(
        self, client: "S3Client", name: str, folder: Path, report: ProgressCallback
    ) -> None:
        self._client = client
        self._name = name
        self._folder = folder
        self._url = f"{_S3}{name}"
        self._report = report

    def download(self, key: str) -> DataSource:
        """Download the object with a key, or the dataset whose keys begin with it."""
        source = DataSource(self._folder / key, self._folder, self._url)
        if key.endswith(MANIFEST_SUFFIX):
            self._download_datasets(source, {key: 0})
        elif key and (size := self._size(key)) is not None:
            self._fetch({key: size})
            return replace(source, other_parts=self._count_other_parts(key))
        else:
            self._download_datasets(source, self._find_manifests(key))
        return source

    def _download_datasets(self, source: DataSource, manifests: Mapping[str, int]) -> None:
        self._fetch(manifests)
        self._fetch(
            {
                self._key_of(dataset.path_of(part)): part.bytes
                for dataset in datasets_in_use(find_datasets(source))
                for part in dataset.objects
            }
        )

    def _count_other_parts(self, key: str) -> int:
        """Return how many other parts of its dataset lie beside an object."""
        from botocore.exceptions import ClientError

        if not is_part(PurePosixPath(key)):
            return 0
        folder = key.rpartition("/")[0]
        try:
            listing = self._client.list_objects_v2(Bucket=self._name, Prefix=f"{folder}/")
        except ClientError:  # the right to list is not needed to read one object
            return 0
        return sum(is_part(PurePosixPath(item["Key"])) for item in listing["Contents"]) - 1

    def _find_manifests(self, prefix: str) -> Mapping[str, int]:
        """Return the manifests below a prefix, or the one beside it, with their sizes."""
        below = f"{prefix}/" if prefix else ""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._name, Prefix=below
        )
        sizes = {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}
        manifests = {key: sizes[key] for key in sizes if key.endswith(MANIFEST_SUFFIX)}
        beside = {key: 0 for each in sizes if (key := manifest_key_of(each))}
        if not (manifests or beside):
            raise InvalidExamples(self._describe_folder(prefix, sizes))
        return manifests or beside

    def _describe_folder(self, prefix: str, keys: Iterable[str]) -> str:
        """Say what is in a folder without a dataset, and how to read it."""
        url = f"{self._url}/{prefix}".rstrip("/")
        objects = sorted(key for key in keys if not key.endswith("/"))
        if not objects:
            return f"{url} is neither an object nor a folder with an exported dataset."
        count = count_of(len(objects), "object")
        return (
            f"{url} contains no exported dataset, but {count}, such as {self._url}/{objects[0]}. "
            f"Name one, or download the folder: aws s3 cp --recursive {shlex.quote(url)} FOLDER."
        )

    def _size(self, key: str) -> int | None:
        """Return the size of an object in bytes, or None where it seems not to exist."""
        from botocore.exceptions import ClientError

        try:
            return self._client.head_object(Bucket=self._name, Key=key)["ContentLength"]
        except ClientError as error:
            # Without the right to list a bucket, S3 answers 403 for an object that does not exist.
            if error.response["Error"].get("Code") in {"403", "404"}:
                return None
            raise

    def _fetch(self, sizes: Mapping[str, int]) -> None:
        """Download objects by key; `sizes` are their sizes in bytes."""
        done, total = 0, sum(sizes.values())

        def report(received: int) -> None:
            nonlocal done
            done += received
            self._report(done, max(done, total))

        for key in sizes:
            target = self._folder / key
            if not target.resolve().is_relative_to(self._folder.resolve()):
                raise InvalidExamples(f"{self._url}/{key} has a key that leads out of its folder.")
            target.parent.mkdir(parents=True, exist_ok=True)
            self._client.download_file(self._name, key, str(target), Callback=report)

    def _key_of(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()
