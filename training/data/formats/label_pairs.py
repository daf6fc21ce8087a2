"""Pairs of text files of which one has the labels of the lines of the other."""

import shlex
from collections.abc import Sequence
from pathlib import Path, PurePath

from training.data.examples import InvalidExamples
from training.data.formats.label_files import (
    find_words,
    folded_stem,
    read_lines,
    read_numbered_lines,
)

WORDS_OF_TEXTS = frozenset(
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

_SURE_WORDS = frozenset({"categories", "classes", "intents", "labels", "targets", "y"})
"""What hardly names an intent."""

_MAX_LABEL = 100


def reject_pairs(folder: Path, files: Sequence[Path]) -> None:
    """Raise `InvalidExamples` where a file has the labels of another one's lines.

    Such are `X_train.txt` and `y_train.txt`, or `seq.in` and `label`.
    """
    by_rest: dict[tuple[Path, frozenset[str]], list[Path]] = {}
    files = [file for file in files if _has_lines(file)]
    for file in files:
        rest = frozenset(find_words(file) - WORDS_OF_TEXTS)
        by_rest.setdefault((file.parent, rest), []).append(file)
    for file in files:
        words = find_words(file)
        if not words & _WORDS_OF_LABELS:
            continue
        rest = frozenset(words - _WORDS_OF_LABELS)
        for other in by_rest.get((file.parent, rest), []):
            if find_words(other) and _is_pair(other, file):
                raise _describe_pair(folder, other, file)


def _has_lines(file: Path) -> bool:
    """Return whether a name does not state another format than lines of text."""
    suffix = PurePath(folded_stem(file)).suffix.removeprefix(".")
    return not suffix or suffix in WORDS_OF_TEXTS | _WORDS_OF_LABELS


def _is_pair(texts: Path, labels: Path) -> bool:
    """Return whether the lines of a file may be the labels of those of another one.

    Intents may be named `text` and `label`: such names alone say less than `texts` and `labels`,
    and files of as many lines are needed.
    """
    if labels == texts:
        return False
    names = read_lines(labels)
    is_short = all(len(name) <= _MAX_LABEL for name in names)
    has_words = all(len(name.split()) == 1 for name in names)
    repeats = 2 * len(set(names)) <= len(names)
    if not names or not is_short or not (has_words or repeats):
        return False
    words = find_words(texts) | find_words(labels)
    is_named = len(words) > 2 or bool(words & _SURE_WORDS)
    return is_named or 1 < len(names) == len(read_lines(texts))


def _describe_pair(folder: Path, texts: Path, labels: Path) -> InvalidExamples:
    names = [shlex.quote(str(file.relative_to(folder))) for file in (texts, labels)]
    counts = [sum(1 for _line in read_numbered_lines(file)) for file in (texts, labels)]
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
