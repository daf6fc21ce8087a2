"""JSON lines as people write them: each is read, or rejected with the line and the remedy."""

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa
import pytest
from pyarrow import parquet

from prompt_capture.domain.csv_tables import write_table
from prompt_capture.domain.datasets.kinds import KINDS
from prompt_capture.domain.datasets.lines import CandidateLine
from prompt_capture.domain.prompts import LabelledPrompt
from training.data.examples import Example, InvalidExamples
from training.data.files import DataFile
from training.data.formats import read_as
from training.data.formats.detection import detect_format
from training.data.formats.json_lines import EXPORTED_FIELDS
from training.data.reading import read_examples, read_sources, read_unlabelled
from training.data.remarks import Remarks
from training.data.sources import DataSource

LINE = '{"text": "hello", "label": "greeting"}'
HELLO = Example(text="hello", label="greeting")


def _read(tmp_path: Path, content: str | bytes, remarks: Remarks | None = None) -> list[Example]:
    file = tmp_path / "data.jsonl"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_as("jsonl", file, remarks)


@pytest.mark.parametrize(
    "content",
    [
        f"{LINE}\n{LINE}\n".encode(),
        f"\n{LINE}\n \n{LINE}".encode(),
        f"{LINE}\r\n{LINE}\r\n".encode(),
        f"{LINE}\r{LINE}\r".encode(),
        f"{LINE}\n{LINE}\n".encode("utf-8-sig"),
        f"{LINE}\n\ufeff{LINE}\n".encode("utf-8-sig"),  # two files, joined
        f"{LINE}\n{LINE}\n".encode("utf-16"),
        gzip.compress(f"{LINE}\n{LINE}\n".encode(), mtime=0),
    ],
)
def test_line_ends_encodings_and_compression_do_not_matter(tmp_path: Path, content: bytes) -> None:
    assert _read(tmp_path, content) == [HELLO, HELLO]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (f"{LINE}\n{LINE},\n", r"line 2 is not valid JSON.*without a comma"),
        (f"[\n{LINE}\n{LINE}]", r"begins like a JSON array.*line 3.*per line"),
        (f"[{LINE}]\n[{LINE}]", r"begins like a JSON array.*line 2"),
        (f'[{LINE}, "a"]', r"entry 2 is not a JSON object"),
        ('{"text": "a", "label": ["b", "c"]}', "line 1 has several labels.*`secondary`"),
        ('{"text": "a", "label": []}', "line 1 has no label. Add the label, or delete"),
        ('{"text": "a", "intent": "b"}', "line 1: label: .*Rename the field intent to label"),
        ('{"text": "a", "label": "b", "Split": "test"}', "line 1: Split .*If it is split, rename"),
        ('{"text": "a", "label": "b", "secondary_intents": ["c"]}', "If it is secondary, rename"),
        ('{"text": "a", "label": "b", "dataset": "Test"}', "1: dataset .*If it is split, rename"),
        ('{"text": "a", "label": "b", "partition": "dev"}', "1: partition .*If it is split"),
        (
            '{"text": "a", "label": "b", "training": false}',
            "1: training is not read.*split instead",
        ),
        ('{"text": "a", "label": "b", "is_test": "TRUE"}', "1: is_test is not read"),
        ('{"text": "a", "label": "b", "isTrain": false}', "1: isTrain is not read"),
        ('{"text": "a", "label": "b", "train": 0}', "1: train is not read"),
        ('{"text": "a", "label": "b", "test": true}', "1: test is not read"),
        ('{"text": "a", "label": "b", "holdout": "yes"}', "1: holdout is not read"),
        ('{"text": "a", "label": "b", "dataSplit": "test"}', "1: dataSplit .*If it is split"),
        (
            '{"text": "a", "label": "b", "metadata": {"split": "test"}}',
            "1: metadata.split .*If it is split, rename it",
        ),
        ('{"text": "a", "label": "b", "metadata.split": "Test"}', "1: metadata.split .*rename it"),
        ('{"text": "a", "label": "b", "meta": {"subset": "dev"}}', "1: meta.subset .*rename it"),
        ('{"text": "a", "label": "b", "meta": [{"split": "dev"}]}', "1: meta.split .*rename it"),
        ('{"Text": "a", "label": "b"}', "line 1: Text .*If it is text, rename it"),
        ('{\n"text": "a",\n"label": "b"}', r"Write each on one line: jq -c"),
        ('{\n"text": "a",\n"label": }', r"line 1 is not valid JSON.*per line"),
        (f'{LINE}\n"hello"\n', "line 2 is not a JSON object"),
        ("NaN\n", "line 1 is not a JSON object"),
        ('{"text": "a", "label": NaN}', "line 1 has no label"),
        ('{"text": null, "label": "b"}', "line 1: text"),
        ('{"text": ["a"], "label": "b"}', "line 1: text"),
        ('{"text": "a", "label": 3}', "line 1: label"),
        ('{"note": "a", "label": "b"}', "line 1 has no text. Write one"),
        ('{"utterance": "a", "label": "b"}', "no text. Rename the field utterance to text"),
        (
            '{"text": "a", "label": "b", "corrected_intent": "c"}',
            "line 1: label and corrected_intent differ. Write the same intent in both, or delete",
        ),
        (
            '[{"prompt": "a", "label": "b", "predicted_intent": "b", "corrected_intent": "c"}]',
            "entry 1: label and corrected_intent differ",
        ),
        (
            '{"text": "a", "label": ["b"], "corrected_intent": 3}',
            "line 1: label and corrected_intent differ",
        ),
        ('{"prompt": "a", "label": "b"}', "line 1 has no text. Rename the field prompt to text"),
        ('{"text": "a", "label": " "}', "line 1 has no label"),
        ('{"text": "a", "label": "b", "corrected": "maybe"}', "line 1: corrected"),
        ('{"text": "a", "label": "b", "secondary": "c"}', "secondary: it is not a list"),
        ('{"text": "a", "text": "b", "label": "c"}', r"line 1: .*same key twice"),
        (f'[{LINE}, {{"text": "a", "text": "b", "label": "c"}}]', "entry 2: .*same key twice"),
        (f"{LINE}\n{LINE}".encode() + b"\n\xe9\n", r"Line 3 is not UTF-8"),
        (b"PK\x03\x04", "Excel workbook"),
        (gzip.compress(LINE.encode(), mtime=0)[:-9], "compressed data is incomplete"),
        (b"\x1f\x8bnothing", "compressed data is incomplete"),
    ],
)
def test_a_faulty_line_is_rejected_with_its_number_and_the_remedy(
    tmp_path: Path, content: str | bytes, problem: str
) -> None:
    with pytest.raises(InvalidExamples, match=rf"data\.jsonl.*{problem}"):
        _read(tmp_path, content)


