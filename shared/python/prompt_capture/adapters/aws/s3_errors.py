"""The errors of S3 as those of the domain."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from prompt_capture.domain.errors import DatasetsUnavailable


@contextmanager
def translate_errors(expected: frozenset[str] | set[str] = frozenset()) -> Iterator[None]:
    """Turn errors into `DatasetsUnavailable`, except for the expected error codes."""
    try:
        yield
    except ClientError as error:
        if error_code(error) in expected:
            raise
        raise DatasetsUnavailable(
            f"The bucket rejected the request ({error_code(error)})."
        ) from None
    except BotoCoreError as error:
        raise DatasetsUnavailable(f"The bucket did not respond ({type(error).__name__}).") from None


def error_code(error: ClientError) -> str:
    """Return the code of an error of AWS, or an empty string."""
    return str(error.response.get("Error", {}).get("Code", ""))
