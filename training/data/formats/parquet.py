"""Parquet files with the columns `text` and `label`."""

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from prompt_capture.domain.field_names import find_misspelling, list_unknown
from training.data.examples import InvalidExamples, LocatedExample
from training.data.files import DataFile
from training.data.formats.aliases import list_label_aliases, list_renames
from training.data.formats.numbered_labels import NumberedLabels
from training.data.formats.other_fields import (
    is_correction,
    reject_other_label,
    reject_other_split,
    states_split,
)
from training.data.formats.reading import Reading
from training.data.formats.refusals import may_refuse
from training.data.remarks import Remarks

_LABEL, _SPLIT = "label", "split"
_TEXT_TYPES = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
    pa.types.is_null,
)


def read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the examples of a file. Raise `InvalidExamples`."""
    needed = ("text", "label") if reading.needs_labels else ("text",)
    try:
        table = parquet.ParquetFile(io.BytesIO(file.read_bytes()))
        names = _find_columns(file, table.schema_arrow, needed)
        if reading.needs_labels:
            _reject_contradictions(file, table, names)
        class_names = _read_class_names(table.schema_arrow)
        others = _find_names_of_labels(table.schema_arrow, names) if reading.needs_labels else []
        content = table.read(columns=[*names.values(), *others])
        refused = _find_refused(file, table, reading, names)
        columns = {
            name: _to_texts(
                file, name, content.column(original), class_names.get(original), bool(others)
            )
            for name, original in {**dict(zip(others, others, strict=True)), **names}.items()
        }
    except (pa.ArrowException, OSError):
        raise InvalidExamples(
            f"{file.name} is not a valid parquet file: it is incomplete, damaged or of another "
            "format. Copy or download it again."
        ) from None
    numbered = NumberedLabels(reading.remarks)
    for number in sorted(set(range(content.num_rows)) - refused.keys()):
        values: Mapping[str, Any] = {name: column[number] for name, column in columns.items()}
        location = file.location("row", number + 1)
        if not any(values.values()):
            reading.remarks.leave_out("rows without content", location)
            continue
        if reading.needs_labels and values["label"] is None:
            raise InvalidExamples(f"{location} has no label. Add it, or delete the row.")
        if reading.needs_labels:
            values = numbered.name(values, location)
        if located := reading.accept({**values, "text": values["text"] or ""}, location):
            yield located
    known = (*names.values(), *refused.values(), numbered.field)
    reading.leave_out_fields(list_unknown(table.schema_arrow.names, known), file.location())


def fit(examples: Sequence[LocatedExample], remarks: Remarks) -> Sequence[LocatedExample]:
    """Return all examples: Parquet holds every text."""
    return examples


def encode(examples: Sequence[LocatedExample]) -> bytes:
    """Return a Parquet file; it has the column `split` where an example has one."""
    rows = [example for example, _location in examples]
    columns: dict[str, list[str | None]] = {
        "text": [row.text for row in rows],
        "label": [row.label for row in rows],
    }
    if any(row.split for row in rows):
        columns[_SPLIT] = [row.split for row in rows]
    content = io.BytesIO()
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    parquet.write_table(table, content, compression="zstd")
    return content.getvalue()


def _find_refused(
    file: DataFile, table: Any, reading: Reading, names: Mapping[str, str]
) -> Mapping[int, str]:
    """Return the rows whose label an annotator refused, and the column that says so."""
    columns = _list_columns(table.schema_arrow, may_refuse)
    if columns and _LABEL in names:  # which a flag may repeat
        columns.append(names[_LABEL])
    rows = table.read(columns=columns).to_pylist()
    found = {
        number: reading.find_refusal(values, file.location("row", number + 1))
        for number, values in enumerate(rows)
    }
    return {number: refusal.name for number, refusal in found.items() if refusal}


def _reject_contradictions(file: DataFile, table: Any, names: Mapping[str, str]) -> None:
    """Raise `InvalidExamples` where columns that are not read state another split or label."""
    others = list_unknown(table.schema_arrow.names, names.values())
    splits = [] if _SPLIT in names else _list_columns(table.schema_arrow, states_split)
    columns = [name for name in splits if name in others]
    if corrections := list(filter(is_correction, others)):
        columns += [names[_LABEL], *corrections]
    for number, row in enumerate(table.read(columns=columns).to_pylist(), 1):
        reject_other_split(row, file.location("row", number))
        reject_other_label({**row, _LABEL: row.get(names[_LABEL])}, file.location("row", number))


def _list_columns(schema: Any, is_wanted: Callable[[str], bool]) -> list[str]:
    """Return the columns that have a name of some kind, or a field within them that has."""
    return [field.name for field in schema if any(map(is_wanted, _list_field_names(field)))]


def _list_field_names(field: Any) -> Iterator[str]:
    yield field.name
    for number in range(field.type.num_fields):
        yield from _list_field_names(field.type.field(number))


def _find_columns(file: DataFile, schema: Any, needed: Sequence[str]) -> Mapping[str, str]:
    """Return the needed columns, and `split` if there is one, with their names in the file."""
    found: dict[str, str] = {}
    for original in schema.names:
        name = original.strip().casefold()
        if name in found:
            raise file.invalid(f"It has the column {name} twice. Rename or drop the wrong one.")
        if name in {*needed, _SPLIT}:
            found[name] = original
    others = [name for name in schema.names if name not in found.values()]
    if misspelling := find_misspelling(others, {*needed, _SPLIT}, [_SPLIT], {}):
        raise file.invalid(f"The column {misspelling.name} {misspelling.reason}.")
    if missing := [name for name in needed if name not in found]:
        renames = list_renames(missing, others)
        remedy = f"Rename {' and '.join(renames)}" if renames else "Rename yours"
        raise file.invalid(f"It has no column {' and no column '.join(missing)}. {remedy}.")
    return found


def _find_names_of_labels(schema: Any, names: Mapping[str, str]) -> list[str]:
    """Return the columns of texts that may have the names of labels that are numbers."""
    others = [name for name in schema.names if name not in names.values()]
    texts = [name for name in others if any(is_a(schema.field(name).type) for is_a in _TEXT_TYPES)]
    return list_label_aliases(texts)


def _read_class_names(schema: Any) -> Mapping[str, list[str]]:
    """Return the names of class labels by column, as the library `datasets` stores them."""
    try:
        features = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {
            name: _list_names(feature["names"])
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    except (KeyError, TypeError, AttributeError, ValueError):
        return {}


def _list_names(names: Any) -> list[str]:
    """Return the names of class labels by number, also from an object of them by number."""
    if isinstance(names, dict):
        names = [names[str(number)] for number in range(len(names))]
    return [str(name) for name in names]


def _decode(file: DataFile, name: str, column: Any) -> list[str | None]:
    try:
        texts: list[str | None] = column.cast(pa.large_string()).to_pylist()
    except (pa.ArrowInvalid, UnicodeDecodeError):
        values = column.cast(pa.large_binary()).to_pylist()
        row = next(n for n, value in enumerate(values, 1) if not _is_utf_8(value))
        raise InvalidExamples(
            f"{file.location('row', row)}: the column {name} is not UTF-8. Write it as text."
        ) from None
    return texts


def _is_utf_8(value: bytes | None) -> bool:
    try:
        return value is None or value.decode() is not None
    except UnicodeDecodeError:
        return False


def _to_texts(
    file: DataFile, name: str, column: Any, class_names: Sequence[str] | None, has_names: bool
) -> list[str | None]:
    """Return the values of a column: texts of any type, or the names of class labels.

    Labels may be numbers where another column has their names.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
        column = column.cast(kind)
    if any(is_text(kind) for is_text in _TEXT_TYPES):
        return _decode(file, name, column)
    if class_names and pa.types.is_integer(kind):
        return [
            class_names[number] if number in range(len(class_names)) else None
            for number in column.to_pylist()
        ]
    if name == _LABEL and has_names and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return [None if value is None else str(value) for value in column.to_pylist()]
    if name == _SPLIT and (pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        return [None if value is None else str(value) for value in column.to_pylist()]
    description = "is nested" if pa.types.is_nested(kind) else f"has the type {kind}"
    raise file.invalid(
        f"The column {name} {description}. Write it as text, for example the names of intents."
    )