@pytest.mark.parametrize("field", ["secondary", "corrected", "split", "source", "tier", "audited"])
@pytest.mark.parametrize("value", [None, float("nan")])
def test_null_in_an_optional_field_means_that_there_is_no_value(
    tmp_path: Path, field: str, value: object
) -> None:
    """NaN is the same: programs that write the rows of a table of pandas as JSON have it."""
    line = json.dumps({"text": "hello", "label": "greeting", field: value})

    assert _read(tmp_path, line) == [HELLO]
    assert _read(tmp_path, f"[{line}]") == [HELLO]


@pytest.mark.parametrize(
    "content",
    [f"[{LINE}]", f"\ufeff \n[\n{LINE}\n]\n", '{"id": 1, "text": "hello", "label": ["greeting"]}'],
)
def test_json_arrays_and_the_export_of_doccano_are_read(tmp_path: Path, content: str) -> None:
    assert _read(tmp_path, content) == [HELLO]


@pytest.mark.parametrize("field", ["corrected_by", "id", "confidence", "note", "intents_seen"])
def test_other_fields_are_ignored(tmp_path: Path, field: str) -> None:
    line = json.dumps({"text": "hello", "label": "greeting", field: "x"})

    assert _read(tmp_path, line) == [HELLO]


@pytest.mark.parametrize("intent", ["greeting", "greeting ", "", None])
def test_a_corrected_intent_that_does_not_contradict_the_label_does_not_matter(
    tmp_path: Path, intent: str | None
) -> None:
    line = json.dumps({"text": "hello", "label": "greeting", "corrected_intent": intent})

    assert _read(tmp_path, line) == [HELLO]


