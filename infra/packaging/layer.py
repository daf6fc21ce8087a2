"""Assemble the layer: the slimmed wheels, `prompt_capture`, the model and the rules."""

import shutil
from pathlib import Path

from infra.packaging import bytecode
from infra.packaging.failures import PackageRefused
from infra.packaging.paths import MODELS, OWN_PACKAGE
from infra.packaging.slimming import leave_out
from infra.packaging.targets import Target
from infra.packaging.third_party import prepare
from infra.packaging.wheels import layer_wheels
from prompt_capture.adapters.model_artifact import MANIFEST_FILE, ModelArtifact
from prompt_capture.adapters.onnx_classifier import OnnxClassifier
from prompt_capture.domain.errors import InvalidArtifact

_PYTHON_MOUNTED_AT = "/opt/python"
_NOT_OURS = shutil.ignore_patterns("__pycache__", "report", "README.md", "py.typed")


def assemble(target: Target, folder: Path) -> None:
    """Make the folder that Lambda mounts at /opt; raises `PackageRefused`."""
    python = folder / "python"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(layer_wheels(target), python, ignore=shutil.ignore_patterns("__pycache__"))
    leave_out(python)
    prepare(python, target, _PYTHON_MOUNTED_AT)
    own = python / OWN_PACKAGE.name
    shutil.copytree(OWN_PACKAGE, own, ignore=_NOT_OURS)
    bytecode.compile_all(own, f"{_PYTHON_MOUNTED_AT}/{own.name}")
    shutil.copytree(MODELS, folder / MODELS.name, ignore=_NOT_OURS)
    check_models(folder / MODELS.name)


def check_models(folder: Path) -> None:
    """Open each, since a function trusts what it finds in a layer; raises `PackageRefused`."""
    models = [manifest.parent for manifest in folder.glob(f"*/{MANIFEST_FILE}")]
    if not models:
        raise PackageRefused(f"{folder.name} has no model.")
    for model in models:
        try:
            OnnxClassifier(ModelArtifact.load(model))
        except InvalidArtifact as error:
            raise PackageRefused(str(error)) from None
