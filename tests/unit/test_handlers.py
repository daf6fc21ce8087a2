"""The handlers are small, and import nothing that a request does not need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDLERS = sorted((ROOT / "functions").glob("*/handler.py"))

FORBIDDEN_MODULES = (
    *("boto3", "botocore.auth", "botocore.session", "supabase"),
    *("sklearn", "scipy", "onnx", "typer", "training", "infra"),
)
"""The classification of a message may import none of these."""

SETTINGS = {
    "SUPABASE_URL": "http://localhost",
    "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_x",
    "SUPABASE_SECRET_KEY": "sb_secret_x",
    "SUPABASE_SIGNING_KEY": "a shared secret of a legacy project, long enough",
    "MODEL_DIR": str(ROOT / "model_artifacts" / "assistant"),
    "EXPORT_BUCKET": "bucket",
    "SPOOL_QUEUE_URL": "http://localhost/1/spool",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
}

OWN_SETTINGS = {"retrain": {"MODELS_BUCKET": "models"}}
"""Settings of one function, which would start work in another one."""


def test_there_are_seven_functions() -> None:
    assert [handler.parent.name for handler in HANDLERS] == [
        "classify-and-log",
        "console",
        "correct",
        "drain",
        "export",
        "models",
        "monitor",
        "record-outcome",
        "retrain",
    ]


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.parent.name)
def test_a_handler_is_small(handler: Path) -> None:
    assert len(handler.read_text().splitlines()) < 60


def test_classification_imports_no_forbidden_module() -> None:
    imported = _evaluate_after_import(
        "classify-and-log", f"[name for name in {FORBIDDEN_MODULES!r} if name in sys.modules]"
    )

    assert imported == "[]"


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.parent.name)
def test_garbage_collection_is_enabled_after_start_up(handler: Path) -> None:
    state = _evaluate_after_import(
        handler.parent.name, "gc.isenabled(), gc.get_freeze_count() > 10_000"
    )

    assert state == "True True"


def test_only_the_models_for_requests_are_built_at_start_up() -> None:
    built = _evaluate_after_import(
        "classify-and-log",
        "OpenAPI.__pydantic_complete__, ClassifyRequest.__pydantic_complete__",
    )

    assert built == "False True"


def _evaluate_after_import(function: str, expression: str) -> str:
    """Import a function in its own process, and return the value of an expression there."""
    script = f"""
import gc, sys
import handler
from fastapi.openapi.models import OpenAPI
from prompt_capture.api.classify import ClassifyRequest
print({expression})
"""
    completed = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT / "functions" / function,
        env={**os.environ, **SETTINGS, **OWN_SETTINGS.get(function, {})},
        capture_output=True,
        text=True,
        check=True,
    )
    return completed.stdout.strip()
