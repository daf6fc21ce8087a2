"""What the layer may weigh; a build that weighs more fails."""

from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from infra.packaging.failures import PackageRefused
from infra.packaging.paths import MODELS

_MB = 2**20
"""As Lambda counts its limits: 250 MB are 262,144,000 bytes."""


@dataclass(frozen=True)
class Weight:
    """Megabytes of a layer: the code as it lies there and as a zip, and the model as it lies."""

    unzipped: float
    zipped: float
    model: float


BUDGET = Weight(unzipped=95, zipped=34, model=28)


def weigh(archive: Path) -> Weight:
    """Read the sizes from a layer's zip."""
    with ZipFile(archive) as zip_file:
        entries = zip_file.infolist()
    code = [entry for entry in entries if not _is_model(entry)]
    return Weight(
        unzipped=sum(entry.file_size for entry in code) / _MB,
        zipped=sum(entry.compress_size for entry in code) / _MB,
        model=sum(entry.file_size for entry in entries if _is_model(entry)) / _MB,
    )


def _is_model(entry: ZipInfo) -> bool:
    return entry.filename.startswith(f"{MODELS.name}/")


def keep(weight: Weight, budget: Weight = BUDGET) -> None:
    """Raise `PackageRefused` where a weight is over its budget, naming each."""
    over = [
        f"{name} {value:.1f} MB of {getattr(budget, name):.0f}"
        for name, value in vars(weight).items()
        if value > getattr(budget, name)
    ]
    if over:
        raise PackageRefused(f"The layer is over its budget: {', '.join(over)}.")
