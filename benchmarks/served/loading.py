"""Loading a model by the name of the class that serves it."""

import importlib
from pathlib import Path

from benchmarks.served.answer import Load, Served


def load(served: str, folder: Path) -> Served:
    """Load the model in a folder with a class that is named "module:Class".

    By name, so that a process which serves one model imports no more than that one needs.
    """
    module, _, member = served.partition(":")
    loader: Load = getattr(importlib.import_module(module), member)
    return loader(folder)
