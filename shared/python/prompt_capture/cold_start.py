"""What makes a function start sooner: each handler imports this before anything else.

Measured in docs/decisions/0011.
"""

import gc
import os

from pydantic import BaseModel

# Nearly all that a start makes stays: looking for garbage in it is in vain.
gc.disable()

# numpy's BLAS, which nothing here uses, starts a thread for each processor.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# FastAPI describes apps by forty models, which are built when an app is first described.
BaseModel.model_config["defer_build"] = True
import fastapi  # noqa: E402, F401

del BaseModel.model_config["defer_build"]


def started() -> None:
    """Say that all is loaded: garbage is collected from now on, and what is here is none."""
    gc.freeze()
    gc.enable()
