"""The data of `train` and `evaluate`: files of any format are recognised, read and reported on."""

import gzip
import json
import os
import threading
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from cli import labelled_data
from cli.main import app
from cli.sources import local_sources
from training.config import NoProgress
from training.data.examples import Example, InvalidExamples
from training.data.formats import FORMATS, write_as
from training.data.reading import read_examples, read_sources, read_unlabelled
from training.data.remarks import Remarks
from training.data.sources import DataSource

HELLO = Example(text="hello", label="greeting")
SUFFIXES = {
    "jsonl": "jsonl",
    "csv": "csv",
    "parquet": "parquet",
    "rasa": "yml",
    "clu": "json",
    "luis": "json",
}
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("is_compressed", [False, True])
def test_the_format_of_a_file_is_recognised(
    tmp_path: Path, file_format: str, is_compressed: bool
) -> None:
    file = tmp_path / f"data.{SUFFIXES[file_format]}"
    write_as(file_format, file, [HELLO])
    if is_compressed:
        content = file.read_bytes()
        file = tmp_path / f"{file.name}.gz"
        file.write_bytes(gzip.compress(content))

    assert read_examples([file]) == [HELLO]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.tsv", "text\tlabel\nhello\tgreeting\n"),
        ("data.txt", "\ufefftext\tlabel\nhello\tgreeting\n"),
        ("data.txt", "sep=;\nLabel;Text\ngreeting;hello\n"),
        ("data.txt", "\t\t\ntext\tlabel\t\nhello\tgreeting\t\n"),
        ("greeting.txt", "hello\n"),
        ("greeting.TXT", "hello\n"),
        ("data.ndjson", '{"text": "hello", "label": "greeting"}\n'),
        ("data.json", '{"text": "hello", "label": "greeting"}\n'),
        ("data.json", '[{"text": "hello", "label": "greeting"}]'),
        ("data.json", '[{"text": "hello", "intent": "greeting", "dataset": "Train"}]'),
        ("data.txt", '{"text": "hello", "label": "greeting"}\n'),
        ("data.txt", '[\n {"text": "hello", "intent": "greeting"}]'),
        ("data", '{"text": "hello", "label": "greeting"}\n'),
        ("app", '{\n "utterances": [{"text": "hello", "intent": "greeting"}]\n}'),
    ],
)
def test_other_names_and_contents_are_recognised(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")

    assert read_examples([tmp_path / name]) == [HELLO]


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("data.json", '{"rasa_nlu_data": {}}', "format of Rasa 1"),
        ("nlu.md", "## intent:greet\n- hello\n", "Markdown"),
        ("nlu.md", "# Greet\n- hi\n", "document in Markdown.*LABEL.txt for each label"),
        ("nlu.md", "# Greet\n* hi: {x\n", "document in Markdown.*LABEL.txt for each label"),
        ("app.lu", "# greet\n- hello\n", "export the LUIS version as JSON"),
        ("data.xlsx", "PK\x03\x04", "Excel workbook"),
        ("data.json", "", "no examples"),
    ],
)
def test_other_files_are_rejected_with_what_to_do(
    tmp_path: Path, name: str, content: str, problem: str
) -> None:
    (tmp_path / name).write_text(content, "utf-8")

    with pytest.raises(InvalidExamples, match=problem):
        read_examples([tmp_path / name])


