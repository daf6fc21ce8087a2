"""A registry of models with a history, for the screen of operators."""

import psycopg

from infra.local.stack import Stack
from tests.database.registry import build_model, call, promote, quarantine

EVIDENCE = {
    "sample": "audited",
    "messages": 640,
    "difference": {"value": 0.012, "lower": 0.003, "upper": 0.021},
    "per_intent": [
        {"intent": "email", "before": 0.91, "after": 0.95},
        {"intent": "search", "before": 0.88, "after": 0.87},
    ],
    "settings": {"level": 0.95, "decided_by": ["accuracy", "no intent is worse"]},
}


def register_models(stack: Stack) -> None:
    """Register three models, of which the second one serves and the first one is quarantined."""
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as connection:
        connection.execute("set role model_registrar")
        for version, accuracy in (("first", 0.89), ("second", 0.91), ("third", 0.92)):
            model = build_model(
                f"assistant-{version}", metrics={"accuracy": accuracy, "macro_f1": accuracy - 0.02}
            )
            call(
                connection,
                "register_model",
                model=model,
                actor="grace",
                reason=f"Trained on the corrections of the {version} week.",
                evidence=EVIDENCE,
            )
        promote(connection, "assistant-first")
        promote(connection, "assistant-second")
        quarantine(connection, "assistant-first")
