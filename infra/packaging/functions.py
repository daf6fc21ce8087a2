"""One zip per function: the files of its folder, and the packages that it alone needs."""

import shutil
from pathlib import Path

from infra.packaging import bytecode
from infra.packaging.archives import write_zip
from infra.packaging.paths import FUNCTION_LOCK, FUNCTIONS, PACKAGES
from infra.packaging.targets import Target
from infra.packaging.third_party import prepare
from infra.packaging.wheels import install_function_wheels

MOUNT_PATH = "/var/task"
_NOT_SHIPPED = shutil.ignore_patterns("__pycache__", FUNCTION_LOCK)


def function_names() -> list[str]:
    """List the functions: every folder of `functions/` with a handler."""
    return sorted(handler.parent.name for handler in FUNCTIONS.glob("*/handler.py"))


def function_folder(name: str, target: Target, output: Path = PACKAGES) -> Path:
    """Return the folder of a packaged function, laid out as Lambda mounts it."""
    return output / f"functions-{target.architecture}" / name


def package_function(name: str, target: Target, output: Path = PACKAGES) -> Path:
    """Compile and zip one function; return the zip. Raises `PackagingError`."""
    folder = function_folder(name, target, output)
    shutil.rmtree(folder, ignore_errors=True)
    lock = FUNCTIONS / name / FUNCTION_LOCK
    if lock.is_file():
        shutil.copytree(install_function_wheels(lock, target), folder, ignore=_NOT_SHIPPED)
        prepare(folder, target, MOUNT_PATH)
    shutil.copytree(FUNCTIONS / name, folder, ignore=_NOT_SHIPPED, dirs_exist_ok=True)
    bytecode.compile_all(folder, MOUNT_PATH)
    archive = folder.with_suffix(".zip")
    write_zip(folder, archive)
    return archive