def test_a_review_file_is_read_by_its_decisions(tmp_path: Path) -> None:
    entry = {"id": "01a20ce3-576e-7a47-ac46-366bfd775716", "prompt": "hello"}
    other = {"id": "01a20ce3-576e-7a47-ac46-366bfd775717", "prompt": "?", "corrected_intent": None}
    file, remarks = tmp_path / "review.json", Remarks()
    file.write_text(json.dumps([{**entry, "corrected_intent": "greeting"}, other]))

    (read,) = read_sources([DataSource(file)], remarks)

    greeting = Example(text="hello", label="greeting", corrected=True, source="production")
    assert read.example == greeting
    stated = {"corrected_intent": "greeting", "corrected_secondary_intents": ["status"]}
    file.write_text(json.dumps([{**entry, **stated}]))
    assert read_examples([file]) == [greeting.model_copy(update={"secondary": ("status",)})]
    file.write_text(json.dumps([{**entry, "corrected_intent": "greeting"}, other]))
    assert list(remarks) == [f"{file}: 1 left out: entries without a decision (entry 2)."]
    assert [each.example.text for each in read_unlabelled([DataSource(file)], Remarks())] == [
        "hello",
        "?",
    ]
    lines = [json.dumps({**entry, "corrected_intent": "greeting"}), json.dumps(other)]
    for name in ("review.jsonl", "lines.json"):
        (tmp_path / name).write_text("\n".join(lines))
        assert read_examples([tmp_path / name]) == [greeting]
    file.write_text(json.dumps([{**entry, "corrected_intent": 3}]))
    with pytest.raises(InvalidExamples, match=r"review\.json, entry 1: corrected_intent"):
        read_examples([file])


