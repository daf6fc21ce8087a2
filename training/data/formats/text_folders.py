"""Folders of text files: which files hold texts, and what the names of files and folders state."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path, PurePath
from typing import NamedTuple

from training.data.examples import TRAINING_SPLIT, InvalidExamples
from training.data.files import DataFile, is_hidden, list_files
from training.data.formats.reading import ignore_position
from training.data.formats.split_names import SPLIT_AND_NOUN, SPLIT_NAME, SPLIT_NAMES

_SUFFIX = re.compile(r"(?:\.txt)?(?:\.gz)?\Z", re.IGNORECASE)
_LABEL_FILE = re.compile(r".+\.txt(?:\.gz)?", re.IGNORECASE)

_VARIANT = r"(?:[ _.-](?:[a-z]{2}|english|german|french|spanish|dev|test|\d+))?"
_DOCUMENT = re.compile(
    rf"""(?:read[ _-]?me | copying | changelog | contributing | contributors | authors | citation
    | robots | cmakelists | merges | metadata | [\w-]+[_-]requirements | special_?tokens
    | stop[ _-]?words? | (?:label|class|intent)[_-]?(?:map|mapping|list|names) | label2id
    | id2label){_VARIANT}""",
    re.VERBOSE,
)
"""The names of files about the data, or for programs, in lower case: `stopwords_en`."""

_CAPITAL_DOCUMENTS = frozenset({"LICENCE", "LICENSE", "NOTICE", "Notice", "TODO"})
"""Names of such files that intents have in lower case."""

_LICENCE = re.compile(rf"(?:licen[cs]e|copyright){_VARIANT}")
_LEGAL_TERM = re.compile(
    r"\(c\)|©|\bhereby\b|\bwarrant|rights reserved|licen[cs]ed under|creative commons"
    r"|public domain",
    re.IGNORECASE,
)
_LIST_OF_WORDS = re.compile(rf"(?:requirements|constraints|vocab|vocabulary){_VARIANT}")
_TWO_WORDS = re.compile(r"[^\W\d_]+\W*\s.*[^\W\d_]", re.DOTALL)
_REQUIREMENT = re.compile(r"#.*|[-;@<>=!~].*")
"""What a line of requirements has beside the name of a package: a version, a comment, an option."""

_NUMBERED = re.compile(
    r"(?:[\w -]*\d|[\w -]*\(\d+\)|\d{3,}\W.*|[a-z]|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}"
    r"|[\da-f]{16,64})(?:\.txt)?(?:\.gz)?",
    re.IGNORECASE,
)
"""The name of a file that has a number, a letter or an id in place of a label."""

_FEW = 5
"""A file with another name is an exception among at least so many numbered ones."""

_NO_INTENTS = SPLIT_NAMES | {
    *("data", "dataset", "examples", "messages", "nlu", "sentences", "texts", "utterances")
}
"""Names of files that say what is in them, or what for, and not which intent."""

_OF_NO_INTENTS = re.compile(
    r"entit(?:y|ies)|slots?|slot[ _-]?types?|synonyms?|gazetteers?|lookups?(?:[ _-]?tables?)?",
    re.IGNORECASE,
)
"""The name of a folder with the words of entities, beside a folder with intents."""

_PARTS = (
    re.compile(
        rf"(?P<name>.*\w)[ _.(-]+(?:{SPLIT_AND_NOUN}|(?P<other>usersays))\)?(?:_[a-z]{{2}})?"
    ),
    re.compile(rf"\(?{SPLIT_AND_NOUN}[ _.)-]+(?P<name>\w.*)"),
)
"""A name that states a split, or what Dialogflow calls the texts of an intent, beside another."""

_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LANGUAGE = re.compile(
    r"[a-z]{2}|v\d+|english|german|deutsch|french|spanish|italian|portuguese|dutch|chinese|japanese"
)
"""A word that is a language, a region or a version, in lower case."""

_LISTS_OF_LABELS = frozenset(
    {
        *("categories", "classes", "counts", "file_list", "filelist", "files", "index", "intents"),
        *("label", "labels", "manifest", "mapping", "statistics", "stats"),
    }
)
"""The names of files that list the labels of the files beside them, if their content does."""

_BESIDE_LABEL = re.compile(r"\A\W*\d*[\s,;:=.)-]+|\.txt\b|[\s,;:=(-]+[\d.]*\W*\Z", re.IGNORECASE)
"""What a line of such a file has beside the label: its number, a count, or the ending of a file."""

_OFTEN_NO_INTENTS = frozenset(
    {
        *("about", "description", "index", "info", "log", "logs", "manifest", "mapping", "output"),
        *("outputs", "results", "sources", "statistics", "stats", "synonyms", "tokens", "words"),
        *("constraints", "copyright", "licence", "license", "notes", "requirements", "todo"),
        *("vocab", "vocabulary"),
    }
)
"""Names of files that are intents now and then."""

_WORD = re.compile(r"[^\W_]+")
_WORDS_OF_TEXTS = frozenset(
    {
        *("x", "seq", "in", "data", "document", "documents", "input", "inputs", "message"),
        *("messages", "queries", "query", "sent", "sentence", "sentences", "sents", "source"),
        *("src", "text", "texts", "utterance", "utterances"),
    }
)
_WORDS_OF_LABELS = frozenset(
    {
        *("y", "categories", "category", "class", "classes", "intent", "intents", "label"),
        *("labels", "tag", "tags", "target", "targets", "tgt"),
    }
)
"""What the names of two files have that hold texts and their labels, line by line."""

_SAME_NAMES = _WORDS_OF_TEXTS | {"doc", "docs", "example", "file", "files", "sample", "samples"}
"""What no intent is named after where all files have this name, each in a folder of its own."""

_SURE_WORDS = frozenset({"categories", "classes", "intents", "labels", "targets", "y"})
"""What hardly names an intent."""

_MAX_LABEL = 100


class Layout(NamedTuple):
    """The files of a folder that are texts with the names of their folders as labels.

    `beside` are the files that are none.
    """

    texts: Sequence[Path]
    beside: Set[Path]


def is_label_file(path: Path) -> bool:
    """Return whether a file has the name `<label>.txt`, in any case, compressed or not."""
    return bool(_LABEL_FILE.fullmatch(path.name))


def name_without_suffix(file: Path) -> str:
    """Return the name of a label file without `.txt` and `.gz`."""
    return _SUFFIX.sub("", file.name)


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


def is_document(file: Path) -> bool:
    """Return whether a text file has a well-known name that is no label: `README.txt`.

    Where the name may be a label (`license.txt`, `requirements.txt`), the content decides.
    """
    if not is_label_file(file):
        return False
    stem = _stem(file)
    if _DOCUMENT.fullmatch(stem) or name_without_suffix(file) in _CAPITAL_DOCUMENTS:
        return True
    if _LICENCE.fullmatch(stem):
        return any(map(_LEGAL_TERM.search, _read_lines(file)))
    if not _LIST_OF_WORDS.fullmatch(stem):
        return False
    lines = [_REQUIREMENT.sub("", line) for line in _read_lines(file)]
    return 2 * sum(map(bool, map(_TWO_WORDS.match, lines))) < len(lines)


def is_list_of_labels(file: DataFile, labels: Set[str]) -> bool:
    """Return whether most lines of a file such as `labels.txt` are labels, also with numbers.

    `labels` are the names of the files beside it. Raise `InvalidExamples`.
    """
    if _stem(file.path) not in _LISTS_OF_LABELS:
        return False
    lines = {line.strip() for _number, line in file.lines(ignore_position)} - {""}
    known = [line for line in lines if not labels.isdisjoint({line, _BESIDE_LABEL.sub("", line)})]
    return 2 * len(known) > len(lines)


def states_no_intent(name: str) -> bool:
    """Return whether a name says what is in a file, or what for, and not which intent."""
    words = set(_WORD.findall(name.casefold()))
    is_one_of_pair = words >= {"seq", "in"} or (words & {"x", "y"} and words & SPLIT_NAMES)
    return name.casefold() in _NO_INTENTS or bool(_find_split(name) or is_one_of_pair)


def is_often_no_intent(name: str) -> bool:
    """Return whether the name of a file may say what is in it, and not which intent."""
    return states_no_intent(name) or name.casefold() in _OFTEN_NO_INTENTS


def reject_names_of_no_intents(folder: Path, files: Sequence[Path]) -> None:
    """Raise `InvalidExamples` where the names of all files state something else than intents.

    Such are `train.txt` and `test.txt`, or a file `examples.txt` in a folder for each intent. Or
    some state splits beside the intent, as `greet_train.txt` and `test_greet.txt`, or Dialogflow's
    `usersays`. Or they are numbers, beside a file such as `labels.txt`.
    """
    names = dict.fromkeys(map(_stem, files))
    lists = [name for name in names if name in _LISTS_OF_LABELS]
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
        stem, part = _separate(name)
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
    names = set(map(_stem, files))
    is_flat = all(each.parent == folder for each in folders)
    if not (1 < len(folders) < len(files) == len(names) and is_flat):
        return False
    return all(_has_one_line(file) for file in files.values())


def _has_one_line(file: DataFile) -> bool:
    lines = (line for _number, line in file.lines(ignore_position) if line.strip())
    return next(lines, None) is not None and next(lines, None) is None


def reject_pairs(folder: Path, files: Sequence[Path]) -> None:
    """Raise `InvalidExamples` where a file has the labels of another one's lines.

    Such are `X_train.txt` and `y_train.txt`, or `seq.in` and `label`.
    """
    by_rest: dict[tuple[Path, frozenset[str]], list[Path]] = {}
    files = [file for file in files if _has_lines(file)]
    for file in files:
        rest = frozenset(_words(file) - _WORDS_OF_TEXTS)
        by_rest.setdefault((file.parent, rest), []).append(file)
    for file in files:
        words = _words(file)
        if not words & _WORDS_OF_LABELS:
            continue
        rest = frozenset(words - _WORDS_OF_LABELS)
        for other in by_rest.get((file.parent, rest), []):
            if _words(other) and _is_pair(other, file):
                raise _describe_pair(folder, other, file)


def find_splits(folder: Path, files: Sequence[Path]) -> list[str | None]:
    """Return the split of each file, where folders are named after several splits; else nothing.

    Such are `train/greet.txt` and `test_set/greet.txt`, or `snips_train` and `snips_test`.
    """
    paths = [file.relative_to(folder).parent for file in files]
    by_folder = {name: _find_split(name) for path in paths for name in path.parts}
    separated = {name: _separate(name.casefold()) for name, split in by_folder.items() if not split}
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
    """Return the folders whose names end or begin with different splits, beside other names.

    Such are `atis_train` and `snips_test`, which may be names of something else.
    """
    names = {name for file in files for name in file.relative_to(folder).parent.parts}
    splits = {name: _separate(name.casefold())[1] for name in sorted(names)}
    found = [name for name, split in splits.items() if split in SPLIT_NAMES]
    return found if len({splits[name] for name in found}) > 1 else []


def find_files_of_no_intents(folder: Path, files: Sequence[Path]) -> dict[Path, str]:
    """Return the files in folders that are named after parts of a project without intents."""
    return {
        file: name
        for file in files
        for name in file.relative_to(folder).parent.parts
        if _OF_NO_INTENTS.fullmatch(name)
    }


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
    if all(map(_find_split, names)):
        raise InvalidExamples(
            f"{folder} has numbered texts in folders named {', '.join(sorted(names))}, which are "
            "splits, so that no name states a label. Write JSON lines, "
            '{"text": ..., "label": ..., "split": ...}.'
        )


def _find_split(name: str) -> str | None:
    """Return the split that a name states, alone or beside languages: `test_set`, `TestDE`."""
    words = _WORD.findall(_CAMEL_CASE.sub("_", name).casefold())
    others = "_".join(word for word in words if not _LANGUAGE.fullmatch(word))
    found = SPLIT_NAME.fullmatch(name.casefold()) or SPLIT_NAME.fullmatch(others)
    return found["split"] if found else None


def _separate(name: str) -> tuple[str, str]:
    """Return a name without what it states beside the intent, and this; else the name alone."""
    for pattern in _PARTS:
        if found := pattern.fullmatch(name):
            other = found.groupdict().get("other")
            return found["name"], found["split"] or other or ""
    return name, ""


def _stem(file: Path) -> str:
    return name_without_suffix(file).casefold()


def _has_lines(file: Path) -> bool:
    """Return whether a name does not state another format than lines of text."""
    suffix = PurePath(_stem(file)).suffix.removeprefix(".")
    return not suffix or suffix in _WORDS_OF_TEXTS | _WORDS_OF_LABELS


def _words(file: Path) -> Set[str]:
    return set(_WORD.findall(_stem(file)))


def _is_pair(texts: Path, labels: Path) -> bool:
    """Return whether the lines of a file may be the labels of those of another one.

    Intents may be named `text` and `label`: such names alone say less than `texts` and `labels`,
    and files of as many lines are needed.
    """
    if labels == texts:
        return False
    names = _read_lines(labels)
    is_short = all(len(name) <= _MAX_LABEL for name in names)
    has_words = all(len(name.split()) == 1 for name in names)
    repeats = 2 * len(set(names)) <= len(names)
    if not names or not is_short or not (has_words or repeats):
        return False
    words = _words(texts) | _words(labels)
    is_named = len(words) > 2 or bool(words & _SURE_WORDS)
    return is_named or 1 < len(names) == len(_read_lines(texts))


def _read_lines(file: Path) -> list[str]:
    try:
        return [line.strip() for _number, line in _lines(file) if line.strip()]
    except InvalidExamples:
        return []


def _describe_pair(folder: Path, texts: Path, labels: Path) -> InvalidExamples:
    names = [shlex.quote(str(file.relative_to(folder))) for file in (texts, labels)]
    counts = [sum(1 for _line in _lines(file)) for file in (texts, labels)]
    problem = (
        ""
        if counts[0] == counts[1]
        else f" They have {counts[0]:,} and {counts[1]:,} lines, and need the same number."
    )
    files = " ".join(shlex.quote(str(file)) for file in (texts, labels))
    script = 'gsub("\\r"; "") | split("\\t") | {text: (.[:-1] | join(" ")), label: .[-1]}'
    return InvalidExamples(
        f"{folder} has texts in {names[0]} and their labels in {names[1]}, line by line.{problem} "
        f"Join them to JSON lines: paste {files} | jq -Rc '{script}' > texts.jsonl"
    )


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    return DataFile.at_path(file).lines(ignore_position)
