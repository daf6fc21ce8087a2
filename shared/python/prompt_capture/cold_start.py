"""What makes a function start sooner: each handler imports this before anything else.

Measured in docs/decisions/0011.
"""

import gc
import os

# Nearly all that a start makes stays: looking for garbage in it is in vain.
gc.disable()

# numpy's BLAS, which nothing here uses, starts a thread for each processor.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from pydantic import BaseModel  # noqa: E402

# FastAPI describes apps by forty models. Most of them need not be built before one is described;
# what inherits this setting from all models' base while FastAPI is loaded is built when it is used.
BaseModel.model_config["defer_build"] = True
import fastapi  # noqa: E402, F401

del BaseModel.model_config["defer_build"]


def started() -> None:
    """Say that all is loaded: garbage is looked for from now on, but not in what is here."""
    gc.freeze()
    gc.enable()
