"""Assemble the layer: the pruned wheels, `prompt_capture`, the model and the rules."""

import shutil
from pathlib import Path

from infra.packaging import bytecode
from infra.packaging.errors import PackagingError
from infra.packaging.paths import MODELS, OWN_PACKAGE
from infra.packaging.pruning import remove_excluded_packages
from infra.packaging.targets import Target
from infra.packaging.third_party import prepare
from infra.packaging.wheels import install_layer_wheels
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import MANIFEST_FILE, ModelArtifact
from prompt_capture.domain.errors import InvalidArtifact

_PYTHON_MOUNT_PATH = "/opt/python"
_NOT_SHIPPED = shutil.ignore_patterns("__pycache__", "report", "README.md", "py.typed")


def assemble(target: Target, folder: Path) -> None:
    """Create the folder that Lambda mounts at /opt; raises `PackagingError`."""
    python = folder / "python"
    shutil.rmtree(folder, ignore_errors=True)
    wheels = install_layer_wheels(target)
    shutil.copytree(wheels, python, ignore=shutil.ignore_patterns("__pycache__"))
    remove_excluded_packages(python)
    prepare(python, target, _PYTHON_MOUNT_PATH)
    own = python / OWN_PACKAGE.name
    shutil.copytree(OWN_PACKAGE, own, ignore=_NOT_SHIPPED)
    bytecode.compile_all(own, f"{_PYTHON_MOUNT_PATH}/{own.name}")
    shutil.copytree(MODELS, folder / MODELS.name, ignore=_NOT_SHIPPED)
    check_models(folder / MODELS.name)


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
