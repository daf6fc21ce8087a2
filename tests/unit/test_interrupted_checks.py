"""The checks of `prompt-capture doctor` that an error interrupts."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from cli.checks.interface import CheckResult
from cli.checks.registry import run_check


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (psycopg.OperationalError, "See `endpoints`."),
        (psycopg.errors.InsufficientPrivilege, "Use the role postgres in DATABASE_URL."),
        (psycopg.errors.UndefinedTable, "See `migrations`."),
        (psycopg.errors.UndefinedColumn, "See `migrations`."),
        (psycopg.errors.UndefinedFunction, "See `migrations`."),
        (psycopg.errors.InvalidSchemaName, "See `migrations`."),
    ],
)
def test_an_error_of_the_database_has_its_own_remedy(
    error: type[psycopg.Error], remedy: str
) -> None:
    deployment: Any = None

    def check(_: object) -> Iterator[CheckResult]:
        raise error
        yield

    (result,) = run_check(check, deployment)

    assert result.state == "skipped"
    assert result.remediation.startswith(remedy)
