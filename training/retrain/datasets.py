"""The datasets of a retraining, copied from the bucket: what to learn from, and the gold set."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ValidationError

from prompt_capture.domain.datasets.kinds import AuditedDataset, GoldDataset, TextDataset
from prompt_capture.domain.datasets.manifest import Manifest
from prompt_capture.domain.errors import DatasetsUnavailable
from prompt_capture.domain.models import DatasetReference
from prompt_capture.ports.exports import DatasetStore
from training.data.examples import Example, InvalidExamples, LocatedExample
from training.data.exported_datasets import datasets_in_use, find_datasets
from training.data.formats.reading import Reading
from training.data.provenance import describe_datasets
from training.data.reading import read_with_training_splits
from training.data.remarks import Remarks
from training.data.sources import MANIFEST_SUFFIX, DataSource

AUDITED: Final = AuditedDataset()
GOLD: Final = GoldDataset()


@dataclass(frozen=True)
class DatasetPrefixes:
    """Where the bucket has datasets, and the examples that the assistant started with."""

    exports: str = "exports"
    retained: str = "retained"
    seeds: str = "seeds"

    def of(self, kind: TextDataset) -> str:
        """Return the prefix of the datasets of a kind."""
        return f"{self.retained if kind.is_retained else self.exports}/{kind.name}/"


class RetrainingData(NamedTuple):
    """The examples to learn from, and the datasets that they come from."""

    located: Sequence[LocatedExample]
    datasets: tuple[DatasetReference, ...]

    @property
    def examples(self) -> list[Example]:
        """The examples without their places."""
        return [each.example for each in self.located]


def newest_dataset(store: DatasetStore, prefix: str) -> str | None:
    """Return the key of the newest complete manifest below a prefix, or None.

    Only datasets of everything count: neither those of changes, nor of some intents, sources or
    models alone, nor anonymised ones, whose ids mean nothing to the database. Raise
    `DatasetsUnavailable`.
    """
    keys = [key for key in store.keys(prefix) if key.endswith(MANIFEST_SUFFIX)]
    for key in sorted(keys, key=lambda key: key.rpartition("/")[2], reverse=True):
        content = store.read(key)
        if content and _is_complete(content):
            return key
    return None


def _is_complete(content: bytes) -> bool:
    try:
        request = Manifest.model_validate_json(content).request
    except ValidationError:  # of another version
        return False
    is_part = request.intents or request.sources or request.model_versions or request.since_last
    return not (is_part or request.anonymize)


class BucketCopy:
    """Copies of datasets in a folder, for one run. Every method may raise `DatasetsUnavailable`.

    All but `fetch` may raise `InvalidExamples` too, where an object is damaged.
    """

    def __init__(self, store: DatasetStore, folder: Path, prefixes: DatasetPrefixes) -> None:
        self._store = store
        self._folder = folder
        self._prefixes = prefixes

    def read_training_data(self, manifest_key: str) -> RetrainingData:
        """Read what a dataset and the seeds have to learn from."""
        sources = [*self._seeds(), self.fetch(manifest_key)]
        read = read_with_training_splits(sources, Remarks())
        located = [each for each in read if each.example.is_for_training]
        return RetrainingData(located, describe_datasets(sources, located))

    def read_gold_ids(self, manifest_key: str) -> list[str]:
        """Return the ids of the texts in a gold dataset."""
        (dataset,) = datasets_in_use(find_datasets(self.fetch(manifest_key)))
        return sorted(dataset.read(Reading(Remarks())).by_id)

    def read_learnt_texts(self, references: Sequence[DatasetReference]) -> list[str] | None:
        """Return the texts of the datasets that a model learnt, or None where one is gone."""
        prefix = self._store.url("")
        texts: list[str] = []
        for reference in references:
            key = reference.source.removeprefix(prefix).lstrip("/")
            if not reference.source.startswith(prefix) or self._store.version_tag(key) is None:
                return None
            read = read_with_training_splits([self.fetch(key)], Remarks())
            texts += [each.example.text for each in read if each.example.is_for_training]
        return texts

    def fetch(self, key: str) -> DataSource:
        """Copy an object, and of a manifest all objects of its dataset."""
        path = self._copy(key)
        source = DataSource(path, self._folder, self._store.url("").rstrip("/"))
        if source.is_manifest:
            for dataset in find_datasets(source):
                for part in dataset.objects:
                    self._copy(dataset.path_of(part).relative_to(self._folder).as_posix())
        return source

    def _seeds(self) -> Iterator[DataSource]:
        """Yield the files of examples that the assistant started with."""
        for key in self._store.keys(f"{self._prefixes.seeds}/"):
            yield self.fetch(key)

    def _copy(self, key: str) -> Path:
        target = self._folder / key
        if not target.resolve().is_relative_to(self._folder.resolve()):
            raise InvalidExamples(f"{key} leads out of its folder.")
        if target.is_file():
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._store.open(key) as content:
            if content is None:
                raise DatasetsUnavailable(
                    f"The bucket lacks {key}. Export the dataset again, and retrain."
                )
            with target.open("wb") as file:
                shutil.copyfileobj(content, file)
        return target
