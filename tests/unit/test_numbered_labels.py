"""Labels that are numbers, beside a field with their names, as published datasets have them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from training.data.examples import InvalidExamples
from training.data.reading import read_examples, read_sources, read_unlabelled
from training.data.remarks import Remarks
from training.data.sources import DataSource

SUFFIXES = ["csv", "jsonl", "json", "parquet"]


def _write(folder: Path, suffix: str, rows: Sequence[Mapping[str, Any]]) -> Path:
    file = folder / f"data.{suffix}"
    if suffix == "parquet":
        names = list(rows[0])
        table = pa.table({name: pa.array([row[name] for row in rows]) for name in names})
        parquet.write_table(table, file)
    elif suffix == "csv":
        lines = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
        file.write_text("".join(f"{','.join(line)}\n" for line in lines))
    elif suffix == "json":
        file.write_text(json.dumps(list(rows)))
    else:
        file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("numbers", [(0, 1), (0.0, 1.0), ("0", "1"), (-1, 7)])
@pytest.mark.parametrize(
    "field",
    ["label_text", "label_name", "labelText", "intent_name", "label_str", "intent", "category"],
)
def test_the_names_of_numbered_labels_are_read_and_named(
    tmp_path: Path, suffix: str, numbers: tuple[Any, Any], field: str
) -> None:
    rows = [
        {"text": "hi", "label": numbers[0], field: "greet"},
        {"text": "so long", "label": numbers[1], field: "bye"},
    ]
    remarks = Remarks()

    located = read_sources([DataSource(_write(tmp_path, suffix, rows))], remarks)

    assert [each.example.label for each in located] == ["greet", "bye"]
    (line,) = remarks
    assert f"2 changed: labels that are numbers get their names, which {field}".casefold() in (
        line.casefold()
    )


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ([{"category": "a"}, {"category": "a"}], "category is not its name"),
        ([{"label_text": "a", "label_name": "A"}] * 2, "in one and the same other field"),
        ([{"label_text": "a"}, {"label_text": ""}], "in one and the same other field"),
        ([{"label_text": ""}, {"label_text": "a"}], "in one and the same other field"),
    ],
)
def test_a_field_that_may_not_be_the_name_of_the_label_is_refused(
    tmp_path: Path, suffix: str, fields: Sequence[Mapping[str, str]], problem: str
) -> None:
    rows = [{"text": "hi", "label": str(number), **each} for number, each in enumerate(fields)]

    with pytest.raises(InvalidExamples, match=rf"(?:line|entry|row) \d.*{problem}.*Rename the"):
        read_examples([_write(tmp_path, suffix, rows)])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_labels_that_are_no_numbers_stay(tmp_path: Path, suffix: str) -> None:
    rows = [{"text": "hi", "label": "greet", "label_text": "Greeting"}]

    assert [each.label for each in read_examples([_write(tmp_path, suffix, rows)])] == ["greet"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_texts_without_need_of_labels_are_read_whatever_their_numbers(
    tmp_path: Path, suffix: str
) -> None:
    rows = [{"text": text, "label": "1", "category": text} for text in ("hi", "so")]

    located = read_unlabelled([DataSource(_write(tmp_path, suffix, rows))], Remarks())

    assert [each.example.text for each in located] == ["hi", "so"]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("row", "remedy"),
    [
        ({"text": "hi", "category": "greet"}, "[Rr]ename .*category to label"),
        ({"id": "1", "intent": "greet", "text": "hi"}, "[Rr]ename .*intent to label"),
        ({"utterance": "hi", "label": "greet"}, "[Rr]ename .*utterance to text"),
        ({"query": "hi", "intent": "greet"}, "[Rr]ename .*query to text and .*intent to label"),
        ({"text": "hi", "domain": "chat", "intent": "greet"}, "[Rr]ename .*intent to label"),
    ],
)
def test_columns_of_other_names_are_refused_with_the_one_to_rename(
    tmp_path: Path, suffix: str, row: Mapping[str, str], remedy: str
) -> None:
    with pytest.raises(InvalidExamples, match=remedy):
        read_examples([_write(tmp_path, suffix, [row])])
