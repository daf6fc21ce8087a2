"""Folders of text files: which files hold texts, and what the names of files and folders state."""

import re
from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import NamedTuple

from training.data.examples import TRAINING_SPLIT, InvalidExamples
from training.data.files import DataFile, is_hidden, list_files
from training.data.formats.label_files import (
    find_split,
    folded_stem,
    is_label_file,
    separate,
    states_no_intent,
)
from training.data.formats.label_pairs import WORDS_OF_TEXTS
from training.data.formats.reading import ignore_position
from training.data.formats.split_names import SPLIT_NAMES
from training.data.formats.text_documents import LISTS_OF_LABELS, is_document, is_list_of_labels

_NUMBERED = re.compile(
    r"(?:[\w -]*\d|[\w -]*\(\d+\)|\d{3,}\W.*|[a-z]|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}"
    r"|[\da-f]{16,64})(?:\.txt)?(?:\.gz)?",
    re.IGNORECASE,
)
"""The name of a file that has a number, a letter or an id in place of a label."""

_FEW = 5
"""A file with another name is an exception among at least so many numbered ones."""

_OF_NO_INTENTS = re.compile(
    r"entit(?:y|ies)|slots?|slot[ _-]?types?|synonyms?|gazetteers?|lookups?(?:[ _-]?tables?)?",
    re.IGNORECASE,
)
"""The name of a folder with the words of entities, beside a folder with intents."""

_PUT_ASIDE = re.compile(
    r"[\W_]*(?:archived?|archives|backups?|bak|deleted|deprecated|discarded|excluded|ignored|obsolete"
    r"|old|outdated|put[ _-]?aside|rejected|removed|skipped|trash|unused)[\W_]*",
    re.IGNORECASE,
)
"""The name of a folder with files that somebody does not use any more."""

_SAME_NAMES = WORDS_OF_TEXTS | {"doc", "docs", "example", "file", "files", "sample", "samples"}
"""What no intent is named after where all files have this name, each in a folder of its own."""


class Layout(NamedTuple):
    """The files of a folder that are texts with the names of their folders as labels.

    `beside` are the files that are none.
    """

    texts: Sequence[Path]
    beside: Set[Path]


def find_label_files(folder: Path) -> list[Path]:
    """Return the label files below a folder, without hidden ones and those about the data."""
    return sorted(
        path
        for path in list_files(folder)
        if is_label_file(path)
        and not path.is_dir()
        and not is_hidden(path, folder)
        and not is_document(path)
    )


def reject_names_of_no_intents(folder: Path, files: Sequence[Path]) -> None:
    """Raise `InvalidExamples` where the names of all files state something else than intents.

    Such are `train.txt` and `test.txt`, or a file `examples.txt` in a folder for each intent. Or
    some state splits beside the intent, as `greet_train.txt` and `test_greet.txt`, or Dialogflow's
    `usersays`. Or they are numbers, beside a file such as `labels.txt`.
    """
    names = dict.fromkeys(map(folded_stem, files))
    lists = [name for name in names if name in LISTS_OF_LABELS]
    numbers = [name for name in names if name.isdigit()]
    if len(lists) == 1 and len(numbers) > 1 and len(numbers) + 1 == len(names):
        raise InvalidExamples(
            f"{folder} has texts in files named after numbers, whose names {lists[0]}.txt seems to "
            "have. Name each file after the intent of its texts, such as greet.txt."
        )
    is_same = len(names) == 1 and _SAME_NAMES.issuperset(names)
    if len(files) > 1 and (is_same or all(map(states_no_intent, names))):
        raise InvalidExamples(
            f"{folder} has texts in files named {', '.join(names)}, which are no intents. Name "
            "each file after the intent of its texts, such as greet.txt."
        )
    parts: dict[str, set[str]] = {}
    for name in names:
        stem, part = separate(name)
        parts.setdefault(stem if part != "usersays" else "", set()).add(part)
    stated = [each - {""} for stem, each in parts.items() if not stem or len(each - {""}) > 1]
    beside = [each - {""} for stem, each in parts.items() if stem in names and len(each) > 1]
    if len(beside) > 1:  # one alone may be an intent, such as `drive_test` beside `drive`
        stated += beside
    if found := sorted(set().union(*stated)):
        raise InvalidExamples(
            f"{folder} has files whose names state {', '.join(found)} "
            "beside the intent. Name each file after the intent of its texts alone, such as "
            "greet.txt; folders such as train and test state splits."
        )


def may_have_folders_of_labels(folder: Path, files: Mapping[Path, DataFile]) -> bool:
    """Return whether folders may be the labels: each of their files has one text, and its own name.

    Raise `InvalidExamples`.
    """
    folders = {file.parent for file in files}
    names = set(map(folded_stem, files))
    is_flat = all(each.parent == folder for each in folders)
    if not (1 < len(folders) < len(files) == len(names) and is_flat):
        return False
    return all(_has_one_line(file) for file in files.values())


def _has_one_line(file: DataFile) -> bool:
    lines = (line for _number, line in file.lines(ignore_position) if line.strip())
    return next(lines, None) is not None and next(lines, None) is None


