"""The handlers stay thin, and load nothing that the hot path does not need."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HANDLERS = sorted((ROOT / "functions").glob("*/handler.py"))

NEVER = ("boto3", "supabase", "sklearn", "scipy", "onnx", "typer", "training", "infra")
"""None of these may be loaded to classify a message."""

OF_THE_SPOOL = {
    "SPOOL_QUEUE_URL": "http://localhost/1/spool",
    "AWS_REGION": "eu-west-1",
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


@pytest.mark.parametrize(
    ("more", "never"),
    [
        ({}, (*NEVER, "botocore.auth")),
        (OF_THE_SPOOL, (*NEVER, "botocore.session", "botocore.client")),
    ],
    ids=["without a spool", "with a spool"],
)
def test_classifying_loads_nothing_heavy(more: dict[str, str], never: tuple[str, ...]) -> None:
    script = f"""
import os, sys
os.environ.update(SUPABASE_URL="http://localhost", SUPABASE_SECRET_KEY="sb_secret_x",
                  MODEL_DIR={str(ROOT / "model_artifacts" / "assistant")!r}, **{more!r})
import handler
print([name for name in {never!r} if name in sys.modules])
"""
    loaded = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT / "functions" / "classify-and-log",
        capture_output=True,
        text=True,
        check=True,
    )

    assert loaded.stdout.strip() == "[]"
