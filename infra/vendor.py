"""Copy the libraries of the console's page from `node_modules`: `python -m infra.vendor`.

Each becomes one file, since a browser fetches file by file. `tests/console/test_vendor.py` checks
that the files are those of the locked packages.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ROOT / "node_modules"
VENDOR = ROOT / "functions" / "console" / "page" / "vendor"


@dataclass(frozen=True)
class Library:
    """A file of the page: the packages that it contains, and what it exports."""

    file: str
    packages: tuple[str, ...]
    exports: str


LIBRARIES = (
    Library(
        "preact.js",
        ("preact", "htm"),
        """
        export { render, Fragment } from "preact";
        export {
          useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState
        } from "preact/hooks";
        export { html } from "htm/preact";
        """,
    ),
    Library(
        "auth.js",
        ("@supabase/auth-js",),
        'export { GoTrueClient } from "@supabase/auth-js";',
    ),
)


def bundle(library: Library) -> bytes:
    """Return the file of a library, minified. The same packages give the same bytes."""
    origins = ", ".join(map(_describe, library.packages))
    command = [
        *(str(PACKAGES / ".bin" / "esbuild"), "--bundle", "--minify", "--format=esm"),
        *("--target=es2022", "--log-level=error", f"--banner:js=/* {origins} */"),
    ]
    return subprocess.run(  # noqa: S603
        command, input=library.exports.encode(), cwd=ROOT, check=True, stdout=subprocess.PIPE
    ).stdout


def _describe(package: str) -> str:
    description = json.loads((PACKAGES / package / "package.json").read_text("utf-8"))
    return f"{package} {description['version']} ({description['license']})"


def main() -> None:
    """Write the files."""
    VENDOR.mkdir(exist_ok=True)
    for library in LIBRARIES:
        (VENDOR / library.file).write_bytes(bundle(library))
        sys.stdout.write(f"Wrote {(VENDOR / library.file).relative_to(ROOT)}.\n")


if __name__ == "__main__":
    main()
