"""The groups of tests that one process runs exist."""

from pathlib import Path

from tests.distribution import LONGEST

ROOT = Path(__file__).parents[2]


def test_what_takes_longest_exists() -> None:
    assert [path for path in LONGEST if not (ROOT / path).exists()] == []
