"""Starts the proxy process and controls it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from infra.local.faults.fault import HEALTHY, Fault
from infra.local.paths import ROOT
from infra.local.processes import ChildProcess, free_port


@dataclass(frozen=True)
class RouteCounts:
    """Requests on a route since its fault was set, and how many of them the fault affected."""

    requests: int
    affected: int


class FaultProxy:
    """A client of the proxy process: add the routes, start it, then set faults on the routes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._control = f"http://127.0.0.1:{free_port()}"
        self._routes: dict[str, str] = {}
        self._process: ChildProcess | None = None

    def add_route(self, name: str, url: str, path: str = "/") -> str:
        """Add a route to the loopback address `url`; return the URL to call instead.

        Call this before `start`. Faults affect only requests whose path begins with `path`.
        """
        port = free_port()
        self._routes[name] = f"{port}:{urlsplit(url).port}:{path}"
        return f"http://127.0.0.1:{port}"

    def start(self) -> None:
        """Start the process and return when all routes are open; raise `ServiceFailed`."""
        routes = [f"{name}={route}" for name, route in self._routes.items()]
        control_port = str(urlsplit(self._control).port)
        command = [sys.executable, "-m", "infra.local.faults", control_port, *routes]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        self._process = ChildProcess("faults", command, environment, self._folder)
        self._process.wait_until(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            httpx.get(self._control, trust_env=False)
        except httpx.TransportError:
            return False
        return True

    def set_fault(self, name: str, fault: Fault) -> None:
        """Set the fault of a route and reset the route's counts."""
        self._call("PUT", name, fault.to_json())

    @contextmanager
    def inject(self, name: str, fault: Fault) -> Iterator[None]:
        """Set the fault of a route for the duration of the block."""
        self.set_fault(name, fault)
        try:
            yield
        finally:
            self.set_fault(name, HEALTHY)

    def kill_connections(self, name: str) -> None:
        """Make the open connections of a route unresponsive; new connections work."""
        self._call("DELETE", name)

    def counts(self, name: str) -> RouteCounts:
        """Return the request counts of a route."""
        return RouteCounts(**self._call("GET", name).json())

    def _call(self, method: str, name: str, content: bytes | None = None) -> httpx.Response:
        url = f"{self._control}/{name}"
        response = httpx.request(method, url, content=content, trust_env=False)
        return response.raise_for_status()

    def stop(self) -> None:
        """Stop the process; safe to call twice."""
        if self._process is not None:
            self._process.stop()