@pytest.mark.parametrize(
    "field",
    [
        {"corrected_intent": None},
        {"corrected_intent": "greeting"},
        {"annotations": [{"label": "greeting", "completed_by": 1}]},
        {"meta": {"annotations": 2, "data": 1}},
        {"meta": {"prompt": "v2", "log_id": "a"}},
        {"annotation_id": 3, "log_id": "a"},
        {"intent": "old"},
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("name", ["data.json", "data", "data.txt"])
def test_an_array_of_labelled_texts_is_no_review_file(
    tmp_path: Path, field: dict[str, Any], indent: int | None, name: str
) -> None:
    rows = [{"text": "hello", "label": "greeting", **each} for each in (field, {})]
    file = tmp_path / name
    file.write_text(json.dumps(rows, indent=indent))

    examples = read_sources([DataSource(file)], Remarks())
    assert [located.example for located in examples] == [HELLO, HELLO]


@pytest.mark.parametrize("added", [{"text": "move it"}, {"text": "move it", "label": "greeting"}])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_review_file_with_other_fields_is_read_as_one(
    tmp_path: Path, added: dict[str, str], indent: int | None
) -> None:
    entry = {"id": str(UUID(int=1)), "prompt": "hello", "corrected_intent": "greeting", **added}
    file = tmp_path / "review.json"
    file.write_text(json.dumps([entry], indent=indent))

    assert detect_format(DataFile.at_path(file)) == "review"
    (located,) = read_sources([DataSource(file)], Remarks())
    assert (located.example.text, located.example.label) == ("hello", "greeting")


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029", "\x0c", "\x1c"])
def test_only_line_feeds_and_carriage_returns_end_a_line(tmp_path: Path, separator: str) -> None:
    line = f'{{"text": "hel{separator}lo", "label": "greeting", "id": "a{separator}b"}}'
    content = line if separator >= " " else line.replace(separator, f"\\u{ord(separator):04x}")

    assert [example.text for example in _read(tmp_path, content)] == [f"hel{separator}lo"]


def test_the_secondary_intents_of_listed_prompts_are_read(tmp_path: Path) -> None:
    line = {"prompt": "do both", "predicted_intent": "a", "label": "b", "corrected_intent": "b"}
    content = json.dumps({**line, "corrected_secondary_intents": ["c"]})

    (example,) = _read(tmp_path, content)

    assert (example.label, example.secondary) == ("b", ("c",))


@pytest.mark.parametrize(
    ("field", "values", "refused"),
    [
        ("answer", ["accept", "reject", "ignore"], ["reject", "ignore"]),
        ("status", ["submitted", "discarded", "Draft", "Validated"], ["discarded", "draft"]),
        ("was_cancelled", [False, True], ["true"]),
        ("isRejected", ["no", 1, 0, "TRUE"], ["1", "true"]),
        ("exclude", ["no", 1, "TRUE"], ["true"]),
        ("is_removed", [False, True], ["true"]),
        ("delete", ["no", 1, "TRUE"], ["true"]),
        ("Skip", ["", "yes"], ["yes"]),
        ("AssignmentStatus", ["Approved", "Rejected"], ["rejected"]),
        ("status", ["active", "Deleted", "removed"], ["deleted", "removed"]),
        ("deleted_at", ["", "null", "2026-05-01 10:00:00+00"], ["2026-05-01 10:00:00+00"]),
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_labels_that_an_annotator_refused_are_left_out_and_named(
    tmp_path: Path, field: str, values: list[str], refused: list[str], form: str
) -> None:
    rows = [{"text": "hello", "label": "greeting", field: value} for value in values]
    file, remarks = tmp_path / f"data.{form}", Remarks()
    if form == "jsonl":
        file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    elif form == "csv":
        file.write_bytes(write_table(["text", "label", field], rows))
    else:
        table = pa.Table.from_pylist([row | {field: str(row[field])} for row in rows])
        parquet.write_table(table, file)

    kept = read_sources([DataSource(file)], remarks)

    assert len(kept) == len(values) - len(refused)
    name = field.casefold() if form == "csv" else field
    for value, remark in zip(refused, remarks, strict=True):
        assert f"1 left out: texts whose label an annotator refused ({name}: {value})" in remark


def test_a_refusal_is_found_in_an_object_beside_the_text(tmp_path: Path) -> None:
    values = {"text": "hello", "label": "greeting", "meta": {"status": "discarded"}}
    remarks = Remarks()

    assert _read(tmp_path, json.dumps(values), remarks) == []
    assert "refused (meta.status: discarded)" in "\n".join(remarks)


@pytest.mark.parametrize(
    ("field", "value", "refusal"),
    [
        ("label.responses.status", ["discarded"], "label.responses.status: discarded"),
        ("status", ["discarded", "Draft", None], "status: discarded"),
        ("status", ["pending", "discarded"], "status: discarded"),
        ("deleted", [True, 1], "deleted: true"),
        ("was_deleted", 1, "was_deleted: 1"),
        ("meta.status", "draft", "meta.status: draft"),
        ("intent.responses.status", ["discarded"], "intent.responses.status: discarded"),
        ("review", {"status": "Rejected"}, "review.status: rejected"),
        ("metadata", {"review": {"rejected": True}}, "metadata.review.rejected: true"),
        ("annotation", {"answer": "skip"}, "annotation.answer: skip"),
        ("meta", {"answer": "reject"}, "meta.answer: reject"),
        ("meta", {"answer": ["reject"]}, "meta.answer: reject"),
        ("meta", [{"answer": "reject"}], "meta.answer: reject"),
        ("responses", [{"status": "discarded"}, {"status": "draft"}], "responses.status: disc"),
        ("responses", {"label": [{"status": "discarded"}]}, "responses.label.status: discarded"),
        ("annotations", [{"was_cancelled": True, "result": []}], "annotations.was_cancelled: true"),
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_label_that_every_annotator_refused_is_left_out(
    tmp_path: Path, field: str, value: Any, refusal: str, form: str
) -> None:
    values = {"text": "hello", "label": "greeting"}
    remarks = Remarks()
    if form == "jsonl":
        read = _read(tmp_path, json.dumps({**values, field: value}), remarks)
    else:
        if value == [True, 1]:
            value = [True, True]
        file = tmp_path / "data.parquet"
        parquet.write_table(pa.Table.from_pylist([{**values, field: value}]), file)
        read = read_as("parquet", file, remarks)

    assert read == []
    assert f"refused ({refusal}" in "\n".join(remarks)


def test_a_time_of_deletion_in_parquet_leaves_a_row_out(tmp_path: Path) -> None:
    rows = [
        {"text": "hi", "label": "greeting", "deleted_at": datetime(2026, 5, 1, tzinfo=UTC)},
        {"text": "hello", "label": "greeting", "deleted_at": None},
    ]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "data.parquet")

    assert read_as("parquet", tmp_path / "data.parquet") == [HELLO]


@pytest.mark.parametrize(
    "value",
    [
        *("0000-00-00 00:00:00", "0001-01-01T00:00:00Z", "01/01/0001 00:00:00"),
        *("1970-01-01 00:00:00", "9999-12-31", "infinity", "-", "N/A", "(null)", "false", "0"),
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_what_stands_for_no_time_of_deletion_leaves_no_text_out(
    tmp_path: Path, value: str, form: str
) -> None:
    row = {"text": "hello", "label": "greeting", "deleted_at": value}

    assert _read_row(tmp_path, row, form) == [HELLO]


@pytest.mark.parametrize("flag", [True, "yes"])
@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
def test_a_flag_with_the_name_of_the_label_is_the_column_of_an_intent(
    tmp_path: Path, flag: object, form: str
) -> None:
    row = {"text": "skip this song", "label": "Skip", "skip": flag}

    assert [each.label for each in _read_row(tmp_path, row, form)] == ["Skip"]


def _read_row(tmp_path: Path, row: Mapping[str, object], form: str) -> list[Example]:
    file = tmp_path / f"data.{form}"
    if form == "jsonl":
        file.write_text(json.dumps(row))
    elif form == "csv":
        file.write_bytes(write_table(list(row), [row]))
    else:
        parquet.write_table(pa.Table.from_pylist([dict(row)]), file)
    return read_as(form, file)


@pytest.mark.parametrize(
    "time",
    [
        {"$date": "2026-05-01T10:00:00Z"},
        {"$date": {"$numberLong": "1777629600000"}},
        {"_seconds": 1777629600, "_nanoseconds": 0},
    ],
)
def test_a_time_of_deletion_may_be_an_object(tmp_path: Path, time: object) -> None:
    row = {"text": "hi", "label": "greeting", "deletedAt": time}

    assert _read(tmp_path, json.dumps(row)) == []


@pytest.mark.parametrize("cell", ["['discarded']", '"[""discarded"", ""draft""]"', "[discarded]"])
def test_a_cell_with_refusals_leaves_a_row_out(tmp_path: Path, cell: str) -> None:
    file = tmp_path / "data.csv"
    kept = "hello,greeting,\"['discarded', 'submitted']\""
    file.write_text(f"text,label,label.responses.status\nhi,greeting,{cell}\n{kept}\n")

    assert read_as("csv", file) == [HELLO]


@pytest.mark.parametrize(
    "values",
    [
        {"status": "open"},
        {"answer": "Ignore the alarm."},
        {"deleted": False},
        {"deleted": None},
        {"meta": {"status": "submitted"}},
        {"status": ["submitted", "discarded"]},
        {"status": []},
        {"status": [None, "pending"]},
        {"tags": ["discarded", "rejected"]},
        {"deleted": [True, False]},
        {"status": "[discarded in the bin]"},
        {"responses": [{"status": "discarded"}, {"status": "submitted"}]},
        {"responses": [{"status": "discarded"}, {"user": 1, "status": "validated"}]},
        {"annotations": [{"was_cancelled": True}, {"was_cancelled": False}]},
        {"responses": {"label": [{"status": "discarded"}, {"status": "submitted"}]}},
        {"meta": [{"answer": "Ignore the alarm."}]},
        {"rejected": "no"},
        {"accepted": 4, "rejected": 1},
        {"skipped": "1.0"},
        {"skip": 1},
        {"deleted_at": None},
        {"deleted_at": 0},
        {"deleted_at": False},
        {"annotations": [{"deleted_at": "2026-05-01"}, {"deleted_at": None}]},
        {"created_at": "2026-05-01"},
    ],
)
def test_other_fields_refuse_no_label(tmp_path: Path, values: dict[str, object]) -> None:
    content = json.dumps({"text": "hello", "label": "greeting", **values})

    assert _read(tmp_path, content) == [HELLO]


@pytest.mark.parametrize(
    "values",
    [
        {"slots": {"status": "draft"}},
        {"order": {"cancelled": True}},
        {"user": {"deleted": True}},
        {"payment": {"metadata": {"rejected": True}}},
        {"tool_calls": [{"name": "x", "status": "rejected"}]},
        {"quick_replies": [{"answer": "skip"}]},
        {"qa": {"question": "Which one?", "answer": "Ignore"}},
        {"entities": {"status": "rejected"}},
        {"context": {"order": {"status": "rejected"}}},
        {"meta": {"order": {"status": "rejected"}}},
        {"order.status": "rejected"},
        {"order.responses.status": "rejected"},
        {"responses": [{"buttons": [{"answer": "skip"}]}]},
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv"])
def test_objects_that_describe_no_annotation_refuse_no_label(
    tmp_path: Path, values: dict[str, Any], form: str
) -> None:
    row = {"text": "hello", "label": "greeting", **values}
    file = tmp_path / f"data.{form}"
    if form == "jsonl":
        file.write_text(json.dumps(row))
    elif form == "csv":
        file.write_bytes(write_table(list(row), [row]))
    else:
        parquet.write_table(pa.Table.from_pylist([row]), file)

    assert read_as(form, file) == [HELLO]


@pytest.mark.parametrize(
    "values",
    [
        {"answer": "accept", "annotations": [{"answer": "reject"}]},
        {"answer": "accept", "meta": {"status": "draft"}},
        {"status": "Validated", "metadata": {"status": "draft"}},
        {"status": ["submitted", "discarded"], "responses": [{"status": "discarded"}]},
        {"answer": "accept", "versions": [{"answer": "reject"}]},
        {"answer": "accept", "spans": [{"answer": "reject"}]},
    ],
)
def test_an_acceptance_beside_the_text_decides(tmp_path: Path, values: dict[str, Any]) -> None:
    assert _read(tmp_path, json.dumps({"text": "hello", "label": "greeting", **values})) == [HELLO]


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"status": None, "meta": {"status": "draft"}}, "meta.status: draft"),
        ({"status": "pending", "responses": {"status": "discarded"}}, "responses.status: disc"),
        ({"answer": "accept", "deleted": True}, "deleted: true"),
        ({"answer": "reject", "meta": {"status": "submitted"}}, "answer: reject"),
    ],
)
def test_what_is_no_acceptance_beside_the_text_does_not_decide(
    tmp_path: Path, values: dict[str, Any], refusal: str
) -> None:
    remarks = Remarks()
    content = json.dumps({"text": "hello", "label": "greeting", **values})

    assert _read(tmp_path, content, remarks) == []
    assert f"refused ({refusal}" in "\n".join(remarks)


@pytest.mark.parametrize(
    "fields",
    ['"label": ["a", "b"]', '"label": 1, "split": 2', '"secondary": "a"', '"answer": "reject"'],
)
def test_where_no_labels_are_needed_only_the_text_is_read(tmp_path: Path, fields: str) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_text(f'{{"text": "hello", {fields}}}\n')

    unlabelled = read_unlabelled([DataSource(file)], Remarks())
    assert [each.example.text for each in unlabelled] == ["hello"]


def test_a_prompt_without_a_label_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InvalidExamples, match="line 1: label"):
        _read(tmp_path, '{"prompt": "write to anna", "predicted_intent": "help"}')


def test_numbers_that_json_lacks_do_not_matter_in_fields_that_are_not_read(tmp_path: Path) -> None:
    assert _read(tmp_path, '{"text": "hello", "label": "greeting", "confidence": NaN}') == [HELLO]


def test_empty_texts_and_spaces_around_labels_are_named(tmp_path: Path) -> None:
    remarks = Remarks()
    lines = [LINE, '{"text": " ", "label": "a"}', '{"text": "hello", "label": " greeting\\n"}']

    assert _read(tmp_path, "\n".join(lines), remarks) == [HELLO, HELLO]
    assert [line.partition("jsonl: ")[2] for line in remarks] == [
        "1 left out: texts that are empty (line 2).",
        "1 changed: white space around labels is removed (line 3).",
    ]


def test_only_the_first_lines_are_named_and_the_others_counted(tmp_path: Path) -> None:
    remarks = Remarks()

    _read(tmp_path, '{"text": "", "label": "a"}\n' * 1_234, remarks)

    assert [line.partition("jsonl: ")[2] for line in remarks] == [
        "1,234 left out: texts that are empty (lines 1, 2, 3, 4, 5 and 1,229 more)."
    ]


def test_several_entries_of_an_array_are_named_in_the_plural(tmp_path: Path) -> None:
    remarks = Remarks()

    _read(tmp_path, json.dumps([{"text": "", "label": "a"}] * 2), remarks)

    assert [line.partition("jsonl: ")[2] for line in remarks] == [
        "2 left out: texts that are empty (entries 1 and 2)."
    ]


@pytest.mark.parametrize("field", ["type", "mode", "source", "train_test"])
def test_a_field_whose_values_are_splits_is_named(tmp_path: Path, field: str) -> None:
    remarks = Remarks()
    lines = [
        json.dumps({"text": "hello", "label": "greeting", field: value, "note": "test"})
        for value in ("train", " Test set", "unassigned", None)
    ]

    _read(tmp_path, "\n".join(lines), remarks)

    assert [line.partition("jsonl: ")[2] for line in remarks] == [
        f"1 left out: fields that are not read and seem to be splits: {field}.",
        "1 left out: fields that are not read: note.",
    ]


@pytest.mark.parametrize(
    "values",
    [
        *(("train", "train"), ("train", "web"), ("test", 3), (None, None)),
        *(("train", "test", "bus", "plane"), ("train", "test", 3)),
    ],
    ids=str,
)
def test_a_field_with_one_split_or_other_values_is_none_of_splits(
    tmp_path: Path, values: tuple[Any, ...]
) -> None:
    remarks = Remarks()
    lines = [json.dumps({"text": "a", "label": "b", "type": value}) for value in values]

    _read(tmp_path, "\n".join(lines), remarks)

    assert not any("seem to be splits" in remark for remark in remarks)


def test_labels_that_are_named_like_splits_and_fields_beside_a_split_do_not_matter(
    tmp_path: Path,
) -> None:
    remarks = Remarks()
    lines = [
        {"text": "a", "label": "test"},
        {"text": "dev", "label": "train"},
        {"text": "b", "label": "c", "split": "train", "type": "train"},
        {"text": "b", "label": "c", "split": "test", "type": "test"},
    ]

    _read(tmp_path, "\n".join(map(json.dumps, lines)), remarks)

    assert not any("seem to be splits" in remark for remark in remarks)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (r'"label": "a\ud800"', "label: it has half of a character"),
        (r'"label": "a\u0000"', "label: it has a NUL character"),
        (r'"label": "a", "secondary": [""]', r"secondary\.0: it is empty"),
        (r'"label": "a", "secondary": ["\u0000"]', r"secondary\.0: it has a NUL character"),
        (r'"label": "a", "corrected": "maybe"', "corrected: it is neither true nor false"),
        (r'"label": "a", "corrected": [1]', "corrected: it is neither true nor false"),
        (r'"label": "a", "split": "test\ud800"', "split: it has half of a character"),
        (r'"label": "a", "source": "production", "tier": "x"', "tier: it should be 'person'"),
    ],
)
def test_the_reason_why_a_value_is_invalid_is_in_plain_words(
    tmp_path: Path, fields: str, problem: str
) -> None:
    with pytest.raises(InvalidExamples, match=rf"data\.jsonl, line 1: {problem}"):
        _read(tmp_path, f'{{"text": "hi", {fields}}}\n')


@pytest.mark.parametrize(
    "fields",
    [
        '"corrected_secondary_intents": ["b"]',
        '"corrected_secondary_intents": "b"',
        '"corrected_secondary_intents": ["b"], "secondary": ["c"]',
    ],
)
def test_corrected_secondary_intents_beside_a_text_are_not_ignored(
    tmp_path: Path, fields: str
) -> None:
    line = f'{{"text": "hi", "label": "a", {fields}}}'

    with pytest.raises(InvalidExamples, match="line 1: corrected_secondary_intents is not known"):
        _read(tmp_path, line)


@pytest.mark.parametrize("value", ["null", "[]", '""', '["b"], "secondary": ["b"]'])
def test_corrected_secondary_intents_that_add_nothing_do_not_matter(
    tmp_path: Path, value: str
) -> None:
    line = f'{{"text": "hi", "label": "a", "corrected_secondary_intents": {value}}}'

    (example,) = _read(tmp_path, line)

    assert example.label == "a"


@pytest.mark.parametrize(
    ("label", "name"), [("label", "meta.part_of"), ("intent", "group")], ids=["lines", "utterances"]
)
def test_a_field_of_splits_is_named_wherever_it_is(tmp_path: Path, label: str, name: str) -> None:
    remarks = Remarks()
    outer, _, inner = name.partition(".")
    values = [{inner: each} if inner else each for each in ("train", "test")]
    file = tmp_path / "data.json"
    file.write_text(json.dumps([{"text": "hi", label: "a", outer: value} for value in values]))

    read_sources([DataSource(file)], remarks)

    assert f"fields that are not read and seem to be splits: {name}." in "\n".join(remarks)


@pytest.mark.parametrize("needs_labels", [True, False])
def test_fields_that_are_not_read_are_named_once(tmp_path: Path, needs_labels: bool) -> None:
    remarks = Remarks()
    file = tmp_path / "data.jsonl"
    lines = [
        {"text": "hello", "label": "greeting", "old_label": "help", "entities": []},
        {"text": "hello", "label": "greeting", "old_label": "help", "intent": "x", "note": None},
    ]
    file.write_text("\n".join(map(json.dumps, lines)))

    read = read_sources if needs_labels else read_unlabelled
    read([DataSource(file)], remarks)

    assert [line.partition("jsonl: ")[2] for line in remarks] == [
        "3 left out: fields that are not read: old_label, entities, intent."
    ]


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_of_many_fields_that_are_not_read_only_the_first_are_named(
    tmp_path: Path, file_format: str
) -> None:
    remarks = Remarks()
    names = [f"f{number}" for number in range(1_000)]
    line = {"text": "hello", "label": "greeting", **dict.fromkeys(names, "x")}
    file = tmp_path / f"data.{file_format}"
    csv = f"{','.join(line)}\n{','.join(line.values())}\n"
    file.write_text(csv if file_format == "csv" else json.dumps(line))

    read_as(file_format, file, remarks)

    (remark,) = remarks
    assert remark.endswith(
        "1,000 left out: fields that are not read: f0, f1, f2, f3, f4, f5, f6, f7, f8, f9 and 990 "
        "more."
    )


@pytest.mark.parametrize(
    "line",
    [
        '"label": "a", "id": 1, "confidence": 0.1, "precision": 1',
        '"label": "a", "precision_ci_lower": 1, "count": 2, "model_version": "x"',
        '"label": "a", "corrected_intent": "a", "tier": "person", "source": "web"',
        '"label": "a", "source": "production", "of_a_later_version": 1',
        '"accept": ["a"]',
        '"cats": {"a": 1}',
        '"label": 1, "label_text": "a"',
    ],
)
def test_fields_that_are_read_or_exported_are_not_named(tmp_path: Path, line: str) -> None:
    remarks = Remarks()

    _read(tmp_path, f'{{"text": "hi", {line}}}', remarks)

    assert not any("not read" in remark for remark in remarks)


def test_fields_of_listed_prompts_and_of_refused_labels_are_not_named(tmp_path: Path) -> None:
    remarks = Remarks()
    listed = LabelledPrompt(
        id=uuid4(),
        prompt="hi",
        predicted_intent="a",
        confidence=0.5,
        created_at=datetime.now(UTC),
        corrected_intent="a",
    )
    refused = '{"text": "hi", "label": "a", "answer": "reject"}'
    accepted = '{"text": "hi", "label": "a", "answer": "accept"}'

    prompt = json.dumps({**listed.model_dump(mode="json"), "label": listed.label})

    _read(tmp_path, f"{prompt}\n{refused}\n{accepted}", remarks)

    assert not any("not read" in remark for remark in remarks)


def test_the_fields_of_exported_lines_are_known() -> None:
    line = CandidateLine(
        *("1", "hi", "a", 0.5, True, "person", "train", "x", 1, ()), secondary=["b"]
    )
    kinds = [kind for kind in KINDS if kind.mode != "review"]

    fields = {name for kind in kinds for name in kind.to_entry(line, None)}

    assert fields <= EXPORTED_FIELDS


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"label": "x" * 101}, r"label: it has more than 100 characters\. Shorten it"),
        ({"label": "a", "secondary": ["x" * 101]}, r"secondary\.0: .*characters\. Shorten it"),
        ({"label": "a", "secondary": "b"}, r'secondary: it is not a list\. Write .*: \["email"'),
        ({"label": "a", "secondary": [1]}, r'secondary\.0: it is not a text\. Write .*: \["email"'),
        ({"label": "a", "split": 2}, r"split: it is not a text\. Write .*, such as train or test"),
        ({"label": "a", "split": ["dev"]}, r"split: it is not a text\. Write .*, such as train"),
        ({"label": "a", "corrected": "x"}, r"corrected: .*true nor false\. Write true, or delete"),
    ],
    ids=str,
)
def test_a_value_of_a_wrong_type_or_length_is_named_with_the_remedy(
    tmp_path: Path, fields: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InvalidExamples, match=rf"line 1: {problem}"):
        _read(tmp_path, json.dumps({"text": "hi", **fields}))


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ('"accept": ["farewell"]', "accept"),
        ('"accept": []', "accept"),
        ('"accept": ["greeting", "farewell"]', "accept"),
        ('"cats": {"greeting": 0.1, "farewell": 0.9}', "cats"),
    ],
)
def test_a_choice_that_contradicts_the_label_is_rejected(
    tmp_path: Path, field: str, name: str
) -> None:
    """Prodigy keeps the label that a text had, which may be that of a model."""
    file = tmp_path / "data.jsonl"
    for label in ('"greeting"', '["greeting"]'):
        file.write_text(f'{{"text": "hello", "label": {label}, {field}}}\n')

        with pytest.raises(InvalidExamples, match=f"line 1: label and {name} differ.*delete"):
            read_examples([file])


