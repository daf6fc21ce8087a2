"""Where packages are made of, and where they go."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYER_LOCK = ROOT / "requirements-layer.lock"
DEVELOPMENT_LOCK = ROOT / "requirements.lock"
OWN_PACKAGE = ROOT / "shared" / "python" / "prompt_capture"
FUNCTION_LOCK = "requirements.lock"
"""In a function's folder: what it carries in its own zip, on top of the layer."""
MODELS = ROOT / "model_artifacts"
FUNCTIONS = ROOT / "functions"
PINNED_IMPORTS = Path(__file__).parent / "imports.toml"

PACKAGES = ROOT / "build" / "package"
CACHE = ROOT / "build" / "cache"


def function_locks() -> list[Path]:
    """List the lock files of the functions that have one."""
    return sorted(FUNCTIONS.glob(f"*/{FUNCTION_LOCK}"))
