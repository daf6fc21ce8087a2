"""Labelled texts in CSV and Parquet files, as other programs write them."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import datasets  # type: ignore[import-untyped]
import pyarrow as pa
import pytest
from pyarrow import parquet

from prompt_capture.domain.csv_tables import write_table
from training.data.examples import Example, InvalidExamples
from training.data.formats import read_as, write_as
from training.data.reading import read_examples, read_unlabelled
from training.data.remarks import Remarks
from training.data.sources import DataSource

HELLO = Example(text="hello", label="greeting")


def _read_csv(tmp_path: Path, content: str, remarks: Remarks | None = None) -> list[Example]:
    file = tmp_path / "data.csv"
    file.write_bytes(content.encode())
    return read_as("csv", file, remarks)


def test_excels_unicode_text_is_read(tmp_path: Path) -> None:
    file = tmp_path / "data.txt"
    file.write_bytes("text\tlabel\r\nhello\tgreeting\r\n".encode("utf-16"))

    assert read_as("csv", file) == [HELLO]


def test_excels_ansi_encoding_is_rejected_with_the_remedy(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_bytes("text,label\nréserve,help\n".encode("cp1252"))

    with pytest.raises(InvalidExamples, match=r"data\.csv cannot be read: Line 2.*CSV UTF-8"):
        read_as("csv", file)


@pytest.mark.parametrize(
    ("label", "is_named"),
    [
        *((label, True) for label in ("101.0", "1.5E+10", "1E5", "Jan-24", "24-Jan", "1/2/2024")),
        *((label, True) for label in ("01.02.2024", "2024-05-01", "2024-05-01 00:00:00")),
        *((label, False) for label in ("101", "2.5", "v1.0", "faq/1", "jan", "greet-24", "1/2")),
    ],
)
def test_labels_that_a_spreadsheet_may_have_made_are_named(
    tmp_path: Path, label: str, is_named: bool
) -> None:
    remarks = Remarks()

    read = _read_csv(tmp_path, f"text,label\nhi,{label}\n", remarks)

    assert [example.label for example in read] == [label]
    assert bool(list(remarks)) is is_named
    assert ("number or a date as spreadsheets write them" in "\n".join(remarks)) is is_named


def test_rows_without_content_are_left_out_and_named(tmp_path: Path) -> None:
    remarks = Remarks()

    read = _read_csv(tmp_path, "text,label\nhello,greeting\n,\n\n ,greeting\n,,,\n", remarks)

    assert read == [HELLO]
    assert [line.partition("csv: ")[2] for line in remarks] == [
        "2 left out: rows without content (lines 3 and 6).",
        "1 left out: texts that are empty (line 5).",
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("text,label\nhello,greeting,\n", r"line 2 has 3 cells.*delete the surplus cell"),
        ("text,label,Split,split\na,b,test,\n", r"split 2 times \(columns 3 and 4\)"),
        ("text,label,splits\na,b,test\n", "column splits is not known. If it is split, rename"),
        ("text,label\nhello, world,greeting\n", r"line 2 has 3 cells.*quotes.*comma"),
        ("text;label\nhello; world;greeting\n", r"line 2 has 3 cells.*quotes.*semicolon"),
        ("text,label\nhello,greeting\nbye\n", "line 3 has no label"),
        ("text,label\nhello,\n", "line 2 has no label"),
        ("text,label\nhello,  \n", "line 2 has no label"),
        ("note,label,text\na,greeting\n", "line 2 has no text"),
        (f"text,label\nhello,{'x' * 101}\n", "line 2: label"),
        ('text,label\n"hello,greeting\n', "Line 2: the quote"),
        ("hello,greeting\n", "first line must name the columns"),
    ],
)
def test_a_faulty_row_is_rejected_with_its_line(tmp_path: Path, content: str, problem: str) -> None:
    with pytest.raises(InvalidExamples, match=rf"data\.csv.*{problem}"):
        _read_csv(tmp_path, content)


def test_formulas_are_protected_and_come_back(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "@me", "-5", "\t=1", "\uff1d1", "hi\n=1", "'=1", "it's"]
    examples = [Example(text=text, label="help") for text in texts]

    write_as("csv", tmp_path / "data.csv", examples)

    written = (tmp_path / "data.csv").read_text("utf-8-sig")
    assert "'=1+1,help" in written
    assert "\n'=1" in written
    assert read_as("csv", tmp_path / "data.csv") == examples


def test_apostrophes_that_are_removed_are_named(tmp_path: Path) -> None:
    remarks = Remarks()

    read = _read_csv(tmp_path, "text,label,note\n'-5 degrees,help,'=1\nfine,help,'=1\n", remarks)

    assert [example.text for example in read] == ["-5 degrees", "fine"]
    assert [line.partition("csv: ")[2] for line in remarks] == [
        "1 changed: apostrophes before formulas are removed (line 2).",
        "1 left out: fields that are not read: note.",
    ]


def test_formulas_of_texts_are_named(tmp_path: Path) -> None:
    remarks = Remarks()

    (example,) = _read_csv(tmp_path, 'text,label\n="007",="greeting"\n', remarks)

    assert (example.text, example.label) == ("007", "greeting")
    assert [line.partition("csv: ")[2] for line in remarks] == [
        '1 changed: formulas of texts, such as ="007", become these texts (line 2).'
    ]


def test_a_nul_character_is_replaced_and_named(tmp_path: Path) -> None:
    remarks, file = Remarks(), tmp_path / "data.csv"

    write_as("csv", file, [Example(text="a\0b", label="help")], remarks)

    assert read_as("csv", file) == [Example(text="a\ufffdb", label="help")]
    assert "1 changed: NUL characters become U+FFFD" in next(iter(remarks))


@pytest.mark.parametrize("file_format", ["csv", "parquet", "jsonl"])
def test_splits_are_preserved(tmp_path: Path, file_format: str) -> None:
    examples = [
        Example(text="a", label="x", split="train"),
        Example(text="b", label="x", split="gold"),
        Example(text="c", label="x"),
    ]

    write_as(file_format, tmp_path / "data", examples)

    assert read_as(file_format, tmp_path / "data") == examples


def test_columns_that_are_not_read_are_named_and_have_no_effect(tmp_path: Path) -> None:
    remarks = Remarks()
    content = "text,label,secondary,corrected,source\nhello,greeting,a,maybe,production\n"

    assert _read_csv(tmp_path, content, remarks) == [HELLO]
    columns = {"text": ["hello"], "Label": ["greeting"], "Split": [None], "secondary": [["a"]]}
    assert read_as("parquet", _write_parquet(tmp_path, **columns), remarks) == [HELLO]

    assert [line.partition(": ")[2] for line in remarks] == [
        "3 left out: fields that are not read: secondary, corrected, source.",
        "1 left out: fields that are not read: secondary.",
    ]


def test_columns_without_a_name_are_named_by_their_position(tmp_path: Path) -> None:
    remarks = Remarks()

    assert _read_csv(tmp_path, ",text,,label,\n0,hello,more,greeting,\n", remarks) == [HELLO]
    assert _read_csv(tmp_path, "| text | label |\n|---|---|\n| hello|greeting |\n") == [HELLO]

    assert [line.partition(": ")[2] for line in remarks] == [
        "2 left out: fields that are not read: column 1 (no name), column 3 (no name)."
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("text,label,split\nhi,greet,train\nhello,you there,greet\n", 3),
        ("text,label,split\nhello, you there,greet\nhi,greet,train\n", 2),
        ("text,label,note\nhi,greet,\nhello, you,greet\n", 3),
        ("text;label;score;by\nhi;greet;1;ann\nhello; you;greet;1\n", 3),
        ("label,text,split\ngreet,hi,train\ngreet,hello, you\n", 3),
        ("text,score,label,by\nhi,1,greet,ann\nhello,0,95,greet\n", 3),
    ],
)
def test_a_text_with_a_delimiter_that_has_moved_other_cells_is_rejected(
    tmp_path: Path, content: str, line: int
) -> None:
    with pytest.raises(
        InvalidExamples, match=rf"line {line} seems .*Put quotes around a text or a number"
    ):
        _read_csv(tmp_path, content)


@pytest.mark.parametrize(
    "content",
    [
        "text,label,split\na,train,train\nb,bus,train\nc,train,test\n",
        "text,label,predicted\na,greet,greet\nb, greet,greet\nc,bye,greet\nd,help,greet\n",
        "text, label, predicted\na, greet, greet\nb, bye, greet\n",
        "label,text,split\na,x, train\nb,y, 1\nb,z,1\n",
        "text,label,split\na, greet,\nb,greet,\n",
        "text,label,split\na,greet,\nb,bye,2\nc,2,bye2\n",
        "text,score,label,predicted\na,1,2,2\nb,1,3,2\n",
    ],
)
def test_cells_that_have_not_moved_are_read(tmp_path: Path, content: str) -> None:
    assert len(_read_csv(tmp_path, content)) == content.count("\n") - 1


@pytest.mark.parametrize(
    ("rows", "fact", "line"),
    [
        ("hello,greet\nbye,farewell\nTotal,1.234\n", "may be the sum of a table", 4),
        ("string,string\nhello,greet\n", "may be the types of the columns", 2),
        ("hello,greet\n\nIntent,Description\ngreet,Says hello\n", "header of a second table", 4),
    ],
)
def test_a_row_that_may_be_no_text_is_named(
    tmp_path: Path, rows: str, fact: str, line: int
) -> None:
    remarks = Remarks()
    _read_csv(tmp_path, f"text,label\n{rows}", remarks)

    (remark,) = remarks
    assert "1 noted: texts that may be the " in remark
    assert fact in remark
    assert f"(line {line})" in remark


def test_a_message_of_such_a_word_is_not_named(tmp_path: Path) -> None:
    remarks = Remarks()
    _read_csv(tmp_path, "text,label\nhello,greet\ntotal,sum\nstring,text\nlabel,greet\n", remarks)

    assert not [*remarks]


def _write_parquet(tmp_path: Path, **columns: Any) -> Path:
    parquet.write_table(pa.table(columns), tmp_path / "data.parquet")
    return tmp_path / "data.parquet"


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int32(), pa.string()),
        pa.dictionary(pa.int8(), pa.large_string()),
    ],
)
def test_all_types_of_text_columns_are_read(tmp_path: Path, kind: Any) -> None:
    texts, labels = (pa.array(values, pa.string()) for values in (["hello"], ["greeting"]))
    file = _write_parquet(tmp_path, Text=texts.cast(kind), LABEL=labels.cast(kind), more=[1])

    assert read_as("parquet", file) == [HELLO]


def test_class_labels_of_the_library_datasets_are_read_by_their_names(tmp_path: Path) -> None:
    features = datasets.Features(
        text=datasets.Value("string"), label=datasets.ClassLabel(names=["greeting", "thanks"])
    )
    rows = datasets.Dataset.from_dict({"text": ["hello", "ta"], "label": [0, 1]}, features)
    rows.to_parquet(tmp_path / "data.parquet")

    assert read_as("parquet", tmp_path / "data.parquet") == [
        HELLO, Example(text="ta", label="thanks"),
    ]  # fmt: skip


def test_class_labels_whose_names_are_an_object_by_number_are_read(tmp_path: Path) -> None:
    feature = {"_type": "ClassLabel", "names": {"1": "thanks", "0": "greeting"}}
    metadata = {"huggingface": json.dumps({"info": {"features": {"label": feature}}})}
    table = pa.table({"text": ["hello"], "label": [0]}).replace_schema_metadata(metadata)
    parquet.write_table(table, tmp_path / "data.parquet")

    assert read_as("parquet", tmp_path / "data.parquet") == [HELLO]


def test_missing_values_are_named_by_their_row(tmp_path: Path) -> None:
    remarks = Remarks()
    file = _write_parquet(tmp_path, text=["hello", None, None], label=["greeting", "a", None])

    assert read_as("parquet", file, remarks) == [HELLO]
    assert [line.partition("parquet: ")[2] for line in remarks] == [
        "1 left out: texts that are empty (row 2).",
        "1 left out: rows without content (row 3).",
    ]
    with pytest.raises(InvalidExamples, match=r"data\.parquet, row 2 has no label"):
        read_as("parquet", _write_parquet(tmp_path, text=["a", "b"], label=["x", None]))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_input_of_an_instruction_is_the_text(tmp_path: Path, suffix: str) -> None:
    columns = {"instruction": ["Classify it."], "input": ["hello"], "output": ["greeting"]}
    file = _write_parquet(tmp_path, **columns)
    if suffix == "csv":
        file = tmp_path / "data.csv"
        file.write_bytes(write_table(list(columns), [{key: columns[key][0] for key in columns}]))

    with pytest.raises(InvalidExamples, match="input to text and output to label"):
        read_as(suffix, file)


def test_a_column_of_any_name_that_seems_to_state_splits_is_named(tmp_path: Path) -> None:
    file, remarks = tmp_path / "data.csv", Remarks()
    file.write_text("text,label,type,kind\nhello,greeting,train,a\nbye,farewell,test,b\nso,a,,\n")

    assert len(read_as("csv", file, remarks)) == 3
    assert list(remarks) == [
        f"{file}: 1 left out: fields that are not read and seem to be splits: type.",
        f"{file}: 1 left out: fields that are not read: kind.",
    ]


def test_text_of_parquet_that_is_no_utf_8_is_named_by_its_row(tmp_path: Path) -> None:
    file = _write_parquet(tmp_path, text=["a", "h\u00e9llo"], label=["x", "x"])
    table = parquet.read_table(file)
    damaged = pa.array([b"a", b"h\xe9llo"]).view(pa.string())
    parquet.write_table(table.set_column(0, "text", damaged), file)

    with pytest.raises(InvalidExamples, match="row 2: the column text is not UTF-8"):
        read_as("parquet", file)


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"text": ["a"], "label": [3]}, "label has the type int64.*names of intents"),
        ({"text": [{"a": "b"}], "label": ["x"]}, "text is nested"),
        ({"text": [["a"]], "label": ["x"]}, "text is nested"),
        ({"text": [b"a", b"\xff"], "label": ["x"] * 2}, "row 2: the column text is not UTF-8"),
        ({"text": ["a"], "label": [b"\xff"]}, "row 1: the column label is not UTF-8"),
        ({"text": ["a"], "intent": ["x"]}, "no column label"),
        ({"text": ["a"], "label": ["x"], "Label ": ["y"]}, "column label twice"),
        ({"text": ["a"], "label": ["x"], "splits": ["test"]}, "splits .*If it is split, rename it"),
    ],
)
def test_other_columns_are_rejected_with_the_remedy(
    tmp_path: Path, columns: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InvalidExamples, match=problem):
        read_as("parquet", _write_parquet(tmp_path, **columns))


@pytest.mark.parametrize(
    ("splits", "read"), [([1, None], ["1", None]), ([True, False], ["true", "false"])]
)
def test_splits_that_are_numbers_or_truth_values_are_read_as_in_csv(
    tmp_path: Path, splits: list[Any], read: list[str | None]
) -> None:
    file = _write_parquet(tmp_path, text=["a", "b"], label=["x", "x"], split=splits)

    assert [example.split for example in read_as("parquet", file)] == read
    lines = "".join(f"{t},x,{s or ''}\n" for t, s in zip("ab", read, strict=True))
    assert [each.split for each in _read_csv(tmp_path, f"text,label,split\n{lines}")] == read


@pytest.mark.parametrize(
    "name", ["set", "Dataset", "partition", "ml_use", "metadata.split", "meta_split", "meta.subset"]
)
def test_a_column_that_states_splits_under_another_name_is_rejected(
    tmp_path: Path, name: str
) -> None:
    rows = f"text,label,{name}\nhi,greeting,\nhello,greeting,Test\n"
    columns = {"text": ["hi", "hello"], "label": ["greeting"] * 2, name: [None, "Test"]}
    problem = f"{name}.* is not known. If it is split, rename it"

    with pytest.raises(InvalidExamples, match=f"(?i)line 3: {problem}"):
        _read_csv(tmp_path, rows)
    with pytest.raises(InvalidExamples, match=f"row 2: {problem}"):
        read_as("parquet", _write_parquet(tmp_path, **columns))
    assert _read_csv(tmp_path, rows.replace("Test", "of friends"))[1] == HELLO
    with_split = _write_parquet(tmp_path, **columns, split=["train", "train"], other=[[1], [2]])
    assert {each.split for each in read_as("parquet", with_split)} == {"train"}


@pytest.mark.parametrize(
    "metadata", [{"split": "Test"}, {"id": 1, "subset": "dev"}, [{"split": "test"}]]
)
def test_a_split_within_a_column_is_rejected(tmp_path: Path, metadata: Any) -> None:
    columns = {"text": ["hi", "hello"], "label": ["greeting"] * 2, "metadata": [None, metadata]}

    with pytest.raises(InvalidExamples, match=r"row 2: metadata\.\w+ .*If it is split, rename it"):
        read_as("parquet", _write_parquet(tmp_path, **columns))
    columns["split"] = ["train", "train"]
    assert len(read_as("parquet", _write_parquet(tmp_path, **columns))) == 2
    columns = {**columns, "metadata": [{"split": "a"}, {"split": "of friends"}]}
    del columns["split"]
    assert len(read_as("parquet", _write_parquet(tmp_path, **columns))) == 2


@pytest.mark.parametrize("name", ["is_train", "Is_Test", "training"])
@pytest.mark.parametrize("flags", [[None, True], [None, 0], [None, "False"]])
def test_a_column_that_says_which_texts_train_is_rejected(
    tmp_path: Path, name: str, flags: list[Any]
) -> None:
    rows = f"text,label,{name}\nhi,greeting,\nhello,greeting,{flags[1]}\n"
    columns = {"text": ["hi", "hello"], "label": ["greeting"] * 2, name: flags}
    problem = f"{name}.* is not read.*write the field split instead"

    with pytest.raises(InvalidExamples, match=f"(?i)line 3: {problem}"):
        _read_csv(tmp_path, rows)
    with pytest.raises(InvalidExamples, match=f"row 2: {problem}"):
        read_as("parquet", _write_parquet(tmp_path, **columns))
    assert _read_csv(tmp_path, rows.replace(f"{flags[1]}\n", "of dogs\n"))[1] == HELLO


def test_splits_that_are_class_labels_are_read_by_their_names(tmp_path: Path) -> None:
    features = datasets.Features(
        text=datasets.Value("string"),
        label=datasets.Value("string"),
        split=datasets.ClassLabel(names=["train", "test"]),
    )
    rows = {"text": ["a", "b"], "label": ["x", "x"], "split": [1, 0]}
    datasets.Dataset.from_dict(rows, features).to_parquet(str(tmp_path / "data.parquet"))

    read = read_as("parquet", tmp_path / "data.parquet")

    assert [example.split for example in read] == ["test", "train"]


@pytest.mark.parametrize(
    "label",
    [
        *("#N/A", "#REF!", "#NAME?", "#DIV/0!", "#######", " #n/a ", "nan", "NaN", "<NA>"),
        *("#NV", "#WERT!", "#BEZUG!", "#ZAHL!", "#ÜBERLAUF!"),  # German
        *("#VALEUR!", "#NOM?", "#NUL!", "#N/D", "#¡VALOR!", "#¿NOMBRE?", "#RIF!", "#WAARDE!"),
        *("#\u0417\u041d\u0410\u0427!", "#\u041d/\u0414"),  # Russian
        *("#DEĞER!", "#YOK", "Err:508", "Fehler:502", "n/a", r"\N"),
        *("NULL", "NA"),  # SQL Server and R
    ],
)
def test_a_label_that_is_an_error_of_a_spreadsheet_is_rejected_with_the_remedy(
    tmp_path: Path, label: str
) -> None:
    with pytest.raises(InvalidExamples, match=r"line 3: the label .*Write the intent, or delete"):
        _read_csv(tmp_path, f"text,label\nhello,greeting\nbye,{label}\n")


@pytest.mark.parametrize(
    "label", ["banana", "null", "None", "#1", "na", "number#", "#help!", "#NVIDIA", "error: 5"]
)
def test_other_labels_are_none(tmp_path: Path, label: str) -> None:
    assert [each.label for each in _read_csv(tmp_path, f"text,label\na,{label}\n")] == [label]


def test_a_secondary_intent_that_is_an_error_of_a_spreadsheet_is_rejected_with_the_remedy(
    tmp_path: Path,
) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"text": "hello", "label": "greeting", "secondary": ["email", "#NV"]}')

    with pytest.raises(InvalidExamples, match=r"line 1: the label #NV .*Write the intent"):
        read_as("jsonl", file)


def test_texts_that_are_an_error_of_a_spreadsheet_are_named(tmp_path: Path) -> None:
    remarks = Remarks()
    content = "text,label\n#NAME?,a\nwhat does #N/A mean,a\nnan,a\nnull,a\nNULL,a\n"

    assert len(_read_csv(tmp_path, content, remarks)) == 5
    assert [line.partition("csv: ")[2] for line in remarks] == [
        (
            "3 noted: texts that are an error of a spreadsheet or a missing value, such as #N/A "
            "(lines 2, 4 and 6)."
        )
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("text,label\nhello,greeting\nText, Label\nbye,farewell\n", 3),
        ("text,label\nhello,greeting\n\ufefftext,label\nbye,farewell\n", 3),
        ("| text | label |\n|---|:--:|\n|hello|greeting|\n|bye|farewell|\n", 2),
    ],
    ids=["joined files", "byte order mark", "Markdown"],
)
def test_repeated_headers_are_no_texts_and_named(tmp_path: Path, content: str, line: int) -> None:
    remarks = Remarks()

    examples = _read_csv(tmp_path, content, remarks)

    assert [(each.text, each.label) for each in examples] == [
        ("hello", "greeting"),
        ("bye", "farewell"),
    ]
    assert f"1 left out: repeated headers, and lines below a header (line {line})." in str(
        [*remarks]
    )


@pytest.mark.parametrize("text", ["'hello'", '"""hello"""', "`hello`", "\u201chello\u201d"])
def test_texts_in_quotation_marks_are_named(tmp_path: Path, text: str) -> None:
    remarks = Remarks()

    examples = _read_csv(tmp_path, f"text,label\n{text},greeting\n'a' or 'b',greeting\n", remarks)

    assert len(examples) == 2
    assert "1 noted: texts in quotation marks, which are part of them (line 2)." in str([*remarks])


@pytest.mark.parametrize(
    "content",
    [
        "text,label\nhello,greeting\nLabel,Text\nfarewell,bye\n",
        "id,text,label\n1,hello,greeting\ntext,label,id\nbye,farewell,2\n",
        "text,label,split\nhello,greeting,test\ntext,label,date\nbye,farewell,2024\n",
        "text,label,source\nhello,greeting,a\nlabel,text,date\nfarewell,bye,2024\n",
    ],
    ids=["swapped", "rotated", "no split", "further columns"],
)
def test_the_header_of_a_joined_file_with_other_columns_is_rejected(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "data.csv"
    file.write_text(content)

    with pytest.raises(InvalidExamples, match="Line 3 is a header with other columns"):
        read_as("csv", file)


def test_a_repeated_header_may_have_other_columns_that_are_not_read(tmp_path: Path) -> None:
    content = "text,label,source\nhello,greeting,a\ntext,label,date\nbye,farewell,2024\n"

    assert [each.text for each in _read_csv(tmp_path, content)] == ["hello", "bye"]


@pytest.mark.parametrize("row", ["text,greeting", "label,greeting", "hello,text", "text,text"])
def test_a_text_or_a_label_may_be_the_name_of_a_column(tmp_path: Path, row: str) -> None:
    assert len(_read_csv(tmp_path, f"text,label\n{row}\n")) == 1


def test_texts_without_labels_have_no_header_in_another_order(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("id,text\n1,hello\ntext,id\nbye,2\n")

    with pytest.raises(InvalidExamples, match="Line 3 is a header"):
        read_unlabelled([DataSource(file)], Remarks())


@pytest.mark.parametrize("blank", ["\n", ",,\n", ' , \n"",\n'])
def test_rows_without_content_may_precede_the_header(tmp_path: Path, blank: str) -> None:
    examples = _read_csv(tmp_path, f"{blank}text,label,\nhello,greeting,\n")

    assert [(each.text, each.label) for each in examples] == [("hello", "greeting")]


def test_a_text_with_a_tab_and_a_line_end_in_a_table_with_tabs_is_named(tmp_path: Path) -> None:
    remarks = Remarks()
    content = 'text\tlabel\n"hello\tgreeting\nbye"\tfarewell\n"two\nlines"\tgreeting\n'

    assert len(_read_csv(tmp_path, content, remarks)) == 2
    assert "1 noted: texts with a tab and a line end, which may be rows that quotes joined" in str(
        [*remarks]
    )
    assert _read_csv(tmp_path, 'text,label\n"a\tb\nc",greeting\n', remarks)
    assert len([*remarks]) == 1


def test_a_message_in_a_file_of_one_column_may_be_the_name_of_the_column(tmp_path: Path) -> None:
    file = tmp_path / "messages.csv"
    file.write_text("text\ntext\n--\n")

    unlabelled = read_unlabelled([DataSource(file)], Remarks())
    assert [each.example.text for each in unlabelled] == ["text", "--"]


@pytest.mark.parametrize(
    "label",
    [
        *("[]", '"[""a""]"', "\"['a', 'b']\"", '"{""choices"":[""a"",""b""]}"'),
        *("{'a'}", "\"('a',)\"", '"{""a"": 1}"', '"[a, b]"'),
        *('"{a,b}"', "{a}", "{}", '"{""a b"",c}"'),  # arrays of PostgreSQL
    ],
)
def test_a_label_that_is_a_list_is_rejected_with_the_remedy(tmp_path: Path, label: str) -> None:
    with pytest.raises(InvalidExamples, match=r"line 2: the label is a list\. Write the name"):
        _read_csv(tmp_path, f"text,label\nhello,{label}\n")


@pytest.mark.parametrize("label", ["=B2", '"=VLOOKUP(A2,Labels!A:B,2)"', "'=B2", "= B2"])
def test_a_label_that_is_a_formula_is_rejected_with_the_remedy(tmp_path: Path, label: str) -> None:
    with pytest.raises(InvalidExamples, match=r"line 2: the label is a formula\. Save the values"):
        _read_csv(tmp_path, f"text,label\nhello,{label}\n")


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        (' "greet"', "is in quotation marks"),
        ("'greet'", "is in quotation marks"),
        ("`greet`", "is in quotation marks"),
        ("b'greet'", "is in quotation marks"),
        ('"""greet"""', "is in quotation marks"),
        ("\u201cgreet\u201d", "is in quotation marks"),
        ("\u00abgreet\u00bb", "is in quotation marks"),
        ("__label__greet", "begins with __label__. Remove this"),
    ],
)
def test_a_label_with_the_marks_of_another_format_is_rejected(
    tmp_path: Path, label: str, problem: str
) -> None:
    with pytest.raises(InvalidExamples, match=f"line 2: the label {problem}"):
        _read_csv(tmp_path, f"text,label\nhello,{label}\n")


def test_texts_that_are_written_like_bytes_are_named(tmp_path: Path) -> None:
    remarks = Remarks()

    texts = [each.text for each in _read_csv(tmp_path, "text,label\nb'hi',a\nb 'so',a\n", remarks)]

    assert texts == ["b'hi'", "b 'so'"]
    (remark,) = remarks
    assert "1 noted: texts that are written like bytes of Python, b'...' (line 2)" in remark


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("tea &amp; toast", "order"),
        ("it&#39;s me", "order"),
        ("it&rsquo;s me", "order"),
        ("caf&eacute;", "order"),
        ("hi\\nthere", "order"),
        ("it is 50%.\\nThank you", "order"),
        ("caf\\u00e9", "order"),
        ("it\\'s me", "order"),
        ("one_x000D_two", "order"),
        ("caf\u00c3\u00a9", "order"),
        ("don\u00e2\u20ac\u2122t", "order"),
        ("\u00d0\u00bf\u00d1\u20ac\u00d0\u00b8", "order"),
        ("\u00f0\u0178\u02dc\u20ac", "order"),
        ("caf\ufffd", "order"),
        ("voil\u00c3\u00a0", "order"),
        ("\u00c2\u00abnon\u00c2\u00bb", "order"),
        ("caf\u221a\u00a9", "order"),
        ("don\u201a\u00c4\u00f4t", "order"),
        ("hi", "order &amp; pay"),
    ],
)
def test_what_another_program_has_encoded_or_damaged_is_named(
    tmp_path: Path, text: str, label: str
) -> None:
    remarks = Remarks()

    assert _read_csv(tmp_path, f'text,label\n"{text}",{label}\n', remarks) == [
        Example(text=text, label=label)
    ]

    (remark,) = remarks
    assert "1 noted: texts or labels that another program seems to have encoded" in remark


@pytest.mark.parametrize(
    "text",
    [
        "za\u017c\u00f3\u0142\u0107 g\u0119\u015bl\u0105",
        "\u0130stanbul",
        "\u03b3\u03b5\u03b9\u03b1",
        "\u05e9\u05dc\u05d5\u05dd",
        "\u0645\u0631\u062d\u0628\u0627",
        "\u0928\u092e\u0938\u094d\u0924\u0947",
        "\u4f60\u597d",
        "\u65e5\u672c",
        "\uc548\ub155",
    ],
)
@pytest.mark.parametrize("shown", ["cp1252", "latin-1"])
def test_a_text_of_any_language_that_was_read_in_another_encoding_is_named(
    tmp_path: Path, text: str, shown: str
) -> None:
    misread = "".join(_show(byte, shown) for byte in text.encode())
    remarks = Remarks()

    _read_csv(tmp_path, f'text,label\n"{misread}",order\n"{text}",order\n', remarks)

    (remark,) = remarks
    assert "1 noted: texts or labels that another program seems to have encoded" in remark


def _show(byte: int, encoding: str) -> str:
    """Return a byte as programs show it that keep those without a letter as control characters."""
    try:
        return bytes([byte]).decode(encoding)
    except UnicodeDecodeError:
        return chr(byte)


@pytest.mark.parametrize(
    "text",
    [
        "tea & toast; now",
        "open C:\\new\\run",
        "open \\\\server\\new",
        "open C:\\Program Files\\nodejs, .\\node_modules and %APPDATA%\\npm",
        "salt&pepper; R&D; now",
        "IRM\u00c3\u2019s MAM\u00c3\u2026 \u201cAMANH\u00c3\u201d",
        "\u00abCAF\u00c9\u00bb, \u201eSpa\u00df\u201c, CAF\u00c9\u2019s, CAF\u00c9\u00b4s",
        "d\u00e9j\u00e0\u2026\u201d, 3\u00d7\u00bd",
        "caf\u00e9\u2026",
        "na\u00efve, \u00c0 propos, \u00c3o, \u00abNON\u00bb \u00c2ge",
        "\u043f\u0440\u0438\u0432\u0435\u0442",
        "what is x_1 and AT&T",
    ],
)
def test_an_ordinary_text_is_not_named_as_encoded(tmp_path: Path, text: str) -> None:
    remarks = Remarks()

    _read_csv(tmp_path, f'text,label\n"{text}",order\n', remarks)

    assert list(remarks) == []


@pytest.mark.parametrize("label", ["don't", "a'b'", "5\u2033", "user's", "rock 'n' roll"])
def test_a_label_with_an_apostrophe_is_read(tmp_path: Path, label: str) -> None:
    assert [each.label for each in _read_csv(tmp_path, f"text,label\nhi,{label}\n")] == [label]


def test_the_split_training_is_read_as_train_and_named(tmp_path: Path) -> None:
    remarks = Remarks()

    (example,) = _read_csv(tmp_path, "text,label,split\na,x, Training\n", remarks)

    assert example.is_for_training
    assert ["1 changed: the split training is read as train (line 2)." in line for line in remarks]


def test_a_file_that_is_not_parquet_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "data.parquet").write_text(json.dumps({"text": "a"}))

    with pytest.raises(
        InvalidExamples, match=r"not a valid parquet file.*Copy or download it again"
    ):
        read_as("parquet", tmp_path / "data.parquet")


@pytest.mark.parametrize(
    ("delimiter", "text"),
    [
        *((each, f"Book a flight{each}book_flight\nHi there{each}greet\nThanks") for each in ",;|"),
        *((each, f"hi\nbye{each}so long") for each in ",;|"),
        (",", "Book a flight,book flight\nHi there,say hello\nThanks a lot"),
        (",", "Book a flight,book,train\nThanks"),
    ],
)
def test_a_text_that_may_be_rows_that_quotes_joined_is_named(
    tmp_path: Path, delimiter: str, text: str
) -> None:
    remarks = Remarks()

    assert _read_csv(tmp_path, f'text{delimiter}label\n"{text}"{delimiter}thanks\n', remarks)

    assert "and a line end, which may be rows that quotes joined (line 2)" in str([*remarks])


@pytest.mark.parametrize(
    "text",
    [
        "Dear Ann,\nthanks, and bye",
        "it costs 3,000\nor 4,000",
        "Hello, Ann\nso, what now\nbye, bye",
        "one;\ntwo;\nthree",
        "milk\nbread",
    ],
)
def test_a_text_of_several_lines_with_commas_is_not_named(tmp_path: Path, text: str) -> None:
    remarks = Remarks()

    (example,) = _read_csv(tmp_path, f'text,label\n"{text}",thanks\n', remarks)

    assert (example.text, list(remarks)) == (text, [])


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        *(
            (each, "the label is a list")
            for each in ('["a"]', "['a', 'b']", '{"choices": ["a"]}', "[]")
        ),
        ("greet\nbye", "the label has a line end"),
        ("greet\rbye", "the label has a line end"),
    ],
)
@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl", "secondary", "clu", "luis"])
def test_a_label_that_holds_several_names_is_rejected_in_every_format(
    tmp_path: Path, label: str, problem: str, kind: str
) -> None:
    file = tmp_path / "data"
    utterance = {"text": "hi", "intent": label}
    if kind == "csv":
        file.write_bytes(write_table(["text", "label"], [{"text": "hi", "label": label}]))
    elif kind == "parquet":
        parquet.write_table(pa.table({"text": ["hi"], "label": [label]}), file)
    elif kind == "clu":
        file.write_text(json.dumps({"assets": {"utterances": [utterance]}}))
    elif kind == "luis":
        file.write_text(json.dumps({"utterances": [utterance]}))
    else:
        values = {"label": label} if kind == "jsonl" else {"label": "a", "secondary": [label]}
        file.write_text(json.dumps({"text": "hi", **values}))

    with pytest.raises(InvalidExamples, match=rf" 1: {problem}|line 2: {problem}"):
        read_as("jsonl" if kind == "secondary" else kind, file)


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
@pytest.mark.parametrize("corrected", ["greeting", "", "bye"])
def test_a_correction_that_contradicts_the_label_is_rejected(
    tmp_path: Path, file_format: str, corrected: str
) -> None:
    file = tmp_path / f"data.{file_format}"
    row = {"text": "hello", "label": "greeting", "corrected_intent": corrected, "id": "1"}
    if file_format == "csv":
        file.write_bytes(write_table(tuple(row), [row]))
    else:
        parquet.write_table(pa.Table.from_pylist([row]), file)

    if corrected == "bye":
        with pytest.raises(InvalidExamples, match=r" [12]: label and corrected_intent differ"):
            read_examples([file])
    else:
        assert read_examples([file]) == [HELLO]


_ANNOTATED = (
    "userid;answerid;scenario;intent;status;answer_annotation;notes;suggested_entities;"
    "answer_normalised;answer;question\n"
    '1;1;alarm;set;;wake me;;;wake me;"wake me; please";Write what you would say.\n'
    "1;2;alarm;query;IRR;;;;null;null;Write what you would say.\n"
    "2;3;lists;query;;my lists;;;my lists;my lists;Write what you would ask.\n"
)
"""The table of HWU64."""


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_the_command_for_answers_in_a_scenario_takes_the_answers_and_whole_intents(
    tmp_path: Path, delimiter: str
) -> None:
    content = _ANNOTATED.replace("wake me; please", "wake me, please").replace(";", delimiter)
    with pytest.raises(InvalidExamples, match="the text is the answer") as error:
        _read_csv(tmp_path, content)
    command = re.search(r"python -c .* > texts\.jsonl\Z", str(error.value))
    assert command, error.value

    (tmp_path / "FILE").write_text(content, newline="")
    shell = command[0].replace("python ", f"{sys.executable} ", 1)
    subprocess.run(["bash", "-ec", shell], cwd=tmp_path, check=True)

    found = read_as("jsonl", tmp_path / "texts.jsonl")
    expected = [("wake me, please", "alarm_set"), ("my lists", "lists_query")]
    assert [(each.text, each.label) for each in found] == expected


@pytest.mark.parametrize(
    "content",
    [
        '"text,label"\n"hello,greeting"\n',
        '\ufeff"text;label"\n"hello;greeting"\n',
        '"text,""label"""\n"hello,""greeting"""\n',
        '\n"id,text,label"\n"1,hello,greeting"\n',
    ],
)
def test_rows_in_quotes_as_a_whole_are_rejected_with_the_command_that_unwraps_them(
    tmp_path: Path, content: str
) -> None:
    with pytest.raises(InvalidExamples, match="quotes around each row") as error:
        _read_csv(tmp_path, content)
    command = re.search(r"python -c .* > rows\.csv\Z", str(error.value))
    assert command, error.value

    (tmp_path / "FILE").write_text(content)
    shell = command[0].replace("python ", f"{sys.executable} ", 1)
    subprocess.run(["bash", "-ec", shell], cwd=tmp_path, check=True)

    assert read_as("csv", tmp_path / "rows.csv") == [HELLO]


