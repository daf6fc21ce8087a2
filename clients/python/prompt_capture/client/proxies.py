"""The check of the proxies in the environment, of which httpx uses some that reach nothing."""

import re
import urllib.request

from prompt_capture.client.urls import find_authority_problem

_SCHEMES = ("http", "https", "all")
_PROXY = re.compile(r"(?P<scheme>[^:/?#]+://)?(?:[^/?#]*@)?(?P<authority>[^/?#@]*).*", re.DOTALL)


def blank_proxies() -> list[str]:
    """Return the patterns of URLs whose proxy is blank, and counts as not set.

    Raise `ValueError` where a proxy has no valid host or port.
    """
    proxies = urllib.request.getproxies()  # as httpx does
    present = {scheme: proxies[scheme] for scheme in _SCHEMES if scheme in proxies}
    for proxy in present.values():
        _check_proxy(proxy)
    return [f"{scheme}://" for scheme, proxy in present.items() if not proxy.strip()]


def _check_proxy(proxy: str) -> None:
    """Raise `ValueError` unless a proxy is blank or can be reached."""
    parts = _PROXY.fullmatch(proxy)
    if parts is None or not proxy.strip():
        return
    text = proxy if parts["scheme"] else f"http://{proxy}"
    # A word alone, such as none or false, says that there is no proxy.
    is_word = not parts["scheme"] and not set(".:") & set(parts["authority"])
    if is_word or find_authority_problem(parts["authority"], text):
        raise ValueError("A proxy has no valid host or port")