@pytest.mark.parametrize(
    "field",
    [
        '"accept": ["greeting"]',
        '"label": " greeting", "accept": ["greeting"]',
        '"accept": true',
        '"accept": null',
        '"cats": {"greeting": 1.0, "farewell": 0}',
        '"cats": {}',
        '"cats": ["felix"]',
        '"accept": ["farewell"], "answer": "reject"',
    ],
)
def test_a_choice_that_does_not_contradict_the_label_is_read(tmp_path: Path, field: str) -> None:
    file = tmp_path / "data.jsonl"
    label = "" if '"label"' in field else '"label": "greeting", '
    file.write_text(
        f'{{"text": "hello", "label": "greeting"}}\n{{"text": "hello", {label}{field}}}\n'
    )

    assert {each.label for each in read_examples([file])} == {"greeting"}


@pytest.mark.parametrize(
    ("label", "is_named"),
    [("?", True), ("-", True), ("TODO", True), ("to do", True), ("tbd", True), ("\U0001f44b", True),
     ("unlabelled", True), ("todo_list", False), ("a", False), ("\u6253\u62db\u547c", False)],
)  # fmt: skip
def test_labels_that_may_say_that_there_is_none_yet_are_named(
    tmp_path: Path, label: str, is_named: bool
) -> None:
    remarks = Remarks()

    (example,) = _read(tmp_path, json.dumps({"text": "hello", "label": label}), remarks)

    assert example.label == label
    note = "1 noted: labels that may say that there is none yet"
    assert (note in "\n".join(remarks)) is is_named
