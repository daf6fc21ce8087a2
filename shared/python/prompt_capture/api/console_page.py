"""Serve the files of the console's page, with the headers that restrict what it can do.

The page contains no text of a user: it reads them from the database, with the token of whoever
signed in.
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FILES = "/page/"
_VERSION, _MODULES = "{{version}}", "{{modules}}"
_PRELOAD = '<link rel="modulepreload" href="page/{}/{}">'

_FOR_EVER = "public, max-age=31536000, immutable"

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "form-action": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
_HEADERS = {
    "strict-transport-security": "max-age=63072000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


@dataclass(frozen=True)
class PageSettings:
    """What the page must know: where the project is, and its publishable key, which is no secret.

    `has_models`: whether the console passes decisions about models on.
    """

    supabase_url: str
    publishable_key: str
    has_models: bool


class ConsolePage:
    """The files of the page by their path, compressed, and the headers of each response.

    All files but the start page have the version of the whole page in their path, so browsers may
    keep those of this version for ever. The start page names all modules, so that a browser
    requests them at once instead of one import after another.
    """

    def __init__(self, folder: Path, settings: PageSettings) -> None:
        sources = {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for file in sorted(folder.rglob("*"))
            if file.suffix in _TYPES
        }
        values = {
            "supabaseUrl": settings.supabase_url,
            "publishableKey": settings.publishable_key,
            "hasModels": settings.has_models,
        }
        sources["settings.js"] = f"export default {json.dumps(values)};\n".encode()
        self.version = _digest(b"".join(sources.values()))
        start_page = sources.pop("index.html").decode()
        modules = "\n    ".join(
            _PRELOAD.format(self.version, name) for name in sources if name.endswith(".js")
        )
        start_page = start_page.replace(_MODULES, modules).replace(_VERSION, self.version)
        self._start_page = gzip.compress(start_page.encode(), mtime=0)
        self._files = {name: gzip.compress(body, mtime=0) for name, body in sources.items()}
        policy = _POLICY | {"connect-src": f"'self' {_origin(settings.supabase_url)}"}
        self._headers = _HEADERS | {
            "content-security-policy": "; ".join(
                f"{name} {value}" for name, value in policy.items()
            )
        }

    @property
    def compressed_bytes(self) -> int:
        """The number of bytes that a browser receives on its first visit, without headers."""
        return len(self._start_page) + sum(map(len, self._files.values()))

    def start_page(self, known: str) -> Response:
        """Return the start page, or 304 where the browser knows this version."""
        headers = {"cache-control": "no-cache", "etag": f'"{self.version}"'}
        if known.removeprefix("W/") == headers["etag"]:
            return Response(status_code=304, headers=self._headers | headers)
        return self._respond(".html", self._start_page, headers)

    def file(self, version: str, name: str) -> Response:
        """Return a file, of this version of the page for any other.

        During a deployment, two are in use. A browser must not keep this file under the path of
        the other version, where it may fit none of the files beside it.
        """
        body = self._files.get(name)
        if body is None:
            return Response("Not found.", 404, self._headers, "text/plain")
        lifespan = _FOR_EVER if version == self.version else "no-store"
        return self._respond(Path(name).suffix, body, {"cache-control": lifespan})

    def _respond(self, suffix: str, body: bytes, headers: Mapping[str, str]) -> Response:
        encoding = {"content-encoding": "gzip", "vary": "accept-encoding"}
        return Response(body, 200, {**self._headers, **headers, **encoding}, _TYPES[suffix])


def page_router(page: ConsolePage) -> APIRouter:
    """Create the router of the page. Every browser that can run it accepts gzip."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def start_page(request: Request) -> Response:
        return page.start_page(request.headers.get("if-none-match", ""))

    @router.get(_FILES + "{version}/{name:path}")
    async def file(version: str, name: str) -> Response:
        return page.file(version, name)

    return router


def _origin(url: str) -> str:
    """Return the scheme, the host and the port of a URL.

    In a policy, a path without a slash at its end allows that path alone.
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
