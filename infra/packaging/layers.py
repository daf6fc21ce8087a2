"""The layers: what each contains, how large it may be, and which functions it serves."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.packaging import pruning
from infra.packaging.budgets import LayerSize
from infra.packaging.paths import (
    LAYER_LOCK,
    OWN_PACKAGE,
    RETRAIN_LAYER,
    RETRAIN_LAYER_LOCK,
    SHARED_LAYER,
    TRAINING,
)


@dataclass(frozen=True)
class Layer:
    """A layer: the packages of a lock file, and packages of this project.

    `has_models`: it contains the packaged model and the rules, and not only the model's manifest.
    """

    name: str
    lock: Path
    own_packages: tuple[Path, ...]
    has_models: bool
    exclusions: pruning.Exclusions
    budget: LayerSize


SHARED: Final = Layer(
    SHARED_LAYER,
    LAYER_LOCK,
    (OWN_PACKAGE,),
    has_models=True,
    exclusions=pruning.SHARED,
    budget=LayerSize(unzipped=95, zipped=34, model=28),
)
RETRAIN: Final = Layer(
    RETRAIN_LAYER,
    RETRAIN_LAYER_LOCK,
    (OWN_PACKAGE, TRAINING),
    has_models=False,
    exclusions=pruning.RETRAIN,
    budget=LayerSize(unzipped=235, zipped=85, model=1),
)
LAYERS: Final = (SHARED, RETRAIN)


def layer_of(function: str) -> Layer:
    """Return the layer of a function."""
    return RETRAIN if function == "retrain" else SHARED
