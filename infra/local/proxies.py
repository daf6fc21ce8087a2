"""Exceptions from the terminal's proxy for programs that call a local stack."""

import os
from collections.abc import Mapping

_LOOPBACK = ("127.0.0.1", "localhost")


def proxy_exceptions(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variable that has the exceptions from the proxy, with loopback among them.

    Programs read `no_proxy` where it is set, even to nothing, and otherwise `NO_PROXY`. A `*`
    excepts every host, but only where it stands alone.
    """
    name = "no_proxy" if "no_proxy" in environment else "NO_PROXY"
    hosts = [host.strip() for host in environment.get(name, "").split(",") if host.strip()]
    if "*" not in hosts:
        hosts += [host for host in _LOOPBACK if host not in hosts]
    return {name: ",".join(hosts)}
