"""Load a model by the name of its predictor class."""

import importlib
from pathlib import Path

from benchmarks.predictors.base import Predictor, PredictorLoader


def load_predictor(class_path: str, folder: Path) -> Predictor:
    """Load the model in `folder` with the class named "module:Class".

    The import is dynamic so that a process that serves one model imports only what it needs.
    """
    module, _, member = class_path.partition(":")
    loader: PredictorLoader = getattr(importlib.import_module(module), member)
    return loader(folder)
