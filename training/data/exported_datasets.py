"""Datasets as `prompt-capture export` writes them: the manifest, and the objects that it lists."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from pydantic import ValidationError

from prompt_capture.domain.datasets.kinds import AuditedDataset, ReviewFile
from prompt_capture.domain.datasets.manifest import DatasetObject, Manifest, manifest_key_of
from training.data.examples import InvalidExamples, LocatedExample
from training.data.files import DataFile, is_hidden
from training.data.formats import json_lines, review
from training.data.formats.reading import Reading
from training.data.locations import Location
from training.data.remarks import Remarks
from training.data.sources import MANIFEST_SUFFIX, DataSource, is_dataset_manifest

_MANIFESTS = f"*{MANIFEST_SUFFIX}"
FIRST_CHANGE = "0"
"""Where the window of a dataset of everything begins."""

_SHOWN = 3
_PART = re.compile(r".*/split=\w+/\w+-\d{5}\.jsonl\.gz")


@dataclass(frozen=True)
class StoredDataset:
    """A dataset in a folder: its manifest, and the file of the manifest.

    `folder` contains the objects to read; other objects of the dataset are not read.
    """

    source: DataSource
    file: Path
    manifest: Manifest
    folder: Path

    @property
    def name(self) -> str:
        """The name of the manifest's file, as its user knows it."""
        return self.source.name(self.file)

    @property
    def objects(self) -> list[DatasetObject]:
        """The objects to read."""
        objects = self.manifest.objects
        return [part for part in objects if self.path_of(part).is_relative_to(self.folder)]

    @property
    def is_for_training(self) -> bool:
        """Whether all objects of a dataset of the policy `audited` are read."""
        is_whole = len(self.objects) == len(self.manifest.objects)
        return is_whole and isinstance(self.manifest.request.kind, AuditedDataset)

    def path_of(self, part: DatasetObject) -> Path:
        """Return the file of an object; the folder of the manifest may have been moved."""
        manifest_key = manifest_key_of(part.key)
        if manifest_key is None:
            raise InvalidExamples(f"{self.name} lists an object that is not part of a dataset.")
        below = Path(part.key).relative_to(Path(manifest_key).parent)
        return self.file.parent / below

    def read(self, reading: Reading) -> "DatasetLines":
        """Read all objects, and check them against the manifest; raise `InvalidExamples`."""
        lines = DatasetLines({}, [], set())
        for part in self.objects:
            file = DataFile(self.path_of(part), self.source.name(self.path_of(part)))
            is_review = self.manifest.request.mode == ReviewFile.mode
            if not is_review:  # reviewers fill in the file
                _verify(file, part)
            if part.kind == "tombstones":
                ids = (
                    values.get("id") for values, _ in json_lines.read_values(file, reading.report)
                )
                lines.removed.update(map(str, ids))
            elif is_review:
                lines.without_id.extend(review.read(file, reading))
            else:
                for values, location in json_lines.read_values(file, reading.report):
                    if located := reading.accept(values, location):
                        lines.by_id[str(values.get("id", location))] = located
        return lines


@dataclass(frozen=True)
class DatasetLines:
    """The lines of a dataset by their id, the entries of a review file, and the removed ids."""

    by_id: dict[str, LocatedExample]
    without_id: list[LocatedExample]
    removed: set[str]


def find_datasets(source: DataSource) -> list[StoredDataset]:
    """Return the datasets in a folder, the oldest first; raise `InvalidExamples`.

    The folder contains manifests at any depth, or objects of one dataset, whose manifest lies
    beside it or beside the folder above.
    """
    path = source.path
    if path.is_file():
        datasets = [_open(source, path, path.parent)]
    else:
        files = [file for file in path.rglob(_MANIFESTS) if not is_hidden(file, path)]
        datasets = [_open(source, file, path) for file in files]
    for folder in (path, path.parent):
        if not datasets:
            beside = folder.parent.glob(_MANIFESTS)
            files = [file for file in beside if folder.name.startswith(file.stem)]
            datasets = [_open(source, file, path) for file in files]
    found = [each for each in datasets if each is not None]
    return sorted(found, key=lambda each: each.manifest.exported_at)


def find_stored_files(source: DataSource) -> set[Path]:
    """Return the manifests in a folder, and the objects that they list; raise `InvalidExamples`."""
    manifests = set(filter(is_dataset_manifest, source.path.rglob(_MANIFESTS)))
    datasets = find_datasets(source)
    objects = (each.path_of(part) for each in datasets for part in each.manifest.objects)
    return manifests.union(objects)


