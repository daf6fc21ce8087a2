"""Projects of other platforms, which are not read: what a file is, and how to convert it.

Each is known by its fields. A filter of jq turns it into JSON lines with `text` and `label`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from prompt_capture.domain.text_files import FirstValue, parse_first_value, split_lines
from training.data.examples import InvalidExamples
from training.data.files import DataFile
from training.data.formats.common_kinds import COMMON_KINDS, OBJECT_OF_TEXTS
from training.data.formats.file_kinds import FileKind
from training.data.formats.files_without_intents import describe_file_without_intents
from training.data.formats.json_paths import get
from training.data.formats.json_texts import (
    FIELDS_OF_TEXTS,
    is_annotated,
    is_object_with_text,
    with_label,
)
from training.data.formats.platform_kinds import PLATFORM_KINDS

_LINES = 100
"""How many lines of JSON show which kind of file it is."""

LONE_BRACKETS = frozenset({"{", "[", "[{"})
"""The first line of JSON that spans several lines."""

_SCRIPT = re.compile("jq -c (?:--arg intent NAME )?'")
"""What precedes the script of a command."""

_YAML_TO_JSON = (
    "python -c 'import json, sys, yaml; print(json.dumps(yaml.load(sys.stdin, yaml.BaseLoader)))' "
    "< FILE"
)
"""The command that converts YAML with its scalars as they are written: `yes` is no truth value."""

_LIST_OF_TEXTS = FileKind(
    lambda value: is_object_with_text(get(value, "0")),
    "a list of texts in YAML",
    lambda value: f".[]{with_label(get(value, '0'))}",
)
"""What is read in JSON."""

_KINDS = (*PLATFORM_KINDS, *COMMON_KINDS)


class OtherPlatform(InvalidExamples):
    """A file is of a kind that is not read; the message names it."""


@contextmanager
def naming_platforms(file: DataFile, *, is_known: bool = False) -> Iterator[None]:
    """Raise `OtherPlatform` where reading a file of another platform fails.

    Without `is_known`, also say so where a file has one JSON object on several lines.
    """
    try:
        yield
    except InvalidExamples:
        first = _read_first_value(file)
        value = first.value
        is_list_of_lines = first.has_more and isinstance(value, list)
        description = (
            _describe_platform(_list_values(first))
            if is_list_of_lines
            else _describe_platform(value, is_row=_begins_rows(first))
        )
        if description and is_list_of_lines:
            description = description.replace("jq -c ", "jq -c -s ")
        if description is None and first.is_spread and not is_known:
            description = _describe_spread(value)
        if description:
            raise OtherPlatform(str(file.invalid(description))) from None
        raise


def describe_documents(values: list[Any]) -> str | None:
    """Say what a file of several YAML documents is, and how to convert it, if it is known."""
    description = _describe_platform(values)
    if description is None:
        return None
    one = "yaml.load(sys.stdin, yaml.BaseLoader)"
    script = _YAML_TO_JSON.replace(one, f"list({one.replace('load', 'load_all', 1)})")
    return description.replace("jq -c ", f"{script} | jq -c ").replace("' FILE >", "' >")


def describe_value(value: Any) -> str | None:
    """Say what a file of YAML with this value is, and how to convert it, if it is known."""
    is_list = _LIST_OF_TEXTS.matches(value)
    description = _LIST_OF_TEXTS.describe(value) if is_list else _describe_platform(value)
    if description is None:
        return None
    return description.replace("jq -c ", f"{_YAML_TO_JSON} | jq -c ").replace("' FILE >", "' >")


def _read_first_value(file: DataFile) -> FirstValue:
    """Return the first JSON value of a file; None is its value where it cannot be read."""
    try:
        first = parse_first_value(file.read_text())
    except InvalidExamples:
        first = None
    return first or FirstValue(None, is_spread=False, rest="")


def _list_values(first: FirstValue) -> list[Any]:
    """Return the first value of a file, and the values on the next lines."""
    values = [first.value]
    for line in islice(filter(str.strip, split_lines(first.rest)), _LINES):
        found = parse_first_value(line)
        if found is None:
            break
        values.append(found.value)
    return values


def _begins_rows(first: FirstValue) -> bool:
    """Return whether the first value is an object, and the second has the same fields."""
    second = parse_first_value(first.rest)
    return (
        isinstance(first.value, dict)
        and second is not None
        and isinstance(second.value, dict)
        and first.value.keys() == second.value.keys()
    )


def _describe_platform(value: Any, *, is_row: bool = False) -> str | None:
    is_read = is_object_with_text(value) and not is_annotated(value)
    if is_read or _is_app(value) or _is_app(get(value, "assets")):
        return None
    if without_intents := describe_file_without_intents(value):
        return f"It is {without_intents}."
    kinds = _KINDS if is_row else (*_KINDS, OBJECT_OF_TEXTS)
    found = next((each for each in kinds if each.matches(value)), None)
    return found.describe(value) if found else _describe_wrapped(value)


def _describe_wrapped(value: Any) -> str | None:
    """Describe a known kind of file in a field of another object, such as `dataset`."""
    for name in FIELDS_OF_TEXTS:
        inner = get(value, name)
        if isinstance(inner, dict | list) and (description := _describe_platform(inner)):
            return _SCRIPT.sub(rf"\g<0>.{name} | ", description, count=1)
    return None


def _describe_spread(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    if "text" in value:
        return (
            "It has objects on several lines each. Write each on one line: "
            "jq -c . FILE > texts.jsonl"
        )
    return (
        "It is a JSON object whose fields are not known. Write a line for each text: "
        '{"text": ..., "label": ...}.'
    )


def _is_app(value: Any) -> bool:
    """Return whether a value is the version of a LUIS app, which is read."""
    return isinstance(value, dict) and (
        "luis_schema_version" in value or get(value, "utterances.0.intent") is not None
    )
