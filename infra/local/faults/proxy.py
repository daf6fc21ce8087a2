"""The owner's side of the proxy."""

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
class Passed:
    """What came through a route since its fault was set."""

    requests: int
    faulty: int


class FaultProxy:
    """Lay the routes, start it, and set a fault on a route; `stop` ends it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._control = f"http://127.0.0.1:{free_port()}"
        self._routes: dict[str, str] = {}
        self._process: ChildProcess | None = None

    def add_route(self, name: str, url: str, path: str = "/") -> str:
        """Lay a route to a loopback address, before the start; returns the address to call instead.

        Faults befall requests whose path begins with `path`.
        """
        port = free_port()
        self._routes[name] = f"{port}:{urlsplit(url).port}:{path}"
        return f"http://127.0.0.1:{port}"

    def start(self) -> None:
        """Return when all routes are open; raises `ServiceFailed`."""
        routes = [f"{name}={route}" for name, route in self._routes.items()]
        control_port = str(urlsplit(self._control).port)
        command = [sys.executable, "-m", "infra.local.faults", control_port, *routes]
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        self._process = ChildProcess("faults", command, environment, self._folder)
        self._process.wait_until(self._answers)

    def _answers(self) -> bool:
        try:
            httpx.get(self._control)
        except httpx.TransportError:
            return False
        return True

    def set(self, name: str, fault: Fault) -> None:
        """Let a route fare like this from now on."""
        httpx.put(f"{self._control}/{name}", content=fault.to_json()).raise_for_status()

    @contextmanager
    def inject(self, name: str, fault: Fault) -> Iterator[None]:
        """Set a fault for as long as the block lasts."""
        self.set(name, fault)
        try:
            yield
        finally:
            self.set(name, HEALTHY)

    def kill_connections(self, name: str) -> None:
        """Let the connections that are open die silently; new ones are well."""
        httpx.delete(f"{self._control}/{name}").raise_for_status()

    def passed(self, name: str) -> Passed:
        """Tell what came through."""
        return Passed(**httpx.get(f"{self._control}/{name}").raise_for_status().json())

    def stop(self) -> None:
        """End it; safe to call twice."""
        if self._process is not None:
            self._process.stop()