def find_splits(folder: Path, files: Sequence[Path]) -> list[str | None]:
    """Return the split of each file, where folders are named after several splits; else nothing.

    Such are `train/greet.txt` and `test_set/greet.txt`, or `snips_train` and `snips_test`.
    """
    paths = [file.relative_to(folder).parent for file in files]
    by_folder = {name: find_split(name) for path in paths for name in path.parts}
    separated = {name: separate(name.casefold()) for name, split in by_folder.items() if not split}
    for name, (stem, part) in separated.items():
        others = {each for other, each in separated.values() if other == stem}
        if part in SPLIT_NAMES and len(others & SPLIT_NAMES) > 1:
            by_folder[name] = part
    splits = [
        next((split for name in path.parts if (split := by_folder[name])), None) for path in paths
    ]
    splits = [TRAINING_SPLIT if split == "training" else split for split in splits]
    return splits if len({split for split in splits if split}) > 1 else []


def list_folders_of_splits(folder: Path, files: Sequence[Path]) -> list[str]:
    """Return the folders whose names may state splits, and may be those of something else.

    Such are `atis_train` and `snips_test`, with different splits beside other names, or one folder
    `test` beside other files.
    """
    paths = [file.relative_to(folder).parent for file in files]
    names = {name for path in paths for name in path.parts}
    if stated := sorted(filter(find_split, names)):
        return stated if any(set(path.parts).isdisjoint(stated) for path in paths) else []
    splits = {name: separate(name.casefold())[1] for name in sorted(names)}
    found = [name for name, split in splits.items() if split in SPLIT_NAMES]
    return found if len({splits[name] for name in found}) > 1 else []


def find_files_of_no_intents(folder: Path, files: Sequence[Path]) -> dict[Path, str]:
    """Return the files in folders that are named after parts of a project without intents."""
    return _find_files_in_folders(folder, files, _OF_NO_INTENTS)


def find_files_put_aside(folder: Path, files: Sequence[Path]) -> dict[Path, str]:
    """Return the files in folders that are named after what somebody does not use any more."""
    return _find_files_in_folders(folder, files, _PUT_ASIDE)


def _find_files_in_folders(
    folder: Path, files: Sequence[Path], names: re.Pattern[str]
) -> dict[Path, str]:
    return {
        file: name
        for file in files
        for name in file.relative_to(folder).parent.parts
        if names.fullmatch(name)
    }


def list_folders_of_same_names(files: Sequence[Path]) -> list[Path]:
    """Return the folders whose files have the same names, where these are at most as many.

    Such are `greet/positive.txt` and `bye/positive.txt`: the folders may be the labels.
    """
    names: dict[Path, set[str]] = {}
    for file in files:
        names.setdefault(file.parent, set()).add(folded_stem(file))
    together: set[str] = set().union(*names.values())
    is_same = all(each == together for each in names.values())
    return sorted(names) if is_same and max(2, len(together)) <= len(names) else []


def find_folders_of_labels(folder: Path, files: Mapping[Path, DataFile]) -> Layout | None:
    """Return the files of a folder that has a folder for each label, with numbered texts in it.

    Data sets such as 20 Newsgroups come like this: `greet/0001.txt`, `bye/0002.txt`. Raise
    `InvalidExamples` where these folders are in others, as in `train/greet/0001.txt`, or where
    there are other texts.
    """
    nested = [file for file in files if file.parent != folder]
    texts = [file for file in nested if _NUMBERED.fullmatch(file.name)]
    folders = {file.parent for file in texts}
    if len(folders) < 2:
        return None
    names = {each.name for each in folders}
    beside = {file for file in files if is_list_of_labels(files[file], names)}
    others = list(files.keys() - beside - set(texts))
    if _FEW * sum(file.parent != folder for file in others) > len(texts):
        return None
    if all(each.parent == folder for each in folders):
        _reject_other_texts(folder, others)
        _reject_folders_of_splits(folder, names)
        return Layout(texts, beside)
    if deeper := [each for each in folders if each.parent not in {folder, *folder.parents}]:
        raise InvalidExamples(
            f"{folder} has numbered texts in folders of several levels, so that no folder is "
            f"surely a label. Name the one that has a folder for each label, such as "
            f"{min(deeper).parent}."
        )
    return None


def _reject_other_texts(folder: Path, others: Sequence[Path]) -> None:
    if others:
        noun = "file" if len(others) == 1 else "files"
        raise InvalidExamples(
            f"{folder} has a folder of numbered texts for each label, and {len(others):,} other "
            f"text {noun}, such as {min(others).relative_to(folder)}. Move these to another "
            "folder, or give those with one text a number for a name."
        )


def _reject_folders_of_splits(folder: Path, names: Set[str]) -> None:
    if all(map(find_split, names)):
        raise InvalidExamples(
            f"{folder} has numbered texts in folders named {', '.join(sorted(names))}, which are "
            "splits, so that no name states a label. Write JSON lines, "
            '{"text": ..., "label": ..., "split": ...}.'
        )
