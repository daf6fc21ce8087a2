"""The templates of the model card."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


@cache
def environment() -> Environment:
    """Return the environment of the templates, which escapes what they show."""
    created = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    created.filters["percent"] = lambda share: "" if share is None else f"{share:.1%}"
    created.filters["count"] = lambda number: f"{number:,}"
    return created
