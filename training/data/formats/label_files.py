"""Files that may be named after a label: what their names state, and their lines."""

import re
from collections.abc import Iterator, Set
from pathlib import Path

from training.data.examples import InvalidExamples
from training.data.files import DataFile
from training.data.formats.reading import ignore_position
from training.data.formats.split_names import SPLIT_AND_NOUN, SPLIT_NAME, SPLIT_NAMES

_SUFFIX = re.compile(r"(?:\.txt)?(?:\.gz)?\Z", re.IGNORECASE)
_LABEL_FILE = re.compile(r".+\.txt(?:\.gz)?", re.IGNORECASE)

_NO_INTENTS = SPLIT_NAMES | {
    *("data", "dataset", "examples", "messages", "nlu", "sentences", "texts", "utterances")
}
"""Names of files that say what is in them, or what for, and not which intent."""

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


def is_label_file(path: Path) -> bool:
    """Return whether a file has the name `<label>.txt`, in any case, compressed or not."""
    return bool(_LABEL_FILE.fullmatch(path.name))


def name_without_suffix(file: Path) -> str:
    """Return the name of a label file without `.txt` and `.gz`."""
    return _SUFFIX.sub("", file.name)


def states_no_intent(name: str) -> bool:
    """Return whether a name says what is in a file, or what for, and not which intent."""
    words = set(_WORD.findall(name.casefold()))
    is_one_of_pair = words >= {"seq", "in"} or (words & {"x", "y"} and words & SPLIT_NAMES)
    return name.casefold() in _NO_INTENTS or bool(find_split(name) or is_one_of_pair)


def is_often_no_intent(name: str) -> bool:
    """Return whether the name of a file may say what is in it, and not which intent."""
    return states_no_intent(name) or name.casefold() in _OFTEN_NO_INTENTS


def find_split(name: str) -> str | None:
    """Return the split that a name states, alone or beside languages: `test_set`, `TestDE`."""
    words = _WORD.findall(_CAMEL_CASE.sub("_", name).casefold())
    others = "_".join(word for word in words if not _LANGUAGE.fullmatch(word))
    found = SPLIT_NAME.fullmatch(name.casefold()) or SPLIT_NAME.fullmatch(others)
    return found["split"] if found else None


def separate(name: str) -> tuple[str, str]:
    """Return a name without what it states beside the intent, and this; else the name alone."""
    for pattern in _PARTS:
        if found := pattern.fullmatch(name):
            other = found.groupdict().get("other")
            return found["name"], found["split"] or other or ""
    return name, ""


def folded_stem(file: Path) -> str:
    """Return the name of a label file without `.txt` and `.gz`, in lower case."""
    return name_without_suffix(file).casefold()


def find_words(file: Path) -> Set[str]:
    """Return the words in the name of a label file, in lower case."""
    return set(_WORD.findall(folded_stem(file)))


def read_lines(file: Path) -> list[str]:
    """Return the lines of a file that are not empty; none where it cannot be read."""
    try:
        return [line.strip() for _number, line in read_numbered_lines(file) if line.strip()]
    except InvalidExamples:
        return []


def read_numbered_lines(file: Path) -> Iterator[tuple[int, str]]:
    """Yield all lines of a file with their numbers. Raise `InvalidExamples`."""
    return DataFile.at_path(file).lines(ignore_position)
