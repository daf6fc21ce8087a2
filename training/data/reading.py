"""Read labelled texts: files of any format, folders of text files, and exported datasets."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import chain
from pathlib import Path
from typing import Final

from prompt_capture.domain.datasets.rows import Window
from prompt_capture.domain.text import normalise
from training.data.dev_splits import train_on_small_dev_split
from training.data.examples import Example, InvalidExamples, LocatedExample
from training.data.exported_datasets import (
    StoredDataset,
    find_datasets,
    find_stored_files,
    has_dataset,
    note_other_parts,
    read_datasets,
)
from training.data.files import DataFile, is_hidden, list_files
from training.data.formats import read_file, text_documents, text_folders, text_lines
from training.data.formats.detection import detect_format, has_rasa_intents
from training.data.formats.label_pairs import reject_pairs
from training.data.formats.reading import Reading
from training.data.formats.text_documents import is_document, is_list_of_labels
from training.data.locations import Location
from training.data.remarks import Remarks
from training.data.sources import DataSource

ReadProgress = Callable[[int, int], None]
"""Receives how many bytes were read, and how many there are."""

_LABELS: Final = {
    "text": "the name of the file",
    "rasa": "its intents",
    "clu": "its intents",
    "luis": "its intents",
    "review": "the field corrected_intent",
    "fasttext": "the beginnings of the lines",
}
"""Where the labels come from, by format; in all others from `_LABEL_FIELD`."""

_LABEL_FIELD: Final = "the field label"

_SHOWN: Final = 3
"""How many folders of one kind are named."""


def read_examples(paths: Iterable[Path]) -> list[Example]:
    """Read the examples of files and folders; raise `InvalidExamples` where there are none."""
    sources = [DataSource(path) for path in paths]
    examples = [example for example, _location in read_sources(sources, Remarks())]
    if not examples:
        raise InvalidExamples("The data contains no examples.")
    return examples


def read_unlabelled(
    sources: Sequence[DataSource], remarks: Remarks, progress: ReadProgress | None = None
) -> list[LocatedExample]:
    """Read the texts of sources, labelled or not, as examples whose labels mean nothing.

    Raise `InvalidExamples`.
    """
    return _SourceReader(sources, remarks, progress, needs_labels=False).read()


def read_sources(
    sources: Sequence[DataSource],
    remarks: Remarks,
    progress: ReadProgress | None = None,
    describe: Callable[[str], None] = lambda summary: None,
) -> list[LocatedExample]:
    """Read the examples of sources, in their order.

    A source is a file in any of `FORMATS`, a completed review file, `<label>.txt`, a folder with
    such text files at any depth, a folder with a folder of numbered texts for each label, or a
    dataset as `prompt-capture export` writes it: its folder or
    its manifest. Files may be compressed with gzip. What was left out or changed goes to `remarks`,
    and what was read from each source to `describe`. Raise `InvalidExamples`.
    """
    return _SourceReader(sources, remarks, progress, describe=describe).read()


def read_with_training_splits(
    sources: Sequence[DataSource],
    remarks: Remarks,
    progress: ReadProgress | None = None,
    describe: Callable[[str], None] = lambda summary: None,
) -> list[LocatedExample]:
    """Read the examples of sources as `read_sources` does, with the splits that training sees.

    A small audited dataset has no split `dev` then (see `train_on_small_dev_split`). Raise
    `InvalidExamples`.
    """
    reader = _SourceReader(sources, remarks, progress, describe=describe, has_training_splits=True)
    return reader.read()


class _SourceReader:
    """Reads sources, and reports how many bytes were read."""

    def __init__(
        self,
        sources: Sequence[DataSource],
        remarks: Remarks,
        progress: ReadProgress | None,
        *,
        needs_labels: bool = True,
        describe: Callable[[str], None] = lambda summary: None,
        has_training_splits: bool = False,
    ) -> None:
        self._sources = sources
        self._has_training_splits = has_training_splits
        self._progress = progress or (lambda done, total: None)
        self._describe = describe
        self._sizes = [_size(source.path) for source in sources]
        self._done = 0
        self._reading = Reading(remarks, needs_labels, self._report)
        self._named: dict[str, set[Window]] = {}

    def read(self) -> list[LocatedExample]:
        """Return the examples of all sources."""
        examples: list[LocatedExample] = []
        for number, source in enumerate(self._sources, 1):
            found, labels = self._open(source)
            before = len(examples)
            examples.extend(self._without_invisible(found))
            count = len(examples) - before
            noun = "text" if count == 1 else "texts"
            self._describe(f"{source.given_name}: {count:,} {noun}; labels from {labels}.")
            self._done = sum(self._sizes[:number])
            self._report(0)
        return examples

    def _without_invisible(self, found: Iterable[LocatedExample]) -> Iterator[LocatedExample]:
        """Leave out the texts of which nothing remains in service."""
        for located in found:
            if normalise(located.example.text):
                yield located
            else:
                reason = "texts without a visible character"
                self._reading.remarks.leave_out(reason, located.location)

    def _open(self, source: DataSource) -> tuple[Iterator[LocatedExample], str]:
        """Return the examples of a source, and what their labels come from."""
        if source.path.is_dir():
            if has_dataset(source.path):
                self._remark_files_beside_datasets(source)
                return self._read_datasets(source)
            files = self._find_label_files(source)
            return self._read_label_files(source, files) if files else self._read_datasets(source)
        if source.is_manifest:
            return self._read_datasets(source)
        file = DataFile(source.path, source.given_name)
        file_format = detect_format(file)
        note_other_parts(source, self._reading.remarks)
        return read_file(file_format, file, self._reading), _LABELS.get(file_format, _LABEL_FIELD)

    def _find_label_files(self, source: DataSource) -> list[Path]:
        """Return the LABEL.txt files of a folder, and remark on the files beside them.

        Raise `InvalidExamples` where Rasa's NLU data are among those.
        """
        found = list_files(source.path)
        links = {path for path in found if path.is_symlink() and path.is_dir()}
        paths = sorted(path for path in found if not path.is_dir())
        visible = [path for path in paths if not is_hidden(path, source.path)]
        files = text_folders.find_label_files(source.path)
        reject_pairs(source.path, visible)
        if files:
            _reject_rasa_projects(source, visible)
            self._remark_unread(source, "links to folders (name them, too)", links)
            self._remark_unread(source, "hidden files", set(paths).difference(visible))
            documents = set(filter(is_document, visible))
            if documents:
                names = ", ".join(sorted({path.name for path in documents}))
                kind = f"files whose names are hardly intents (name those that are, too): {names}"
                self._reading.remarks.leave_out(kind, Location(source.given_name), len(documents))
            self._remark_unread(
                source,
                "files that are not LABEL.txt (name labelled ones, too)",
                set(visible).difference(files, documents),
            )
        return files

    def _remark_files_beside_datasets(self, source: DataSource) -> None:
        texts = set(text_folders.find_label_files(source.path))
        kind = "LABEL.txt files beside a dataset (if they are labelled, name them, too)"
        self._remark_unread(source, kind, texts)
        found = (path for path in list_files(source.path) if not path.is_dir())
        others = {
            path
            for path in found
            if not (is_hidden(path, source.path) or text_documents.is_document(path))
        }
        kind = "files that no manifest lists (name labelled ones, too)"
        self._remark_unread(source, kind, others - texts - find_stored_files(source))

    def _remark_unread(self, source: DataSource, kind: str, paths: Set[Path]) -> None:
        if paths:
            first = min(paths).relative_to(source.path)
            reason = f"{kind}, such as {first}"
            self._reading.remarks.leave_out(reason, Location(source.given_name), len(paths))

    def _read_label_files(
        self, source: DataSource, files: Sequence[Path]
    ) -> tuple[Iterator[LocatedExample], str]:
        data_files = [DataFile(path, source.name(path)) for path in files]
        by_path = dict(zip(files, data_files, strict=True))
        if layout := text_folders.find_folders_of_labels(source.path, by_path):
            self._remark_unread(source, "files beside the folders of the labels", layout.beside)
            whole = (text_lines.read_whole(by_path[path], self._reading) for path in layout.texts)
            return chain.from_iterable(whole), "the names of the folders, one text per file"
        if text_folders.may_have_folders_of_labels(source.path, by_path):
            fact = "files of one text each, whose names are the labels"
            remedy = "if those of the folders are, number the files"
            place = Location(source.given_name)
            self._reading.remarks.note(f"{fact}: {remedy}", place, len(files))
        labels = set(map(text_lines.name_label, files))
        lists = {file.path for file in data_files if is_list_of_labels(file, labels)}
        self._remark_unread(source, "files that list the labels", lists)
        data_files = [file for file in data_files if file.path not in lists]
        files = [file.path for file in data_files]
        formats = [detect_format(file) for file in data_files]
        texts = [path for path, each in zip(files, formats, strict=True) if each == "text"]
        if self._reading.needs_labels:
            text_folders.reject_names_of_no_intents(source.path, texts)
        examples: Iterator[LocatedExample] = chain.from_iterable(
            read_file(file_format, file, self._reading)
            for file, file_format in zip(data_files, formats, strict=True)
        )
        if splits := text_folders.find_splits(source.path, files):
            names = (file.name for file in data_files)
            by_name = dict(zip(names, splits, strict=True))
            examples = self._with_splits(examples, by_name, Location(source.given_name))
        elif stating := text_folders.list_folders_of_splits(source.path, files):
            fact = f"folders whose names may state splits, which are not read: {', '.join(stating)}"
            self._reading.remarks.note(fact, Location(source.given_name), len(stating))
        if not splits and self._reading.needs_labels:
            self._note_folders_of_same_names(source, files)
        self._note_files_of_no_intents(source, files)
        tables = [
            file.name for file, each in zip(data_files, formats, strict=True) if each != "text"
        ]
        others = f", and from the content of {', '.join(tables)}" if tables else ""
        return examples, f"the names of the files{others}"

    def _note_files_of_no_intents(self, source: DataSource, files: Sequence[Path]) -> None:
        """Name the folders that may hold the words of entities, or what was put aside."""
        for kind, found in (
            ("no intents", text_folders.find_files_of_no_intents(source.path, files)),
            ("what was put aside", text_folders.find_files_put_aside(source.path, files)),
        ):
            if found:
                folders = ", ".join(sorted(set(found.values())))
                fact = f"files in folders that may hold {kind}: {folders} (if so, move them away)"
                self._reading.remarks.note(fact, Location(source.given_name), len(found))

    def _note_folders_of_same_names(self, source: DataSource, files: Sequence[Path]) -> None:
        """Name the folders that may be the labels, since the names of the files are not theirs."""
        if found := text_folders.list_folders_of_same_names(files):
            names = ", ".join(str(path.relative_to(source.path)) for path in found[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            fact = (
                f"folders whose files have the same names, which are the labels: {names}{more} (if "
                "the folders are, name the files after them)"
            )
            self._reading.remarks.note(fact, Location(source.given_name), len(found))

    def _with_splits(
        self, examples: Iterable[LocatedExample], splits: Mapping[str, str | None], folder: Location
    ) -> Iterator[LocatedExample]:
        """Give the texts of each file its split, unless they have one."""
        for located in examples:
            split = splits[located.location.source]
            if split is None or located.example.split:
                yield located
                continue
            reason = f"texts get the split {split}, the name of their folder"
            self._reading.remarks.change(reason, folder)
            example = located.example.model_copy(update={"split": split})
            yield located._replace(example=example)

    def _read_datasets(self, source: DataSource) -> tuple[Iterator[LocatedExample], str]:
        datasets = find_datasets(source)
        if not datasets:
            raise InvalidExamples(
                f"{source.given_name} contains no examples: it has neither LABEL.txt files nor the "
                "manifest of a dataset with the objects beside it. Name other files one by one."
            )
        self._note_series(source, datasets)
        request = datasets[-1].manifest.request
        labels = _LABELS.get(request.mode, _LABEL_FIELD)
        lines = read_datasets(datasets, self._reading)
        if self._has_training_splits:
            lines = train_on_small_dev_split(lines, datasets, self._reading.remarks)
        return lines, f"{labels} (dataset {request.kind.name})"

    def _note_series(self, source: DataSource, datasets: Sequence[StoredDataset]) -> None:
        """Name a source that continues a series of another one: each source is read by itself."""
        windows = {each.manifest.window for each in datasets}
        others = self._named.setdefault(datasets[-1].manifest.series, set())
        if others - windows and not all(each.is_whole for each in windows | others):
            fact = (
                "datasets of one series are named one by one, so that what later ones remove stays "
                "(name the folder of all)"
            )
            self._reading.remarks.note(fact, Location(source.given_name))
        others.update(windows)

    def _report(self, position: int) -> None:
        self._done += position
        self._progress(self._done, sum(self._sizes))


def _reject_rasa_projects(source: DataSource, paths: Iterable[Path]) -> None:
    """Raise `InvalidExamples` where a folder has NLU data of Rasa.

    Its text files are lookup tables, or the requirements of its code, rather than texts.
    """
    files = (DataFile(path, source.name(path)) for path in paths)
    if file := next(filter(has_rasa_intents, files), None):
        raise InvalidExamples(
            f"{source.given_name} has NLU data of Rasa, such as {file.name}. Name these "
            "files one by one. If LABEL.txt files there hold texts, move them into a folder of "
            "their own."
        )


def _size(path: Path) -> int:
    """Return the size of a file, or of the files in a folder, in bytes; 0 for what is missing."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
