"""Which datasets a model learns from, as its manifest records them."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import PurePath
from typing import Final, NamedTuple

from prompt_capture.domain.models import DatasetReference
from training.data.examples import LocatedExample
from training.data.exported_datasets import datasets_in_use, find_datasets
from training.data.formats import text_folders
from training.data.sources import DataSource

UNLABELLED: Final = "unlabelled"
"""Takes the place of the tier for texts that are learned without a label."""

_MAX_NAME: Final = 500


class _NamedDataset(NamedTuple):
    name: str
    manifest_sha256: str | None = None


def describe_datasets(
    sources: Sequence[DataSource],
    labelled: Iterable[LocatedExample],
    unlabelled: Iterable[LocatedExample] = (),
) -> tuple[DatasetReference, ...]:
    """Return the datasets among `sources` that texts come from, with the numbers of these texts.

    A source is one dataset, or has one for each manifest. The tier of an example is that in an
    export, or else its `Origin`.
    """
    datasets = dict(chain.from_iterable(_datasets_by_path(source) for source in sources))
    tiers: dict[_NamedDataset, Counter[str]] = {dataset: Counter() for dataset in datasets.values()}
    for example, location in labelled:
        tiers[_find(location.source, datasets)][example.tier or example.origin] += 1
    for _example, location in unlabelled:
        tiers[_find(location.source, datasets)][UNLABELLED] += 1
    return tuple(
        DatasetReference(
            source=dataset.name[-_MAX_NAME:],
            manifest_sha256=dataset.manifest_sha256,
            examples_by_tier=dict(sorted(counts.items())),
        )
        for dataset, counts in tiers.items()
        if counts
    )


def _datasets_by_path(source: DataSource) -> Iterator[tuple[str, _NamedDataset]]:
    """Yield the names of the files that belong to a dataset, or of the folder that they are in."""
    is_dataset = source.is_manifest or (
        source.path.is_dir() and not text_folders.find_label_files(source.path)
    )
    found = find_datasets(source) if is_dataset else []
    for stored in datasets_in_use(found) if found else []:
        sha256 = hashlib.sha256(stored.file.read_bytes()).hexdigest()
        for part in stored.objects:
            yield source.name(stored.path_of(part)), _NamedDataset(stored.name, sha256)
    if not found:
        yield source.given_name, _NamedDataset(source.given_name)


def _find(file: str, datasets: Mapping[str, _NamedDataset]) -> _NamedDataset:
    """Return the dataset of a file: its own, or else that of the nearest folder above."""
    names = (file, *map(str, PurePath(file).parents))
    return next(datasets[name] for name in names if name in datasets)