@pytest.mark.parametrize(
    "content",
    [
        "id,corrected_intent\n01a20ce3-576e-7a47-ac46-366bfd775716,greeting\n",
        '[{"id": "01a20ce3-576e-7a47-ac46-366bfd775716", "corrected_intent": "greeting"}]',
    ],
)
def test_a_review_file_without_the_prompts_is_rejected_with_the_remedy(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "review"
    file.write_text(content)

    with pytest.raises(InvalidExamples, match=r"review, \w+ \d has no prompt\. Keep the field"):
        read_examples([file])


@pytest.mark.parametrize(
    "fields", [{"completion": "greeting"}, {"label": "greeting"}, {"response": "hello"}]
)
def test_a_list_of_prompts_of_another_program_is_no_review_file(
    tmp_path: Path, fields: dict[str, str]
) -> None:
    file = tmp_path / "data.json"
    file.write_text(json.dumps([{"prompt": "hello", **fields}]))

    with pytest.raises(InvalidExamples, match=r"entry 1 has no text\. Rename the field prompt"):
        read_examples([file])


def test_a_list_of_prompts_is_read_by_its_labels_like_its_lines(tmp_path: Path) -> None:
    prompt = {"id": "x", "prompt": "hello", "predicted_intent": "a", "corrected_intent": None}
    file = tmp_path / "prompts.json"
    for indent in (None, 1):
        file.write_text(json.dumps([{**prompt, "label": "greeting"}], indent=indent))
        assert [each.label for each in read_examples([file])] == ["greeting"]


@pytest.mark.parametrize(
    ("name", "content", "remedy"),
    [
        ("a.csv", "text,id,sentiment,annotator,annotation_id\nhi,1,good,1,1\n", "rename the colu"),
        (
            "a.json",
            '[{"text": "hi", "sentiment": "good", "annotation_id": 1}]',
            "sentiment to label",
        ),
    ],
)
def test_an_export_of_another_project_is_rejected_with_the_field_to_rename(
    tmp_path: Path, name: str, content: str, remedy: str
) -> None:
    (tmp_path / name).write_text(content)

    with pytest.raises(InvalidExamples, match=remedy):
        read_examples([tmp_path / name])


@pytest.mark.parametrize("name", ["greeting.txt", "data.csv"])
def test_a_nul_character_is_rejected_with_its_line(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("text,label,\nhel\0lo,greeting,\n")

    with pytest.raises(InvalidExamples, match="Line 2 contains a NUL"):
        read_examples([tmp_path / name])


@pytest.mark.parametrize(
    "content",
    [
        "text\tlabel\nhello\tgreeting\n".encode("utf-16"),
        b"sep=;\nLabel;Text\ngreeting;hello\n",
        b'"label", "text"\n"greeting", "hello"\n',
        b'{"text": "hello", "label": "greeting"}\n',
    ],
)
def test_a_text_file_that_is_a_table_is_read_as_one_in_a_folder_too(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "sheet.TXT").write_bytes(content)
    (tmp_path / "thanks.txt").write_text("thank you\n")
    summaries: list[str] = []

    read = read_sources([DataSource(tmp_path)], Remarks(), describe=summaries.append)

    assert [each.example for each in read] == [HELLO, Example(text="thank you", label="thanks")]
    (summary,) = summaries
    assert summary.endswith(
        f"the names of the files, and from the content of {tmp_path}/sheet.TXT."
    )


@pytest.mark.parametrize("header", ["text,intent", "utterance;label", "Category\tMessage\tid"])
@pytest.mark.parametrize("is_folder", [False, True])
def test_a_text_file_with_other_columns_is_refused_with_the_remedy(
    tmp_path: Path, header: str, is_folder: bool
) -> None:
    file = tmp_path / "sheet.txt"
    file.write_text(f"{header}\nhello,greeting\n")

    with pytest.raises(InvalidExamples, match=r"sheet\.txt .*columns text and label.*rename"):
        read_examples([tmp_path if is_folder else file])


@pytest.mark.parametrize(
    "content",
    [
        ",text\n3,hello\n9,bye\n",
        ',text\n0,"hello, you"\n1,bye\n',
        ",0\n0,hello\n1,bye\n",
        "id;text\n1;hello\n",
        "id\ttext\n1\thello\n",
        "message,user\nhello,ann\nbye,tom\n",
    ],
)
def test_a_text_file_that_is_a_table_without_labels_is_refused_as_texts_of_one_label(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "greeting.txt"
    file.write_text(content)

    with pytest.raises(InvalidExamples, match=r"greeting\.txt .*columns text and label.*rename"):
        read_examples([file])


@pytest.mark.parametrize("header", [",text", "id;text", "id\ttext", "Text|user"])
def test_the_texts_of_a_table_in_a_text_file_need_no_labels(tmp_path: Path, header: str) -> None:
    delimiter = next(each for each in ",;\t|" if each in header)
    file = tmp_path / "messages.txt"
    file.write_text("\n".join([header, f"hello{delimiter}1", f"bye{delimiter}2"]))
    if not header.startswith("Text"):
        file.write_text("\n".join([header, f"1{delimiter}hello", f"2{delimiter}bye"]))

    read = read_unlabelled([DataSource(file)], Remarks())

    assert [each.example.text for each in read] == ["hello", "bye"]


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (
            "1\thello there\tu1\n2\tbook it\tu2\n",
            "has as many tabs in each line, as a table without a header",
        ),
        (
            "2026-11-24 10:00 hello\n2026-11-24 10:01 bye\n",
            "has a date and a time before each line, as logs and chats do",
        ),
        ("{'text': 'hello'}\n{'text': 'bye'}\n", "has an object in each line, but not in JSON"),
        (
            "u1;hello\nu2;bye\nu1;so\n",
            "has as many semicolons in each line, as a table without a header",
        ),
    ],
)
def test_the_form_of_texts_without_labels_is_named(tmp_path: Path, content: str, fact: str) -> None:
    file, remarks = tmp_path / "messages.txt", Remarks()
    file.write_text(content)

    read = read_unlabelled([DataSource(file)], remarks)

    assert [each.example.text for each in read] == content.splitlines()
    assert list(remarks) == [
        f"{file}: {len(read)} noted: lines that are texts as a whole, of a file that {fact}."
    ]


@pytest.mark.parametrize(
    "message",
    [
        "send a text, then label it",
        "message,please",
        "text",
        "a; text",
        "[1] is a note",
        "{name}, hi",
        "[]",
        "2 | 3",
    ],
)
def test_a_message_is_no_table(tmp_path: Path, message: str) -> None:
    (tmp_path / "greeting.txt").write_text(f"{message}\nhello\n")

    assert [example.text for example in read_examples([tmp_path])] == [message, "hello"]


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_only_line_feeds_and_carriage_returns_end_a_text(tmp_path: Path, separator: str) -> None:
    (tmp_path / "greeting.txt").write_text(f"hello{separator}there\nhi\n", "utf-8", newline="")

    texts = [example.text for example in read_examples([tmp_path])]

    assert texts == [f"hello{separator}there", "hi"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("data.jsonl", '{"text": "hello"}\n{"text": "", "label": 3}\n{"text": "bye", "label": 3}'),
        ("data.csv", "text;note\nhello;a\n;b\nbye;\n"),
        ("data.txt", "hello\n\nbye\n"),
    ],
)
def test_texts_without_labels_are_read_from_the_same_formats(
    tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content)

    located = read_unlabelled([DataSource(tmp_path / name)], Remarks())

    assert [each.example.text for each in located] == ["hello", "bye"]