def has_dataset(folder: Path) -> bool:
    """Return whether a folder contains the manifest of a dataset at any depth."""
    files = [file for file in folder.rglob(_MANIFESTS) if not is_hidden(file, folder)]
    return any(is_dataset_manifest(file) and file.stat().st_size for file in files)


def lacks_dataset_before(folder: Path, manifest: Path) -> bool:
    """Return whether a dataset in a folder has the changes since one that the folder does not have.

    Raise `InvalidExamples`.
    """
    datasets = find_datasets(DataSource(folder))
    new = next((each.manifest for each in datasets if each.file == manifest), None)
    if new is None or new.window.is_whole:  # none: below a link, which is not followed
        return False
    others = (each.manifest for each in datasets if each.file != manifest)
    ends = {each.window.end for each in others if each.series == new.series}
    return new.window.begin not in ends


def datasets_in_use(datasets: Sequence[StoredDataset]) -> Sequence[StoredDataset]:
    """Return the last dataset of everything, and the datasets of changes after it.

    Raise `InvalidExamples` where the datasets are not of one series.
    """
    if len({each.manifest.series for each in datasets}) > 1:
        names = [f"{each.name} ({each.manifest.request.kind.name})" for each in datasets]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        raise InvalidExamples(
            f"{datasets[0].source.given_name} contains datasets of several kinds or requests. "
            f"Name the manifest of one: {', '.join(names[:_SHOWN])}{more}."
        )
    complete = [n for n, each in enumerate(datasets) if each.manifest.window.is_whole]
    return datasets[complete[-1] if complete else 0 :]


def read_datasets(datasets: Sequence[StoredDataset], reading: Reading) -> Iterator[LocatedExample]:
    """Yield the lines that are valid after the last of some datasets of one series.

    A dataset of everything replaces the earlier ones. A dataset of changes removes the lines that
    its tombstones name, and replaces or adds its own. Raise `InvalidExamples`.
    """
    used = datasets_in_use(datasets)
    for dataset in datasets[: len(datasets) - len(used)]:
        reason = "datasets that a later one replaces"
        if dataset.manifest.bucket != used[-1].manifest.bucket:
            reason += (
                " although it is of another bucket or folder (name both manifests to read both)"
            )
        reading.remarks.leave_out(reason, Location(dataset.name))
    by_id: dict[str, LocatedExample] = {}
    end = FIRST_CHANGE
    for dataset in used:
        if dataset.manifest.window.begin not in {FIRST_CHANGE, end}:
            location = Location(dataset.name)
            reading.remarks.note("datasets of changes without the dataset before them", location)
        end = dataset.manifest.window.end
        lines = dataset.read(reading)
        for line_id in lines.removed:
            by_id.pop(line_id, None)
        by_id |= lines.by_id
        yield from lines.without_id
    yield from by_id.values()


def is_part(path: PurePath) -> bool:
    """Return whether a file may be one of several parts of a dataset."""
    return bool(_PART.fullmatch(path.as_posix()))


def note_other_parts(source: DataSource, remarks: Remarks) -> None:
    """Remark where a file is one of several parts of a dataset."""
    others = source.other_parts
    if is_part(source.path) and not others:
        others = sum(map(is_part, source.path.parent.iterdir())) - 1
    if others:
        location = Location(source.given_name)
        remarks.leave_out("other parts of the dataset (name its folder)", location, others)


def _open(source: DataSource, file: Path, folder: Path) -> StoredDataset | None:
    """Read a manifest. An empty one, or one of another program, means that there is no dataset."""
    content = DataFile(file, source.name(file)).read_bytes()
    if not content.strip() or not is_dataset_manifest(file):
        return None
    try:
        return StoredDataset(source, file, Manifest.model_validate_json(content), folder)
    except ValidationError:
        raise InvalidExamples(
            f"{source.name(file)} is damaged, or the manifest of a dataset of another version. "
            "Copy or export the dataset again, and move this file away."
        ) from None


def _verify(file: DataFile, part: DatasetObject) -> None:
    """Raise `InvalidExamples` where a file is not the object that the manifest describes."""
    try:
        with file.path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except FileNotFoundError:
        raise file.invalid(
            "The manifest lists it, but it is missing. Copy the dataset again."
        ) from None
    except OSError as error:
        raise file.invalid(f"{error.strerror}.") from None
    if digest != part.sha256:
        raise file.invalid("It differs from its manifest. Copy the dataset again.")
