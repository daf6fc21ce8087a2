"""Inputs and outputs of packaging."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYER_LOCK = ROOT / "requirements-layer.lock"
DEVELOPMENT_LOCK = ROOT / "requirements.lock"
OWN_PACKAGE = ROOT / "shared" / "python" / "prompt_capture"
FUNCTION_LOCK = "requirements.lock"
"""The lock file in a function's folder; its packages go into that function's zip."""
MODELS = ROOT / "model_artifacts"
FUNCTIONS = ROOT / "functions"
PINNED_IMPORTS = Path(__file__).parent / "imports.toml"

PACKAGES = ROOT / "build" / "package"
CACHE = ROOT / "build" / "cache"


def function_locks() -> list[Path]:
    """List the lock files in the folders of the functions."""
    return sorted(FUNCTIONS.glob(f"*/{FUNCTION_LOCK}"))
