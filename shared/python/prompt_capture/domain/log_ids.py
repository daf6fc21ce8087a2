"""The ids of captured prompts: time-ordered, or derived from an idempotency key."""

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from uuid6 import uuid7

SPOOL_RETENTION = timedelta(days=14)
"""How long a captured prompt can stay in the spool (`private.settings.spool_retention_days`)."""

_CLOCK_SKEW_SECONDS = 300


def new_log_id() -> UUID:
    """Return a new time-ordered id (UUID version 7, RFC 9562)."""
    return UUID(bytes=uuid7().bytes)


def derived_log_id(secret: bytes, caller: str, idempotency_key: str) -> UUID:
    """Derive an id from a caller's idempotency key (UUID version 8).

    Keys of different callers never lead to the same id.
    """
    message = f"{caller}\n{idempotency_key}".encode()
    return _version_8(hmac.digest(secret, message, "sha256"))


def rekeyed_log_id(content: Sequence[object]) -> UUID:
    """Derive an id from a message's content, for a message whose own id is taken.

    The same content always gives the same id.
    """
    return _version_8(hashlib.sha256(json.dumps(content, default=str).encode()).digest())


def may_arrive(log_id: UUID) -> bool:
    """Return whether a prompt with this id can still arrive through the spool.

    An id of version 7 holds the time of its creation. An id of version 8 does not, so its prompt
    may always arrive.
    """
    if log_id.version != 7:
        return log_id.version == 8
    age = time.time() - (log_id.int >> 80) / 1000
    return -_CLOCK_SKEW_SECONDS <= age <= SPOOL_RETENTION.total_seconds()


def _version_8(digest: bytes) -> UUID:
    number = int.from_bytes(digest[:16])
    return UUID(int=number & ~(0xF << 76 | 0x3 << 62) | 0x8 << 76 | 0x2 << 62)
