"""One zip for each function, with that function's files and nothing else."""

import shutil
from pathlib import Path

from infra.packaging import bytecode
from infra.packaging.archives import write_zip
from infra.packaging.places import FUNCTIONS, PACKAGES

MOUNTED_AT = "/var/task"


def names() -> list[str]:
    """List the functions: each folder with a handler is one."""
    return sorted(handler.parent.name for handler in FUNCTIONS.glob("*/handler.py"))


def package(name: str, into: Path = PACKAGES) -> Path:
    """Compile and zip one function; answers the zip."""
    folder = into / "functions" / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(FUNCTIONS / name, folder, ignore=shutil.ignore_patterns("__pycache__"))
    bytecode.compile_all(folder, MOUNTED_AT)
    archive = folder.with_suffix(".zip")
    write_zip(folder, archive)
    return archive
