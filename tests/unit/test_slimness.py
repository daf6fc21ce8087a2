"""The handlers stay thin, and load nothing that the hot path does not need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDLERS = sorted((ROOT / "functions").glob("*/handler.py"))

NEVER = (
    *("boto3", "botocore.auth", "botocore.session", "supabase"),
    *("sklearn", "scipy", "onnx", "typer", "training", "infra"),
)
"""None of these may be loaded to classify a message."""

SETTINGS = {
    "SUPABASE_URL": "http://localhost",
    "SUPABASE_SECRET_KEY": "sb_secret_x",
    "MODEL_DIR": str(ROOT / "model_artifacts" / "assistant"),
    "EXPORT_BUCKET": "of-nobody",
    "SPOOL_QUEUE_URL": "http://localhost/1/spool",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
}


def test_there_are_five_functions() -> None:
    assert [handler.parent.name for handler in HANDLERS] == [
        "classify-and-log",
        "correct",
        "drain",
        "export",
        "record-outcome",
    ]


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.parent.name)
def test_a_handler_is_thin(handler: Path) -> None:
    assert len(handler.read_text().splitlines()) < 60


def test_classifying_loads_nothing_heavy() -> None:
    loaded = _after_loading(
        "classify-and-log", f"[name for name in {NEVER!r} if name in sys.modules]"
    )

    assert loaded == "[]"


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.parent.name)
def test_garbage_is_collected_again_when_a_function_has_started(handler: Path) -> None:
    state = _after_loading(handler.parent.name, "gc.isenabled(), gc.get_freeze_count() > 10_000")

    assert state == "True True"


def test_what_describes_an_app_is_not_built_and_what_a_request_needs_is() -> None:
    built = _after_loading(
        "classify-and-log",
        "OpenAPI.__pydantic_complete__, ClassifyRequest.__pydantic_complete__",
    )

    assert built == "False True"


def _after_loading(function: str, expression: str) -> str:
    """Load a function in a process of its own, and answer what an expression is there."""
    script = f"""
import gc, sys
import handler
from fastapi.openapi.models import OpenAPI
from prompt_capture.api.classify import ClassifyRequest
print({expression})
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT / "functions" / function,
        env={**os.environ, **SETTINGS},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
