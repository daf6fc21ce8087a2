"""Settings that make a function start faster. Each handler imports this module first.

docs/decisions/0011 has the measurements.
"""

import gc
import os

# Nearly all objects created at start-up live forever, so collecting them wastes time.
gc.disable()

# numpy's BLAS, which nothing here uses, starts one thread per processor.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from pydantic import BaseModel  # noqa: E402

# FastAPI has forty models for the OpenAPI description, which most requests never need. Models that
# inherit this setting while FastAPI is imported are built on their first use.
BaseModel.model_config["defer_build"] = True
import fastapi  # noqa: E402, F401

del BaseModel.model_config["defer_build"]


def enable_garbage_collection() -> None:
    """Enable garbage collection, except for the objects that exist. Call it after start-up."""
    gc.freeze()
    gc.enable()
