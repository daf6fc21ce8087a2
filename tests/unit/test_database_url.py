"""DATABASE_URL is understood as people copy it, and no message has its password."""

import pytest

from cli.database_url import DatabaseUrl
from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.settings.base import Settings

URL = "postgresql://postgres.ref:pw0rd@pooler.supabase.com:5432/postgres"


class UrlSettings(Settings):
    database_url: DatabaseUrl


def read(text: str) -> str:
    return UrlSettings.from_env({"DATABASE_URL": text}).database_url.get_secret_value()


@pytest.mark.parametrize(
    "text",
    [
        URL,
        URL.replace("postgresql", "postgres"),
        URL.replace("postgresql", "POSTGRESQL"),
        URL.replace("postgresql", "postgresql+psycopg2"),
        URL.replace("postgresql", "postgres+asyncpg"),
        f"psql {URL}",
        f"psql '{URL}'",
        f'"{URL}"',
        f"\ufeff{URL}\n",
    ],
)
def test_a_connection_string_is_understood_as_other_programs_have_it(text: str) -> None:
    assert read(text) == URL


@pytest.mark.parametrize(
    "text",
    [
        "host=db.example.org password=pw0rd",
        "postgresql:///postgres?host=/tmp",
        "postgresql://u:p$w#x@[::1]:5432/postgres?sslmode=require",
        "postgresql://u:x<word>y@localhost/postgres",
        "postgresql://u:x${y}z@localhost/postgres",
        "postgresql://u:p%C3%BCBER%21@localhost/postgres",
        "postgresql://u:YOUR-CAR@localhost/postgres",
        "postgresql://u:{curly}a$B@localhost/postgres",
        "postgresql://u:$2b$x<y>@one.example.org:5432,two.example.org:5432/postgres",
    ],
)
def test_other_connection_strings_of_postgresql_stay(text: str) -> None:
    assert read(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "jdbc:postgresql://db.example.org:5432/postgres?user=postgres&password=pw0rd",
        "mysql://root:pw0rd@db.example.org/app",
        "https://pw0rd.supabase.co",
        f"DATABASE_URL={URL}",
        f"{URL}?pgbouncer=true&connection_limit=1",
        URL.replace("pw0rd", "pw0rd/x"),
        URL.replace("pw0rd", "pw0rd@x"),
        URL.replace("pw0rd", "pw0rd%x"),
        "pw0rd",
    ],
)
def test_what_is_no_connection_string_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(InvalidSettings, match=r"DATABASE_URL: .*postgresql://user:") as refused:
        read(text)
    assert "pw0rd" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        URL.replace("pw0rd", "[YOUR-PASSWORD]"),
        URL.replace("pw0rd", "[your password]"),
        URL.replace("pw0rd", "${PASSWORD}"),
        URL.replace("pw0rd", "$PASSWORD"),
        URL.replace("pw0rd", "{{ password }}"),
        URL.replace("postgres.ref", "postgres.<project-ref>"),
        URL.replace("postgres.ref", "postgres.YOUR_REF"),
        URL.replace("pw0rd", "%PASSWORD%"),
        URL.replace("pooler.", "aws-0-${REGION}.pooler."),
        "$DATABASE_URL",
    ],
)
def test_a_placeholder_is_named(text: str) -> None:
    with pytest.raises(InvalidSettings, match=r"DATABASE_URL: .*\[YOUR-PASSWORD\]") as refused:
        read(text)
    assert "pw0rd" not in str(refused.value)
