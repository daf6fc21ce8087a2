"""Install locked wheels for any target architecture into cached folders."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.packaging import PackagingError
from infra.packaging.archives import compile_all
from infra.packaging.interpreter import find_lambda_python
from infra.packaging.paths import CACHE, DEVELOPMENT_LOCK, function_locks, layer_locks
from infra.packaging.targets import PYTHON_VERSION, Target

_UV = Path(sys.executable).with_name("uv")
RUNTIME_PACKAGES = ("awslambdaric", "boto3")
"""Packages that Lambda's Python runtime includes."""
_BASELINE_PACKAGES = ("supabase", "fastapi", "mangum", "boto3")


def install_layer_wheels(name: str, lock: Path, target: Target) -> Path:
    """Return a folder with all packages of a layer's lock file, unmodified."""
    return _install_locked(name, lock, target)


def install_function_wheels(lock: Path, target: Target) -> Path:
    """Return a folder with all packages of a function's own lock file, unmodified."""
    return _install_locked(lock.parent.name, lock, target)


def install_runtime_wheels() -> Path:
    """Return a folder with the packages that represent Lambda's runtime on this machine."""
    return _install_cached("runtime", ["--constraint", str(DEVELOPMENT_LOCK), *RUNTIME_PACKAGES])


def install_baseline_layer() -> Path:
    """Return a layer, with bytecode, of the packages that the baseline handler imports."""
    options = ["--constraint", str(DEVELOPMENT_LOCK), *_BASELINE_PACKAGES]
    layer = _install_cached("baseline", options)
    if not (layer / "python").is_dir():
        _convert_to_layer(layer)
    return layer


def _convert_to_layer(folder: Path) -> None:
    content = list(folder.iterdir())
    python = folder / "python"
    python.mkdir()
    for path in content:
        path.rename(python / path.name)
    compile_all(python, "/opt/python")


def _install_locked(name: str, lock: Path, target: Target) -> Path:
    options = ["--require-hashes", "--no-deps", "--python-platform", target.platform]
    return _install_cached(f"{name}-{target.architecture}", [*options, "-r", str(lock)])


def _install_cached(name: str, options: Sequence[str]) -> Path:
    folder = CACHE / f"{name}-{_cache_key(options)}"
    if not folder.is_dir():
        unfinished = folder.with_suffix(f".{os.getpid()}")
        _install(unfinished, options)
        _publish(unfinished, folder)
    return folder


def _cache_key(options: Sequence[str]) -> str:
    """Return a key that changes with every lock file and option."""
    digest = hashlib.sha256(repr([PYTHON_VERSION, *options]).encode())
    for lock in (*layer_locks(), DEVELOPMENT_LOCK, *function_locks()):
        digest.update(lock.read_bytes())
    return digest.hexdigest()[:12]


def _install(folder: Path, options: Sequence[str]) -> None:
    command: list[str | Path] = [
        *(_UV, "pip", "install", "--quiet", "--system-certs", "--only-binary", ":all:"),
        *("--link-mode", "copy"),
        *("--python", find_lambda_python(), "--python-version", PYTHON_VERSION),
        *("--target", folder),
        *options,
    ]
    process = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if process.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        raise PackagingError(f"The locked wheels cannot be installed:\n{process.stderr.strip()}")


def _publish(unfinished: Path, folder: Path) -> None:
    try:
        unfinished.rename(folder)
    except OSError:  # another process finished first
        shutil.rmtree(unfinished)
