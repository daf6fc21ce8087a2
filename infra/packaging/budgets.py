"""The sizes of layers, and their budgets; a build that exceeds one fails."""

from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from infra.packaging import PackagingError
from infra.packaging.paths import MODELS

_MB = 2**20
"""A megabyte as Lambda counts it: its limit of 250 MB is 262,144,000 bytes."""


@dataclass(frozen=True)
class LayerSize:
    """Sizes of a layer in MB: its code unzipped and zipped, and its model unzipped."""

    unzipped: float
    zipped: float
    model: float


def measure(archive: Path) -> LayerSize:
    """Read the sizes from a layer's zip."""
    with ZipFile(archive) as zip_file:
        entries = zip_file.infolist()
    code = [entry for entry in entries if not _is_model(entry)]
    return LayerSize(
        unzipped=sum(entry.file_size for entry in code) / _MB,
        zipped=sum(entry.compress_size for entry in code) / _MB,
        model=sum(entry.file_size for entry in entries if _is_model(entry)) / _MB,
    )


def _is_model(entry: ZipInfo) -> bool:
    return entry.filename.startswith(f"{MODELS.name}/")


def check(size: LayerSize, budget: LayerSize) -> None:
    """Raise `PackagingError` where a size exceeds its budget; the message names each."""
    exceeded = [
        f"{name} {value:.1f} MB (budget {getattr(budget, name):.0f} MB)"
        for name, value in vars(size).items()
        if value > getattr(budget, name)
    ]
    if exceeded:
        raise PackagingError(
            f"The layer exceeds its size budget: {', '.join(exceeded)}. Remove what no function "
            "loads (infra/packaging/pruning.py), pin an older version of the package that grew, "
            "or raise the budget in infra/packaging/layers.py."
        )
