"""Data files by local path or by `s3://` URL."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from training.data.examples import InvalidExamples


@contextmanager
def local_files(sources: Sequence[str]) -> Iterator[list[Path]]:
    """Yield a local path for each source. Downloads from S3 exist until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        yield [_local_path(source, Path(folder) / str(n)) for n, source in enumerate(sources)]


def _local_path(source: str, target: Path) -> Path:
    if not source.startswith("s3://"):
        return Path(source)
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    url = urlsplit(source)
    try:
        boto3.client("s3").download_file(url.netloc, url.path.lstrip("/"), str(target))
    except (BotoCoreError, ClientError) as error:
        raise InvalidExamples(f"Cannot download {source}: {error}") from None
    return target