@pytest.mark.parametrize(
    ("content", "fact", "line"),
    [
        ("label,text,note\ngreet,hi,\nbye,so long, my friend\nbye,bye,\n", "may go on", 3),
        ("text,label,note\na,greet,\nhi,you,greet\nb,greet,x\nc,bye,\n", "may be cut", 3),
        ("text,label,by,note\na,greet,ann,\nhi,you,there,Greet\nb,greet,,\n", "may be cut", 3),
    ],
)
def test_a_text_that_a_delimiter_may_have_cut_is_named(
    tmp_path: Path, content: str, fact: str, line: int
) -> None:
    remarks = Remarks()

    assert len(_read_csv(tmp_path, content, remarks)) == content.count("\n") - 1
    assert any(fact in each and f"(line {line})" in each for each in remarks)


@pytest.mark.parametrize(
    "content",
    [
        "label,text,note\ngreet,hi, a\nbye,so, b\nbye,bye, c\n",
        "text,label,predicted\na,greet,greet\nb,bye,greet\nc,bye,bye\n",
        "label,text,split\ngreet,hi, train\nbye,so,test\nbye,bye,test\n",
        "text,label,note\na,greet,\n,,\n,,\nb,bye,x\n",
    ],
)
def test_a_text_beside_other_cells_is_not_named_as_cut(tmp_path: Path, content: str) -> None:
    remarks = Remarks()

    _read_csv(tmp_path, content, remarks)

    assert not [each for each in remarks if "may go on" in each or "may be cut" in each]


