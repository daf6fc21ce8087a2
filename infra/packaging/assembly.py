"""Assemble what Lambda mounts: the layer, and the folder and zip of each function."""

import shutil
from importlib.metadata import distribution
from pathlib import Path

from infra.packaging import PackagingError, native_libraries
from infra.packaging.archives import compile_all, replace_sources, write_zip
from infra.packaging.layers import Layer
from infra.packaging.paths import (
    FUNCTION_LOCK,
    FUNCTIONS,
    MODELS,
    PACKAGES,
    TRAINING,
    function_folder,
)
from infra.packaging.pruning import (
    SHARED,
    Exclusions,
    prune_files,
    remove_empty_folders,
    remove_excluded_packages,
)
from infra.packaging.targets import Target
from infra.packaging.wheels import install_function_wheels, install_layer_wheels
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import MANIFEST_FILE, ModelArtifact
from prompt_capture.domain.errors import InvalidArtifact

_LAYER_MOUNT_PATH, _FUNCTION_MOUNT_PATH = "/opt/python", "/var/task"
_NOT_IN_LAYER = shutil.ignore_patterns("__pycache__", "README.md", "py.typed", "*.txt", "*.jsonl")
_NOT_WITH_MODELS = shutil.ignore_patterns("report", "README.md")
_NOT_IN_FUNCTION = shutil.ignore_patterns("__pycache__", FUNCTION_LOCK)


def assemble_layer(layer: Layer, target: Target, folder: Path) -> None:
    """Create the folder that Lambda mounts at /opt; raises `PackagingError`.

    It contains the pruned wheels, the layer's own packages, and the model and the rules, or the
    manifest of the model alone.
    """
    python = folder / "python"
    shutil.rmtree(folder, ignore_errors=True)
    wheels = install_layer_wheels(layer.name, layer.lock, target)
    shutil.copytree(wheels, python, ignore=shutil.ignore_patterns("__pycache__"))
    remove_excluded_packages(python, layer.exclusions)
    _prepare_packages(python, target, _LAYER_MOUNT_PATH, layer.exclusions)
    for package in layer.own_packages:
        own = python / package.name
        shutil.copytree(package, own, ignore=_NOT_IN_LAYER)
        remove_empty_folders(own)
        compile_all(own, f"{_LAYER_MOUNT_PATH}/{own.name}")
    if TRAINING in layer.own_packages:
        _write_own_metadata(python)
    if layer.has_models:
        shutil.copytree(MODELS, folder / MODELS.name, ignore=_NOT_WITH_MODELS)
        check_models(folder / MODELS.name)
    else:
        _copy_manifests(folder / MODELS.name)


def _write_own_metadata(python: Path) -> None:
    """Write from which release trained models say that they come."""
    own = distribution("prompt-capture")
    folder = python / f"prompt_capture-{own.version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.4\nName: {own.name}\nVersion: {own.version}\n"
        f"License-Expression: {own.metadata['License-Expression']}\n"
    )


def _copy_manifests(folder: Path) -> None:
    """Copy what describes the packaged model, without its files."""
    for manifest in MODELS.glob(f"*/{MANIFEST_FILE}"):
        target = folder / manifest.relative_to(MODELS)
        target.parent.mkdir(parents=True)
        shutil.copyfile(manifest, target)


def check_models(folder: Path) -> None:
    """Load and verify each model, since functions skip these checks for models of the layer.

    Raises `PackagingError`.
    """
    models = [manifest.parent for manifest in folder.glob(f"*/{MANIFEST_FILE}")]
    if not models:
        raise PackagingError(
            f"{folder.name} contains no model with a {MANIFEST_FILE}. Build one with `make model`."
        )
    for model in models:
        try:
            OnnxClassifier(ModelArtifact.load(model))
        except InvalidArtifact as error:
            raise PackagingError(str(error)) from None


def package_function(name: str, target: Target, output: Path = PACKAGES) -> Path:
    """Compile and zip one function; return the zip. Raises `PackagingError`.

    It contains the files of the function's folder, and the packages that it alone needs.
    """
    folder = function_folder(name, target, output)
    shutil.rmtree(folder, ignore_errors=True)
    lock = FUNCTIONS / name / FUNCTION_LOCK
    if lock.is_file():
        wheels = install_function_wheels(lock, target)
        shutil.copytree(wheels, folder, ignore=_NOT_IN_FUNCTION)
        _prepare_packages(folder, target, _FUNCTION_MOUNT_PATH)
    shutil.copytree(FUNCTIONS / name, folder, ignore=_NOT_IN_FUNCTION, dirs_exist_ok=True)
    compile_all(folder, _FUNCTION_MOUNT_PATH)
    archive = folder.with_suffix(".zip")
    write_zip(folder, archive)
    return archive


def _prepare_packages(
    folder: Path, target: Target, mount_path: str, exclusions: Exclusions = SHARED
) -> None:
    """Prune third-party packages, check and strip native libraries, replace sources by bytecode.

    Raises `PackagingError`.
    """
    prune_files(folder, exclusions)
    for library in native_libraries.find_libraries(folder):
        native_libraries.check_compatibility(library, target)
        native_libraries.strip_symbols(library)
    replace_sources(folder, mount_path)