@pytest.mark.parametrize("name", ["https://example.com/data.csv", "gs://bucket/data.csv"])
def test_a_url_that_cannot_be_read_is_refused_with_the_remedy(name: str) -> None:
    command = ["evaluate", "--model", str(ROOT / "model_artifacts/assistant"), "--data", name]

    result = CliRunner().invoke(app, command, env={"COLUMNS": "200"})

    assert result.exit_code == 1
    assert f"{name} cannot be read: only files and s3:// URLs can." in result.stderr


@pytest.mark.parametrize(
    ("split", "is_named"),
    [("test", False), ("dev", False), ("validation", False), ("gold", False), ("held-out", False),
     ("test_2024", False), ("my-test", False), ("fit", True), ("train_clean", True),
     ("latest", True)],
)  # fmt: skip
def test_a_split_whose_name_does_not_say_that_it_is_measured_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], split: str, is_named: bool
) -> None:
    file = tmp_path / "data.csv"
    file.write_text(f"text,label,split\nhello,greeting,{split}\nhi,greeting,test\n")

    examples = labelled_data.read_test_examples([DataSource(file)], NoProgress())

    assert len(examples) == 2
    warning = f"1 text has the split {split} and is measured."
    assert (warning in capsys.readouterr().err) is is_named


def test_a_split_named_training_is_not_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "data.csv"
    file.write_text("text,label,split\nhello,greeting,training\nhi,greeting,test\n")
    sources = [DataSource(file)]

    measured = labelled_data.read_test_examples(sources, NoProgress())
    trained = labelled_data.read_training_data(sources, [], NoProgress()).examples

    assert ([each.text for each in measured], [each.text for each in trained]) == (
        ["hi"],
        ["hello"],
    )
    assert "the split training is read as train" in capsys.readouterr().err


def test_texts_without_a_visible_character_are_left_out_and_named(tmp_path: Path) -> None:
    (tmp_path / "greeting.txt").write_text("hello\n\u200b\u2060\n", "utf-8")
    remarks = Remarks()

    read = read_sources([DataSource(tmp_path)], remarks)

    assert [located.example for located in read] == [HELLO]
    assert "1 left out: texts without a visible character (line 2)." in next(iter(remarks))


def test_the_places_of_examples_are_files_and_lines(tmp_path: Path) -> None:
    (tmp_path / "greeting.txt").write_text("hello\n\nhi\n")
    (tmp_path / "data.csv").write_text('text,label\n"a\nb",x\nc,x\n')

    sources = [DataSource(tmp_path), DataSource(tmp_path / "data.csv")]
    places = [str(located.location) for located in read_sources(sources, Remarks())]

    assert places == [
        f"{tmp_path}/greeting.txt, line 1", f"{tmp_path}/greeting.txt, line 3",
        f"{tmp_path}/data.csv, line 2", f"{tmp_path}/data.csv, line 4",
    ]  # fmt: skip


def test_progress_reaches_the_size_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a", "label": "x"}\n' * 5_000)
    (tmp_path / "b.csv").write_text("text,label\na,x\n")
    reports: list[tuple[int, int]] = []

    sources = [DataSource(tmp_path / name) for name in ("a.jsonl", "b.csv")]
    read_sources(sources, Remarks(), lambda done, total: reports.append((done, total)))

    total = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert {each for _, each in reports} == {total}
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)
    assert len(reports) > 3
    assert reports[-1] == (total, total)


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    line = '{"text": "hello", "label": "greeting"}\n'
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=(line,))
    writer.start()

    with local_sources([str(tmp_path / "pipe")], NoProgress()) as sources:
        (read,) = read_sources(sources, Remarks())
    writer.join()

    assert read.example == HELLO
    assert str(read.location) == f"{tmp_path}/pipe, line 1"


