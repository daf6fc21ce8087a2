"""The ids of captured prompts: made in time's order, or derived from a caller's key."""

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from uuid6 import uuid7

SPOOL_RETENTION = timedelta(days=14)
"""For how long a captured prompt may be on its way (`private.settings.spool_retention_days`)."""

_CLOCK_SKEW_SECONDS = 300


def new_log_id() -> UUID:
    """Make a time-ordered id (UUID version 7, RFC 9562)."""
    return UUID(bytes=uuid7().bytes)


def derived_log_id(secret: bytes, caller: str, idempotency_key: str) -> UUID:
    """Derive the one id of a caller's key (UUID version 8): nobody else's key can lead to it."""
    told = f"{caller}\n{idempotency_key}".encode()
    return _version_8(hmac.digest(secret, told, "sha256"))


def id_apart(content: Sequence[object]) -> UUID:
    """Derive the id of a message whose own one is taken by another: the same however often."""
    return _version_8(hashlib.sha256(json.dumps(content, default=str).encode()).digest())


def may_arrive(log_id: UUID) -> bool:
    """Whether a prompt of this id can still be on its way.

    An id of version 7 says when it was made. One of version 8 does not, and may.
    """
    if log_id.version != 7:
        return log_id.version == 8
    age = time.time() - (log_id.int >> 80) / 1000
    return -_CLOCK_SKEW_SECONDS <= age <= SPOOL_RETENTION.total_seconds()


def _version_8(digest: bytes) -> UUID:
    number = int.from_bytes(digest[:16])
    return UUID(int=number & ~(0xF << 76 | 0x3 << 62) | 0x8 << 76 | 0x2 << 62)
