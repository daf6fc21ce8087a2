"""Packages that are not ours, as they are shipped."""

from pathlib import Path

from infra.packaging import bytecode, natives
from infra.packaging.slimming import slim
from infra.packaging.targets import Target


def prepare(folder: Path, target: Target, mounted_at: str) -> None:
    """Slim installed packages, check them for the machine, and leave byte code alone.

    Raises `PackageRefused`.
    """
    slim(folder)
    for library in natives.libraries(folder):
        natives.check(library, target)
        natives.cut(library)
    bytecode.replace_sources(folder, mounted_at)