def test_what_is_left_out_and_odd_is_reported_without_a_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "data.csv"
    file.write_text("text,label\nmarmalade,Jam\nMarmalade,jam\n,\nmarmalade,x\n")

    labelled_data.read_training_data([DataSource(file)], [], NoProgress())

    errors = capsys.readouterr().err
    assert f"{file}: 3 texts; labels from the field label." in errors
    assert f"{file}: 1 left out: rows without content (line 4)." in errors
    assert "1 text has more than one label." in errors
    assert "'Jam', 'jam' differ only in case" in errors
    assert "marmalade" not in errors.casefold()


def test_decisions_in_review_files_that_differ_in_case_or_state_nothing_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "review.csv"
    rows = [("hi", "Reminder", ""), ("so", "email", "reminder, email2"), ("yo", "email", "none")]
    lines = (f"{uuid4()},{text},{label},{more}\n" for text, label, more in rows)
    header = "id,prompt,corrected_intent,corrected_secondary_intents\n"
    file.write_text(header + "".join(lines).replace("reminder, email2", '"reminder, email2"'))

    labelled_data.read_training_data([DataSource(file)], [], NoProgress())

    errors = capsys.readouterr().err
    assert "The labels 'Reminder', 'reminder' differ only in case" in errors
    assert "3 secondary intents are the label of no text" in errors
    assert f"{file}, line 4 (none)" in errors


def test_training_without_an_intent_is_explained(tmp_path: Path) -> None:
    lines = [f'{{"text": "{n}", "label": "{label}"}}' for n, label in enumerate(["unknown", "oos"])]
    (tmp_path / "data.jsonl").write_text("\n".join(lines))
    command = ["train", "--data", str(tmp_path / "data.jsonl"), "--out", str(tmp_path / "out")]

    result = CliRunner().invoke(app, command)

    assert result.exit_code == 1
    assert "at least one intent. The labels oos, unknown mean that no intent applies" in (
        result.stderr
    )
    assert not (tmp_path / "out").exists()


def test_a_missing_base_is_named_before_the_data_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["train", "--data", "missing.jsonl", "--out", str(tmp_path / "out")]

    result = CliRunner().invoke(app, command, env={"COLUMNS": "200"})

    assert result.exit_code == 1
    assert "There is no folder model_artifacts/assistant" in result.stderr
    assert "with --base" in result.stderr


@pytest.mark.parametrize("seed", ["-1", str(2**32)])
def test_a_seed_that_no_generator_takes_is_refused(tmp_path: Path, seed: str) -> None:
    command = ["train", "--data", "a.jsonl", "--out", str(tmp_path / "out"), "--seed", seed]

    result = CliRunner().invoke(app, command)

    assert result.exit_code == 2
    assert "--seed" in result.stderr


@pytest.mark.usefixtures("brief_students")
def test_training_names_rare_labels_copies_and_the_missing_unknown(tmp_path: Path) -> None:
    texts = {"greeting": ["hi", "HI", "hello", "hey", "good day", "hiya"], "rare": ["only me"]}
    texts["status"] = [f"how far is task {n}" for n in "abcdef"]
    lines = [{"text": text, "label": label} for label in texts for text in texts[label]]
    (tmp_path / "data.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    command = ["train", "--data", str(tmp_path / "data.jsonl"), "--out", str(tmp_path / "out")]
    base = ["--base", str(ROOT / "model_artifacts" / "assistant")]

    result = CliRunner().invoke(app, [*command, *base])

    assert result.exit_code == 0, result.output
    assert "1 copy of a text is left out" in result.stderr
    assert "1 label has fewer than 5 different texts" in result.stderr
    assert "rare (1)" in result.stderr
    assert "No text has the label unknown" in result.stderr
