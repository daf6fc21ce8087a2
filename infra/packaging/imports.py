"""What each function loads of the layer, held to a list that grows only on purpose."""

import json
import subprocess
import tomllib
from pathlib import Path

from infra.packaging.failures import PackageRefused
from infra.packaging.functions import function_folder, names
from infra.packaging.interpreter import lambda_python
from infra.packaging.paths import PINNED_IMPORTS
from infra.packaging.targets import X86_64
from infra.packaging.wheels import runtime_wheels

_SCRIPT = """
import json, sys
import handler
def place(module):
    return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", [])), "")

tops = {name.partition(".")[0] for name, module in list(sys.modules.items())
        if str(place(module)).startswith(sys.argv[1])}
print(json.dumps(sorted(tops)))
"""


def keep(packages: Path) -> None:
    """Raise `PackageRefused` where a function loads what is not on its list, or no longer does."""
    pinned = tomllib.loads(PINNED_IMPORTS.read_text("utf-8"))
    faults = []
    for name in names():
        loaded, listed = set(loaded_by(name, packages)), set(pinned.get(name, ()))
        faults += [f"{name} now loads {module}" for module in sorted(loaded - listed)]
        faults += [f"{name} no longer loads {module}" for module in sorted(listed - loaded)]
    if faults:
        raise PackageRefused(f"{PINNED_IMPORTS.name} says otherwise: {'; '.join(faults)}.")


def loaded_by(name: str, packages: Path) -> list[str]:
    """Load a function as packaged, in a process of its own; answers the layer's top modules."""
    layer = packages / "layer-x86_64"
    python = layer / "python"
    task = function_folder(name, X86_64, packages)
    places = [str(task), str(python), str(runtime_wheels())]
    script = f"import sys; sys.path[:0] = {places!r}\n{_SCRIPT}"
    done = subprocess.run(  # noqa: S603
        [lambda_python(), "-I", "-c", script, python],
        env=_settings(layer),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PackageRefused(f"{name} cannot be loaded:\n{done.stderr.strip()}")
    modules: list[str] = json.loads(done.stdout)
    return modules


def _settings(layer: Path) -> dict[str, str]:
    models = layer / "model_artifacts"
    return {
        "SUPABASE_URL": "http://127.0.0.1",
        "SUPABASE_SECRET_KEY": "sb_secret_of_nobody",
        "MODEL_DIR": str(models / "assistant"),
        "RULES_FILE": str(models / "rules.toml"),
        "EXPORT_BUCKET": "of-nobody",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
