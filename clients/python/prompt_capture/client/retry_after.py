"""The header `Retry-After`: how long the service asks to wait before the next attempt."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[0-9]+")


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait, at least 0, or None where the header is absent or invalid.

    The header is a number of seconds or a date (RFC 9110). A date is compared with that of the
    response, where it has one, since the clocks of the two machines may differ.
    """
    value = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    retry_at = _parse_date(value)
    if retry_at is None:
        return None
    sent_at = _parse_date(headers.get("Date", "")) or datetime.now(UTC)
    return max((retry_at - sent_at).total_seconds(), 0.0)


def _parse_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
