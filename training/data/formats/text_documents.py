"""Text files about the data beside those with texts: documents, and lists of words or labels."""

import re
from collections.abc import Set
from pathlib import Path

from training.data.files import DataFile
from training.data.formats.label_files import (
    folded_stem,
    is_label_file,
    name_without_suffix,
    read_lines,
)
from training.data.formats.reading import ignore_position

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

LISTS_OF_LABELS = frozenset(
    {
        *("categories", "classes", "counts", "file_list", "filelist", "files", "index", "intents"),
        *("label", "labels", "manifest", "mapping", "statistics", "stats"),
    }
)
"""The names of files that list the labels of the files beside them, if their content does."""

_BESIDE_LABEL = re.compile(r"\A\W*\d*[\s,;:=.)-]+|\.txt\b|[\s,;:=(-]+[\d.]*\W*\Z", re.IGNORECASE)
"""What a line of such a file has beside the label: its number, a count, or the ending of a file."""


def is_document(file: Path) -> bool:
    """Return whether a text file has a well-known name that is no label: `README.txt`.

    Where the name may be a label (`license.txt`, `requirements.txt`), the content decides.
    """
    if not is_label_file(file):
        return False
    stem = folded_stem(file)
    if _DOCUMENT.fullmatch(stem) or name_without_suffix(file) in _CAPITAL_DOCUMENTS:
        return True
    if _LICENCE.fullmatch(stem):
        return any(map(_LEGAL_TERM.search, read_lines(file)))
    if not _LIST_OF_WORDS.fullmatch(stem):
        return False
    lines = [_REQUIREMENT.sub("", line) for line in read_lines(file)]
    return 2 * sum(map(bool, map(_TWO_WORDS.match, lines))) < len(lines)


def is_list_of_labels(file: DataFile, labels: Set[str]) -> bool:
    """Return whether most lines of a file such as `labels.txt` are labels, also with numbers.

    `labels` are the names of the files beside it. Raise `InvalidExamples`.
    """
    if folded_stem(file.path) not in LISTS_OF_LABELS:
        return False
    lines = {line.strip() for _number, line in file.lines(ignore_position)} - {""}
    known = [line for line in lines if not labels.isdisjoint({line, _BESIDE_LABEL.sub("", line)})]
    return 2 * len(known) > len(lines)
