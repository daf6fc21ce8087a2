"""Prepare third-party packages for shipping."""

from pathlib import Path

from infra.packaging import bytecode, native_libraries
from infra.packaging.pruning import prune_files
from infra.packaging.targets import Target


def prepare(folder: Path, target: Target, mount_path: str) -> None:
    """Prune installed packages, check and strip native libraries, replace sources by bytecode.

    Raises `PackagingError`.
    """
    prune_files(folder)
    for library in native_libraries.find_libraries(folder):
        native_libraries.check_compatibility(library, target)
        native_libraries.strip_symbols(library)
    bytecode.replace_sources(folder, mount_path)
