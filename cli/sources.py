"""Data files by path or by `s3://` address."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from training.examples import InvalidExamples


@contextmanager
def local_files(sources: Sequence[str]) -> Iterator[list[Path]]:
    """Answer a path for each source; what lies in S3 is fetched for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        yield [_local(source, Path(folder) / str(n)) for n, source in enumerate(sources)]


def _local(source: str, target: Path) -> Path:
    if not source.startswith("s3://"):
        return Path(source)
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    address = urlsplit(source)
    try:
        boto3.client("s3").download_file(address.netloc, address.path.lstrip("/"), str(target))
    except (BotoCoreError, ClientError) as error:
        raise InvalidExamples(f"{source} cannot be fetched: {error}") from None
    return target
