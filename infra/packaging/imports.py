"""Check the layer modules that each function imports against the pinned list in imports.toml."""

import json
import subprocess
import tomllib
from pathlib import Path

from infra.packaging import PackagingError
from infra.packaging.interpreter import find_lambda_python
from infra.packaging.layers import layer_of
from infra.packaging.paths import PINNED_IMPORTS, function_folder, function_names, layer_folder
from infra.packaging.targets import X86_64
from infra.packaging.wheels import install_runtime_wheels

_SCRIPT = """
import json, sys
import handler
def location(module):
    return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", [])), "")

names = {name.partition(".")[0] for name, module in list(sys.modules.items())
         if str(location(module)).startswith(sys.argv[1])}
print(json.dumps(sorted(names)))
"""


_OWN_SETTINGS = {"retrain": {"MODELS_BUCKET": "unused"}}
"""Settings of one function, which would start work in another one."""


def check(packages: Path) -> None:
    """Raise `PackagingError` where the imports of a function differ from its pinned list."""
    pinned = tomllib.loads(PINNED_IMPORTS.read_text("utf-8"))
    differences = []
    for name in function_names():
        actual, expected = set(layer_imports(name, packages)), set(pinned.get(name, ()))
        differences += [f"{name} now imports {module}" for module in sorted(actual - expected)]
        differences += [
            f"{name} no longer imports {module}" for module in sorted(expected - actual)
        ]
    if differences:
        raise PackagingError(
            f"The imports differ from {PINNED_IMPORTS.name}: {'; '.join(differences)}. "
            f"Avoid the import, or update {PINNED_IMPORTS.name}: each import slows cold starts."
        )


def layer_imports(name: str, packages: Path) -> list[str]:
    """Import a packaged function in a new process; return the layer's top-level modules loaded."""
    layer = layer_folder(X86_64, packages, layer_of(name).name)
    python = layer / "python"
    task = function_folder(name, X86_64, packages)
    paths = [str(task), str(python), str(install_runtime_wheels())]
    script = f"import sys; sys.path[:0] = {paths!r}\n{_SCRIPT}"
    process = subprocess.run(  # noqa: S603
        [find_lambda_python(), "-I", "-c", script, python],
        env=_settings(layer) | _OWN_SETTINGS.get(name, {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        raise PackagingError(
            f"The packaged function {name} cannot be imported:\n{process.stderr.strip()}"
        )
    modules: list[str] = json.loads(process.stdout)
    return modules


def _settings(layer: Path) -> dict[str, str]:
    models = layer / "model_artifacts"
    return {
        "SUPABASE_URL": "http://127.0.0.1",
        "SUPABASE_SECRET_KEY": "sb_secret_unused",
        "SUPABASE_SIGNING_KEY": "an-unused-signing-key-of-32-bytes",
        "MODEL_DIR": str(models / "assistant"),
        "RULES_FILE": str(models / "rules.toml"),
        "EXPORT_BUCKET": "unused",
        "AWS_ACCESS_KEY_ID": "unused",
        "AWS_SECRET_ACCESS_KEY": "unused",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
