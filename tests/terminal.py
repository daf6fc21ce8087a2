"""What commands print in a test, or whom they reach, does not depend on the terminal of the run."""

from collections.abc import MutableMapping

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_APPEARANCE = (
    *("CI", "GITHUB_ACTIONS", "DATABRICKS_RUNTIME_VERSION"),
    *("FORCE_COLOR", "PY_COLORS", "NO_COLOR", "COLORTERM", "CLICOLOR", "CLICOLOR_FORCE"),
    *("TTY_COMPATIBLE", "TTY_INTERACTIVE", "TERMINAL_WIDTH", "JUPYTER_COLUMNS", "JUPYTER_LINES"),
    *("TYPER_USE_RICH", "TYPER_STANDARD_TRACEBACK", "_TYPER_FORCE_DISABLE_TERMINAL"),
)
_SIZE = {"COLUMNS": "80", "LINES": "25"}


def forget_terminal(environment: MutableMapping[str, str]) -> None:
    """Set the size of a terminal, remove what else changes output, and give proxies one name.

    A test that sets `HTTP_PROXY` would be without effect where `http_proxy` is set.
    """
    for name in _APPEARANCE:
        environment.pop(name, None)
    environment.update(_SIZE)
    for name in _PROXIES:
        if (value := environment.pop(name.lower(), None)) is not None:
            environment[name] = value
