"""Texts on which two models disagree, for the blind review."""

from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from infra.local.stack import Stack
from tests.database.registry import call, register

CANDIDATE, CHAMPION = "candidate-of-the-console", "champion-of-the-console"
PROBABILITY = 0.25


def draw(stack: Stack, *log_ids: UUID) -> None:
    """Draw texts of which the candidate says `search` and the champion `email`."""
    disagreements = [
        {"log_id": str(log_id), "candidate_intent": "search", "champion_intent": "email"}
        for log_id in log_ids
    ]
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as connection:
        connection.execute("set role model_registrar")
        register(connection, CANDIDATE)
        call(
            connection,
            "draw_disagreements",
            candidate=CANDIDATE,
            champion=CHAMPION,
            probability=PROBABILITY,
            disagreements=Jsonb(disagreements),
        )
