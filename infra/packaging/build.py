"""Build everything, or nothing where nothing changed."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.packaging import bill, budgets, functions, imports
from infra.packaging.archives import write_zip
from infra.packaging.interpreter import lambda_python
from infra.packaging.layer import assemble
from infra.packaging.paths import FUNCTIONS, LAYER_LOCK, MODELS, OWN_PACKAGE, PACKAGES
from infra.packaging.targets import TARGETS, Target


def layer_folder(target: Target, into: Path = PACKAGES) -> Path:
    """Say where a layer lies as Lambda will mount it."""
    return into / f"layer-{target.architecture}"


def layer_zip(target: Target, into: Path = PACKAGES) -> Path:
    """Say where a layer's zip is."""
    return layer_folder(target, into).with_suffix(".zip")


def build(into: Path = PACKAGES) -> bool:
    """Make all packages; answers false where they were already made of the same inputs.

    Raises `PackageRefused`.
    """
    into.mkdir(parents=True, exist_ok=True)
    with _alone(into):
        return _build(into)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process builds into the folder."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(into: Path) -> bool:
    stamp = into / "inputs.sha256"
    inputs = _digest_of_inputs()
    if stamp.is_file() and stamp.read_text() == inputs:
        return False
    stamp.unlink(missing_ok=True)
    for target in TARGETS:
        build_layer(target, into)
        folders = [
            functions.package(name, target, into).with_suffix("") for name in functions.names()
        ]
        listed = into / f"bill-{target.architecture}.cdx.json"
        bill.write(layer_folder(target, into), folders, listed)
    imports.keep(into)
    stamp.write_text(inputs)
    return True


def build_layer(target: Target, into: Path = PACKAGES) -> Path:
    """Make one layer; raises `PackageRefused` when it is too heavy."""
    folder, archive = layer_folder(target, into), layer_zip(target, into)
    assemble(target, folder)
    write_zip(folder, archive)
    budgets.keep(budgets.weigh(archive))
    return archive


def _digest_of_inputs() -> str:
    digest = hashlib.sha256(str(lambda_python()).encode())
    for path in _inputs():
        digest.update(str(path).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    yield LAYER_LOCK
    for folder in (Path(__file__).parent, OWN_PACKAGE, MODELS, FUNCTIONS):
        files = (path for path in folder.rglob("*") if path.is_file())
        yield from sorted(path for path in files if "__pycache__" not in path.parts)
