"""The path of a request, without what addresses and gateways put before or after it."""

import re
from collections.abc import MutableMapping
from typing import Any

_SLASHES = re.compile("/{2,}")
_OWN_PATH = re.compile(r"/v1/(?!page/)[a-z]+(?:/|\Z)")
"""A path of the API. The files of the console's page are below `/page/`."""

_BASE_PATH = re.compile(r"(?:/[^/]+){1,5}(?=/v1/|/openapi\.json/?\Z)")


def canonical_path(scope: MutableMapping[str, Any]) -> str:
    """Return a request's path without repeated and final slashes, and without a gateway's part.

    Function URLs end with a slash, so appending a path gives two: `//v1/classify`. A gateway puts
    its stage or the base path of a domain first: `/assistant/v1/classify`. A stage may be named
    `v1` too.
    """
    path = _SLASHES.sub("/", scope["path"])
    context = scope.get("aws.event", {}).get("requestContext", {})
    stage = f"/{context.get('stage')}"
    if path.startswith(f"{stage}/") and not _OWN_PATH.match(path):
        path = path.removeprefix(stage)
    if base := _BASE_PATH.match(path):
        path = path[base.end() :]
    return path.rstrip("/") or "/"
