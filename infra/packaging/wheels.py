"""Install locked wheels for a machine that need not be this one."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.packaging import bytecode
from infra.packaging.failures import PackageRefused
from infra.packaging.interpreter import lambda_python
from infra.packaging.paths import CACHE, DEVELOPMENT_LOCK, LAYER_LOCK, function_locks
from infra.packaging.targets import PYTHON_VERSION, Target

_UV = Path(sys.executable).with_name("uv")
RUNTIME_PACKAGES = ("awslambdaric", "boto3")
"""What Lambda's own Python runtime brings."""


def layer_wheels(target: Target) -> Path:
    """Answer a folder with all that the layer's lock file names, as the wheels are."""
    return _locked("wheels", LAYER_LOCK, target)


def function_wheels(lock: Path, target: Target) -> Path:
    """Answer a folder with all that a function's own lock file names."""
    return _locked(lock.parent.name, lock, target)


def runtime_wheels() -> Path:
    """Answer a folder with what stands for Lambda's runtime on this machine."""
    return _installed("runtime", ["--constraint", str(DEVELOPMENT_LOCK), *RUNTIME_PACKAGES])


def naive_wheels() -> Path:
    """Answer a layer of what a naive function imports, with byte code, to measure against."""
    packages = ["supabase", "fastapi", "mangum", "boto3"]
    layer = _installed("naive", ["--constraint", str(DEVELOPMENT_LOCK), *packages])
    if not (layer / "python").is_dir():
        _make_layer(layer)
    return layer


def _make_layer(folder: Path) -> None:
    content = list(folder.iterdir())
    python = folder / "python"
    python.mkdir()
    for one in content:
        one.rename(python / one.name)
    bytecode.compile_all(python, "/opt/python")


def _locked(name: str, lock: Path, target: Target) -> Path:
    options = ["--require-hashes", "--no-deps", "--python-platform", target.platform]
    return _installed(f"{name}-{target.architecture}", [*options, "-r", str(lock)])


def _installed(name: str, options: Sequence[str]) -> Path:
    folder = CACHE / f"{name}-{_key(options)}"
    if not folder.is_dir():
        half_done = folder.with_suffix(f".{os.getpid()}")
        _install(half_done, options)
        _put(half_done, folder)
    return folder


def _key(options: Sequence[str]) -> str:
    """Change when any lock file or option does."""
    digest = hashlib.sha256(repr([PYTHON_VERSION, *options]).encode())
    for lock in (LAYER_LOCK, DEVELOPMENT_LOCK, *function_locks()):
        digest.update(lock.read_bytes())
    return digest.hexdigest()[:12]


def _install(folder: Path, options: Sequence[str]) -> None:
    command: list[str | Path] = [
        *(_UV, "pip", "install", "--quiet", "--system-certs", "--only-binary", ":all:"),
        *("--link-mode", "copy"),
        *("--python", lambda_python(), "--python-version", PYTHON_VERSION, "--target", folder),
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise PackageRefused(f"The locked wheels cannot be installed:\n{done.stderr.strip()}")


def _put(half_done: Path, folder: Path) -> None:
    try:
        half_done.rename(folder)
    except OSError:  # somebody else was quicker
        shutil.rmtree(half_done)
