"""Build all packages, or none where no input changed."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.packaging import budgets, imports, sbom
from infra.packaging.archives import write_zip
from infra.packaging.assembly import assemble_layer, package_function
from infra.packaging.interpreter import find_lambda_python
from infra.packaging.layers import LAYERS, SHARED, Layer
from infra.packaging.paths import (
    FUNCTIONS,
    MODELS,
    OWN_PACKAGE,
    PACKAGES,
    TRAINING,
    function_names,
    layer_folder,
    layer_locks,
    layer_zip,
)
from infra.packaging.targets import TARGETS, Target


def build(output: Path = PACKAGES) -> bool:
    """Build all packages; return False where they are up to date.

    Raises `PackagingError`.
    """
    output.mkdir(parents=True, exist_ok=True)
    with _exclusive(output):
        return _build_if_changed(output)


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    """Wait until no other process builds into the folder."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build_if_changed(output: Path) -> bool:
    stamp = output / "inputs.sha256"
    digest = _digest_inputs()
    if stamp.is_file() and stamp.read_text() == digest:
        return False
    stamp.unlink(missing_ok=True)
    for target in TARGETS:
        for layer in LAYERS:
            build_layer(target, output, layer)
        functions = [
            package_function(name, target, output).with_suffix("") for name in function_names()
        ]
        layers = [layer_folder(target, output, layer.name) for layer in LAYERS]
        sbom.write(layers, functions, output / f"sbom-{target.architecture}.cdx.json")
    imports.check(output)
    stamp.write_text(digest)
    return True


def build_layer(target: Target, output: Path = PACKAGES, layer: Layer = SHARED) -> Path:
    """Build one layer and return its zip; raises `PackagingError` where it exceeds the budget."""
    folder = layer_folder(target, output, layer.name)
    archive = layer_zip(target, output, layer.name)
    assemble_layer(layer, target, folder)
    write_zip(folder, archive)
    budgets.check(budgets.measure(archive), layer.budget)
    return archive


def _digest_inputs() -> str:
    digest = hashlib.sha256(str(find_lambda_python()).encode())
    for path in _inputs():
        digest.update(str(path).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    yield from layer_locks()
    for folder in (Path(__file__).parent, OWN_PACKAGE, TRAINING, MODELS, FUNCTIONS):
        files = (path for path in folder.rglob("*") if path.is_file())
        yield from sorted(path for path in files if "__pycache__" not in path.parts)