@pytest.mark.parametrize(
    "name",
    [
        *("corrected_label", "Label Corrected", "correctedIntent", "new_label", "final intent"),
        *("human_label", "gold_label", "TrueIntent", "label_final", "intent_new", "manual-label"),
    ],
)
@pytest.mark.parametrize("value", ["farewell", " greeting ", ""])
def test_a_correction_of_another_name_that_contradicts_the_label_is_rejected(
    tmp_path: Path, name: str, value: str
) -> None:
    columns = {"text": ["hello"], "label": ["greeting"], name: [value or None]}
    table = _write_parquet(tmp_path, **columns).rename(tmp_path / "data.parquet")
    lines, cells = tmp_path / "data.jsonl", tmp_path / "data.csv"
    lines.write_text(json.dumps({"text": "hello", "label": "greeting", name: value or None}))
    cells.write_text(f"text,label,{name}\nhello,greeting,{value}\n")

    for file in (table, lines, cells):
        if value == "farewell":
            with pytest.raises(InvalidExamples, match=f"(?i)label and {name} differ"):
                read_examples([file])
        else:
            assert read_examples([file]) == [HELLO]


@pytest.mark.parametrize("row", ['"hello,greeting"', '"""hello, you"",greeting"'])
def test_a_row_in_quotes_as_a_whole_is_rejected_with_the_remedy(tmp_path: Path, row: str) -> None:
    with pytest.raises(InvalidExamples, match=r"line 3 has one cell.*remove the quotes around it"):
        _read_csv(tmp_path, f"text,label\nhi,greeting\n{row}\n")


