"""Names that an option of a benchmark takes, separated by commas."""

from collections.abc import Iterable

import typer


def select_names(requested: str, available: Iterable[str], option: str) -> tuple[str, ...]:
    """Return the requested names in the order of the available ones; all if none is requested.

    Raise `typer.BadParameter` for an unknown name.
    """
    known = tuple(available)
    names = [name.strip() for name in requested.split(",") if name.strip()]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise typer.BadParameter(
            f"unknown name {', '.join(unknown)}; choose from {', '.join(known)}.",
            param_hint=option,
        )
    return tuple(name for name in known if name in names or not names)
