"""Buckets and prefixes, as people copy them into settings, and folders in place of a bucket."""

import re

from prompt_capture.domain.keys import clean_key

_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,254}"
"""The oldest buckets have longer names than today's, also with capitals and underscores."""

_BUCKET = re.compile(
    rf"(?i:s3)://(?P<in_url>{_NAME})/?|(?:arn:aws[a-z-]*:s3:::)?(?P<name>{_NAME})", re.ASCII
)

_FOLDER_STARTS = ("/", "./", "../")


def is_folder(bucket: str) -> bool:
    """Return whether a value names a folder on this machine in place of a bucket."""
    return bucket.startswith(_FOLDER_STARTS)


def bucket_name(text: str) -> str:
    """Return the name of a bucket, of which its `s3://` URL or its ARN may be given.

    Raise `ValueError`, which does not repeat the text.
    """
    bucket = _BUCKET.fullmatch(clean_key(text))
    if not bucket:
        raise ValueError(
            "it is no bucket. Write its name alone, such as prompt-exports, also as "
            "s3://prompt-exports or arn:aws:s3:::prompt-exports: no path within it, no address of "
            "a console or an endpoint, and no access point"
        )
    return bucket["in_url"] or bucket["name"]


def bucket_or_folder(text: str) -> str:
    """Return the name of a bucket, or a path that begins with `/`, `./` or `../` as it is.

    Raise `ValueError`, which does not repeat the text.
    """
    if is_folder(text):
        return text
    try:
        return bucket_name(text)
    except ValueError as error:
        raise ValueError(f"{error}. A folder on this machine begins with / or ./") from None


def object_prefix(text: str) -> str:
    """Return a prefix of objects without slashes and quotation marks around it.

    Raise `ValueError`, which does not repeat the text.
    """
    prefix = clean_key(text).strip("/")
    if {"", ".", ".."} & set(prefix.split("/")):
        raise ValueError(
            "it is no prefix of objects. Write the path within the bucket alone, such as exports "
            "or team/exports, without the name of the bucket"
        )
    return prefix
