"""The setting DATABASE_URL, as people copy it."""

import re
from typing import Annotated

from pydantic import BeforeValidator, SecretStr

from prompt_capture.domain.keys import clean_key
from prompt_capture.domain.placeholders import IN_DATABASE_URL

_SCHEME = re.compile(r"\A(?:psql\s+[\"']?)?postgres(?:ql)?(?:\+\w+)?://", re.IGNORECASE)
"""Also with the driver of SQLAlchemy, and behind the command in which the Dashboard shows it."""

_PORTS = re.compile(r"[0-9,]*")


def _read(value: object) -> object:
    if not isinstance(value, str):
        return value
    from psycopg import Error
    from psycopg.conninfo import conninfo_to_dict

    url = clean_key(value)
    if IN_DATABASE_URL.search(url):
        raise ValueError(
            "a variable or a placeholder stands in it, such as [YOUR-PASSWORD]. Write the value "
            "itself, and special characters of the password as %XX"
        )
    if start := _SCHEME.match(url):
        address = url[start.end() :].rstrip("\"'")
        url = f"postgresql://{address}"
    try:
        parts = conninfo_to_dict(url)
    except Error:
        parts = {"host": "@"}
    if "@" in str(parts.get("host", "")) or not _PORTS.fullmatch(str(parts.get("port", ""))):
        raise ValueError(
            "it is no connection string of PostgreSQL. Copy it from the Dashboard (Connect, "
            "Session pooler): postgresql://user:password@host:5432/postgres. Leave out parameters "
            "of other programs behind ?, and write special characters of the password as %XX"
        )
    return url


DatabaseUrl = Annotated[SecretStr, BeforeValidator(_read)]
"""A connection string for psycopg."""
