"""Builds a data directory with the platform and all migrations once, caches it and copies it."""

import contextlib
import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from infra.local.paths import CACHE, MIGRATIONS, PLATFORM_SQL
from infra.local.postgres.server import (
    SUPERUSER,
    PostgresServer,
    as_unprivileged,
    programs_folder,
    server_version,
)
from infra.local.processes import ServiceFailed

_CREATE_HISTORY = b"""
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
    version text primary key, statements text[], name text
);
"""
_INSERT_HISTORY = "insert into supabase_migrations.schema_migrations values (%s, %s, %s)"
_LOGIN_ROLES = ("postgres", "authenticator")
_MAX_TEMPLATES = 3


def password() -> str:
    """Return the password of this checkout's database servers; create it on the first call."""
    CACHE.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = CACHE / "postgres-password"
    if not file.is_file():
        temporary = CACHE / f".password-{os.getpid()}-{secrets.token_hex(4)}"
        temporary.touch(mode=0o600)
        temporary.write_text(secrets.token_hex(16))
        # Unlike a rename, a link cannot replace a password that another stack has just created.
        with contextlib.suppress(FileExistsError):
            os.link(temporary, file)
        temporary.unlink()
    return file.read_text()


def copy_to(data: Path, migrated: bool = True) -> None:
    """Create a data directory; with `migrated=False`, without this project's migrations."""
    migrations = sorted(MIGRATIONS.glob("*.sql")) if migrated else []
    template = CACHE / f"postgres-{_fingerprint(migrations)}"
    if not template.is_dir():
        _build(template, migrations)
    os.utime(template)
    # A subprocess, because copying a thousand files here would block other threads for a second.
    subprocess.run(["cp", "-R", template, data], check=True)  # noqa: S603, S607


def _fingerprint(migrations: list[Path]) -> str:
    digest = hashlib.sha256(f"{server_version()} {password()}".encode())
    for file in (Path(__file__), PLATFORM_SQL, *migrations):
        digest.update(f"\0{file.name}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _build(template: Path, migrations: list[Path]) -> None:
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="building-") as temporary:
        folder = Path(temporary)
        data = folder / "data"
        _initialise(data)
        server = PostgresServer(data, folder, password())
        try:
            server.start()
            _apply(server, migrations)
        finally:
            server.stop()
        # Another stack may have built the same template in the meantime.
        with contextlib.suppress(OSError):
            data.replace(template)
    _delete_old_templates()


def _initialise(data: Path) -> None:
    """Run initdb with password authentication, because other local users can reach loopback."""
    password_file = data.parent / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password())
    command = [str(programs_folder() / "initdb"), "--pgdata", str(data), "--no-sync"]
    command += ["--username", SUPERUSER, "--pwfile", str(password_file), "--auth", "scram-sha-256"]
    command += ["--encoding", "UTF8", "--locale", "C", "--wal-segsize", "4"]
    # The password is long and random, so more iterations only slow connections down.
    command += ["--set", "scram_iterations=1"]
    command = as_unprivileged(command)
    run = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if run.returncode != 0:
        raise ServiceFailed(f"initdb failed: {run.stderr.strip()}")


def _apply(server: PostgresServer, migrations: list[Path]) -> None:
    with psycopg.connect(server.dsn(SUPERUSER), autocommit=True) as connection:
        connection.execute(PLATFORM_SQL.read_bytes())
        for role in _LOGIN_ROLES:
            connection.execute(f"alter role {role} password '{password()}'".encode())
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        connection.execute(_CREATE_HISTORY)
        for file in migrations:
            migrate(connection, file)


def migrate(connection: psycopg.Connection, file: Path) -> None:
    """Run a migration and record it as the Supabase CLI does, in one transaction.

    Raises `ServiceFailed`.
    """
    version, _, name = file.stem.partition("_")
    try:
        with connection.transaction():
            connection.execute(file.read_bytes())
            connection.execute(_INSERT_HISTORY, (version, [file.read_text()], name))
    except psycopg.Error as error:
        raise ServiceFailed(f"Migration {file.name} failed: {error}") from error


def _delete_old_templates() -> None:
    templates = sorted(CACHE.glob("postgres-*/"), key=lambda path: path.stat().st_mtime)
    for template in templates[:-_MAX_TEMPLATES]:
        shutil.rmtree(template, ignore_errors=True)