def test_a_text_without_further_cells_is_read_where_no_label_is_needed(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text('text,note\n"hello, you"\n')

    (located,) = read_unlabelled([DataSource(tmp_path / "data.csv")], Remarks())

    assert located.example.text == "hello, you"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_without_a_header_whose_labels_come_first_is_named_as_such(
    tmp_path: Path, delimiter: str
) -> None:
    rows = [("greet", "hi there"), ("bye", "so long"), ("greet", "good day")]
    first = "".join(f"{label}{delimiter}{text}\n" for label, text in rows)
    last = "".join(f"{text}{delimiter}{label}\n" for label, text in rows)

    with pytest.raises(InvalidExamples, match=r"Add the line.*first column seems to be the label"):
        _read_csv(tmp_path, first)
    with pytest.raises(InvalidExamples, match=r"Add the line, or rename the columns\.\Z"):
        _read_csv(tmp_path, last)


@pytest.mark.parametrize("content", ["", '"a,b\n', "hi\n", "sentence,tag\n", "a,b,c\nd,e,f\n"])
def test_nothing_is_said_of_the_columns_of_another_table(tmp_path: Path, content: str) -> None:
    with pytest.raises(InvalidExamples, match=r"^(?!.*seems to be the label)"):
        _read_csv(tmp_path, content)
