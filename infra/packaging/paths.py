"""Inputs and outputs of packaging."""

from pathlib import Path

from infra.packaging.targets import Target

ROOT = Path(__file__).resolve().parents[2]
LAYER_LOCK = ROOT / "requirements-layer.lock"
RETRAIN_LAYER_LOCK = ROOT / "requirements-retrain-layer.lock"
DEVELOPMENT_LOCK = ROOT / "requirements.lock"
OWN_PACKAGE = ROOT / "shared" / "python" / "prompt_capture"
TRAINING = ROOT / "training"
FUNCTION_LOCK = "requirements.lock"
"""The lock file in a function's folder; its packages go into that function's zip."""
MODELS = ROOT / "model_artifacts"
FUNCTIONS = ROOT / "functions"
PINNED_IMPORTS = Path(__file__).parent / "imports.toml"

SHARED_LAYER, RETRAIN_LAYER = "layer", "retrain-layer"
"""The names of the layers, with which their folders begin."""

PACKAGES = ROOT / "build" / "package"
CACHE = ROOT / "build" / "cache"


def function_names() -> list[str]:
    """List the functions: every folder of `functions/` with a handler."""
    return sorted(handler.parent.name for handler in FUNCTIONS.glob("*/handler.py"))


def function_locks() -> list[Path]:
    """List the lock files in the folders of the functions."""
    return sorted(FUNCTIONS.glob(f"*/{FUNCTION_LOCK}"))


def layer_locks() -> list[Path]:
    """List the lock files of the layers."""
    return [LAYER_LOCK, RETRAIN_LAYER_LOCK]


def layer_folder(target: Target, output: Path = PACKAGES, name: str = SHARED_LAYER) -> Path:
    """Return the folder of a layer, laid out as Lambda mounts it."""
    return output / f"{name}-{target.architecture}"


def layer_zip(target: Target, output: Path = PACKAGES, name: str = SHARED_LAYER) -> Path:
    """Return the path of a layer's zip."""
    return layer_folder(target, output, name).with_suffix(".zip")


def function_folder(name: str, target: Target, output: Path = PACKAGES) -> Path:
    """Return the folder of a packaged function, laid out as Lambda mounts it."""
    return output / f"functions-{target.architecture}" / name
