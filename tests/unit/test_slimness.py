"""The handlers stay thin, and load nothing that the hot path does not need."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDLERS = sorted((ROOT / "functions").glob("*/handler.py"))

NEVER = ("boto3", "supabase", "sklearn", "scipy", "onnx", "typer", "training", "infra")
"""None of these may be loaded to classify a message."""


def test_there_are_four_functions() -> None:
    assert [handler.parent.name for handler in HANDLERS] == [
        "classify-and-log",
        "correct",
        "export",
        "record-outcome",
    ]


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda handler: handler.parent.name)
def test_a_handler_is_thin(handler: Path) -> None:
    assert len(handler.read_text().splitlines()) < 60


def test_classifying_loads_nothing_heavy() -> None:
    script = f"""
import os, sys
os.environ.update(SUPABASE_URL="http://localhost", SUPABASE_SECRET_KEY="sb_secret_x",
                  MODEL_DIR={str(ROOT / "model_artifacts" / "assistant")!r})
import handler
print([name for name in {NEVER!r} if name in sys.modules])
"""
    loaded = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT / "functions" / "classify-and-log",
        capture_output=True,
        text=True,
        check=True,
    )

    assert loaded.stdout.strip() == "[]"
