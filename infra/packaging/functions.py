"""One zip for each function: that function's files, and what it alone needs of others."""

import shutil
from pathlib import Path

from infra.packaging import bytecode
from infra.packaging.archives import write_zip
from infra.packaging.paths import FUNCTION_LOCK, FUNCTIONS, PACKAGES
from infra.packaging.targets import Target
from infra.packaging.third_party import prepare
from infra.packaging.wheels import function_wheels

MOUNTED_AT = "/var/task"
_NOT_SHIPPED = shutil.ignore_patterns("__pycache__", FUNCTION_LOCK)


def names() -> list[str]:
    """List the functions: each folder with a handler is one."""
    return sorted(handler.parent.name for handler in FUNCTIONS.glob("*/handler.py"))


def function_folder(name: str, target: Target, into: Path = PACKAGES) -> Path:
    """Say where a function lies as Lambda will mount it."""
    return into / f"functions-{target.architecture}" / name


def package(name: str, target: Target, into: Path = PACKAGES) -> Path:
    """Compile and zip one function; answers the zip, raises `PackageRefused`."""
    folder = function_folder(name, target, into)
    shutil.rmtree(folder, ignore_errors=True)
    lock = FUNCTIONS / name / FUNCTION_LOCK
    if lock.is_file():
        shutil.copytree(function_wheels(lock, target), folder, ignore=_NOT_SHIPPED)
        prepare(folder, target, MOUNTED_AT)
    shutil.copytree(FUNCTIONS / name, folder, ignore=_NOT_SHIPPED, dirs_exist_ok=True)
    bytecode.compile_all(folder, MOUNTED_AT)
    archive = folder.with_suffix(".zip")
    write_zip(folder, archive)
    return archive
