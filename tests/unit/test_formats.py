"""Conversion between formats: round trips, and the command."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from cli.convert import DataFormat, SourceFormat
from cli.main import app
from training.data.examples import Example, InvalidExamples
from training.data.formats import FORMATS, READ_FORMATS, read_as, write_as

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).parent / "prompt-capture")
ANNOTATION = re.compile(r"\][\[({]")
"""Rasa may read an entity annotation here, and such texts are left out with a remark."""
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
    lambda text: text == text.strip() and "\0" not in text and not ANNOTATION.search(text)
)
EXAMPLES = st.lists(
    st.builds(
        Example,
        text=TEXTS,
        label=st.sampled_from(["status", "reminder"]),
        secondary=st.just(()),
        corrected=st.just(False),
        split=st.none(),
    ),
    min_size=1,
)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_round_trip_preserves_texts_and_labels(
    file_format: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp(file_format)

    @given(EXAMPLES)
    def round_trip(examples: list[Example]) -> None:
        write_as(file_format, folder / "file", examples)
        read = read_as(file_format, folder / "file")
        assert sorted(read, key=repr) == sorted(examples, key=repr)

    round_trip()


def _convert(source: Path, target: Path, source_format: str, target_format: str) -> Result:
    command = ["convert", str(source), str(target), "--from", source_format, "--to", target_format]
    return CliRunner().invoke(app, command)


def test_the_command_offers_all_formats() -> None:
    assert tuple(each.value for each in DataFormat) == FORMATS
    assert tuple(each.value for each in SourceFormat) == READ_FORMATS


def test_the_command_converts_files_and_rejects_invalid_ones(tmp_path: Path) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "b.json"
    source.write_text("text,label\nhello,greeting\n")

    done = _convert(source, target, "csv", "clu")
    failed = _convert(source, target, "rasa", "clu")

    assert done.stderr == f"Wrote 1 text to {target}\n"
    assert done.stdout == ""
    assert read_as("clu", target) == [Example(text="hello", label="greeting")]
    assert failed.exit_code == 1
    assert "It seems to be a file for --from csv." in failed.stderr
    with pytest.raises(
        InvalidExamples, match=r"is not a valid parquet file.*Copy or download it again"
    ):
        read_as("parquet", source)


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_unpaired_surrogate_is_replaced_in_every_format_and_named(
    tmp_path: Path, file_format: str
) -> None:
    source, target = tmp_path / "a.jsonl", tmp_path / "b"
    source.write_text('{"text": "sure", "label": "a"}\n{"text": "well \\ud83d", "label": "a"}\n')

    result = _convert(source, target, "jsonl", file_format)

    assert result.exit_code == 0
    assert f"{source}: 1 changed: unpaired surrogates become U+FFFD (line 2)." in result.stderr
    assert [example.text for example in read_as(file_format, target)] == ["sure", "well \ufffd"]


def test_a_text_with_two_labels_and_other_splits_are_named(tmp_path: Path) -> None:
    source, target = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    source.write_text(
        '{"text": "Put it in", "label": "add"}\n'
        '{"text": "put it  in", "label": "none"}\n'
        '{"text": "PUT IT IN", "label": "add", "split": "gold"}\n'
    )

    stderr = _convert(source, target, "jsonl", "jsonl").stderr

    assert "1 text has more than one label." in stderr
    assert f"{source}, line 1 (add) and {source}, line 2 (none)" in stderr
    assert "1 text has the split gold: not for training." in stderr
    assert "put it" not in stderr.casefold()


def test_fields_that_a_format_lacks_are_named(tmp_path: Path) -> None:
    source, target = tmp_path / "a.jsonl", tmp_path / "b"
    line = '{"text": "do both", "label": "a", "secondary": ["b", "c"], "corrected": true}\n'
    source.write_text(line)

    to_csv = _convert(source, target, "jsonl", "csv")
    assert "2 left out: secondary intents (line 1)." in to_csv.stderr
    assert "1 left out: marks that a label is corrected (line 1)." in to_csv.stderr

    to_json_lines = _convert(source, target, "jsonl", "jsonl")
    assert to_json_lines.stderr == f"Wrote 1 text to {target}\n"
    assert target.read_text() == line


@pytest.mark.parametrize("tier", ["confident", "near_duplicate", None])
@pytest.mark.parametrize("target_format", [each for each in FORMATS if each != "jsonl"])
def test_the_loss_of_where_labels_come_from_is_named(
    tmp_path: Path, tier: str | None, target_format: str
) -> None:
    """A predicted label counts as written afterwards, and would win over predicted ones."""
    source = tmp_path / "a.jsonl"
    exported = {"text": "hi", "label": "greet", "source": "production", "tier": tier}
    source.write_text(json.dumps(exported))

    result = _convert(source, tmp_path / "b", "jsonl", target_format)

    assert "a.jsonl: 1 left out: marks that a label is predicted, audited or" in result.stderr


def test_the_number_of_written_texts_is_that_in_the_file(tmp_path: Path) -> None:
    source, target = tmp_path / "a.jsonl", tmp_path / "b.yml"
    source.write_text('{"text": "a [b](c)", "label": "x"}\n{"text": "d", "label": "x"}\n')

    assert "Wrote 1 text" in _convert(source, target, "jsonl", "rasa").stderr


@pytest.mark.parametrize("target", ["/dev/stdout", "-"])
def test_a_target_on_standard_output_is_not_mixed_with_the_report(
    tmp_path: Path, target: str
) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"text": "a", "label": "x"}\n')
    command = [COMMAND, "convert", str(source), target, "--to", "jsonl"]

    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)

    assert done.stdout == source.read_text()
    assert "Wrote 1 text" in done.stderr
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("target", ["/dev/stdout", "-"])
def test_a_target_on_standard_output_keeps_what_is_in_a_file_already(
    tmp_path: Path, target: str
) -> None:
    source, output = tmp_path / "a.jsonl", tmp_path / "all.jsonl"
    source.write_text('{"text": "a", "label": "x"}\n')
    output.write_text("before\n")

    with output.open("a") as file:
        command = [COMMAND, "convert", str(source), target, "--to", "jsonl"]
        subprocess.run(command, stdout=file, check=True, cwd=tmp_path)

    assert output.read_text() == f"before\n{source.read_text()}"


@pytest.mark.parametrize(
    "content", ['{"text": "a", "label": "x"}\n', '[{"text": "a", "label": "x"}]']
)
@pytest.mark.parametrize("source", ["/dev/stdin", "-"])
def test_a_source_on_standard_input_is_read_once(tmp_path: Path, content: str, source: str) -> None:
    command = [COMMAND, "convert", source, str(tmp_path / "b"), "--from", "jsonl"]

    subprocess.run([*command, "--to", "jsonl"], input=content, text=True, check=True, cwd=ROOT)

    assert read_as("jsonl", tmp_path / "b") == [Example(text="a", label="x")]


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_target_whose_name_ends_with_gz_is_compressed(tmp_path: Path, file_format: str) -> None:
    source, target = tmp_path / "a.jsonl", tmp_path / "b.GZ"
    source.write_text('{"text": "hello", "label": "greeting"}\n')

    assert _convert(source, target, "jsonl", file_format).exit_code == 0

    assert gzip.decompress(target.read_bytes())
    assert read_as(file_format, target) == [Example(text="hello", label="greeting")]


@pytest.mark.parametrize("name", ["b.csv.bz2", "b.csv.zst", "b.csv.xz"])
def test_a_compression_that_is_not_supported_is_refused(tmp_path: Path, name: str) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"text": "hello", "label": "greeting"}\n')

    result = _convert(source, tmp_path / name, "jsonl", "csv")

    assert result.exit_code == 1
    assert "End the name with .gz" in result.stderr
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("options", [[], ["--to", "csv"]])
@pytest.mark.parametrize("name", ["b.xlsx", "b.XLS", "b.ods"])
def test_a_table_is_not_written_under_the_name_of_a_spreadsheet(
    tmp_path: Path, name: str, options: list[str]
) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"text": "hello", "label": "greeting"}\n')

    command = ["convert", str(source), str(tmp_path / name), *options]
    result = CliRunner().invoke(app, command)

    assert result.exit_code == 1
    assert "Write a .csv file" in result.stderr
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("target", ["", "file/b.csv"])
def test_a_target_that_cannot_be_written_is_explained(tmp_path: Path, target: str) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"text": "a", "label": "x"}\n')
    (tmp_path / "file").touch()

    result = _convert(source, tmp_path / target, "jsonl", "csv")

    assert result.exit_code == 1
    assert "cannot be written: " in result.stderr


@pytest.mark.parametrize(
    ("name", "file_format", "ending"),
    [
        ("a.parquet", "csv", ".csv"),
        ("a.csv", "parquet", ".parquet"),
        ("a.tsv", "csv", ".csv"),
        ("a.CSV.gz", "jsonl", ".jsonl"),
        ("a.yaml", "luis", ".json"),
        ("a.json", "rasa", ".yml"),
    ],
)
def test_a_target_is_not_written_under_the_name_of_another_format(
    tmp_path: Path, name: str, file_format: str, ending: str
) -> None:
    source = tmp_path / "source.jsonl"
    source.write_text(LINE)

    result = _convert(source, tmp_path / name, "jsonl", file_format)

    assert result.exit_code == 1
    assert f"does not end with {Path(name.lower().removesuffix('.gz')).suffix}" in result.stderr
    assert f"End the name with {ending}, or choose another format." in result.stderr
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize(
    ("source", "content", "target", "written_as"),
    [
        ("a.csv", "text,label\nhello,greeting\n", "b.jsonl", "jsonl"),
        ("a.tsv", "text\tlabel\nhello\tgreeting\n", "b.NDJSON", "jsonl"),
        ("a.yml", "nlu:\n- intent: greeting\n  examples: |\n    - hello\n", "b.csv.gz", "csv"),
        ("a", '{"text": "hello", "label": "greeting"}\n', "b.yaml", "rasa"),
        ("a.json", '[{"text": "hello", "intent": "greeting"}]', "b.parquet", "parquet"),
        ("greeting.txt", "hello\n", "b.parquet", "parquet"),
    ],
)
def test_formats_are_those_of_the_files_where_no_option_names_them(
    tmp_path: Path, source: str, content: str, target: str, written_as: str
) -> None:
    (tmp_path / source).write_text(content)

    result = CliRunner().invoke(app, ["convert", str(tmp_path / source), str(tmp_path / target)])

    assert result.exit_code == 0, result.stderr
    assert read_as(written_as, tmp_path / target) == [Example(text="hello", label="greeting")]


@pytest.mark.parametrize(
    ("target", "remedy"),
    [
        ("b.json", "Name the format with --to: jsonl, clu or luis."),
        ("b", "End it with .jsonl, .csv, .parquet or .yml, or name the format with --to: jsonl,"),
        ("b.tsv", "End it with .jsonl, .csv, .parquet or .yml, or name"),
        ("b.txt.gz", "End it with .jsonl, .csv, .parquet or .yml, or name"),
    ],
)
def test_a_target_whose_name_does_not_say_its_format_needs_the_option(
    tmp_path: Path, target: str, remedy: str
) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text(LINE)

    result = CliRunner().invoke(app, ["convert", str(source), str(tmp_path / target)])

    assert result.exit_code == 1
    assert f"its name does not say its format. {remedy}" in result.stderr
    assert list(tmp_path.iterdir()) == [source]


def test_a_source_on_standard_input_has_the_format_of_its_beginning(tmp_path: Path) -> None:
    command = [COMMAND, "convert", "/dev/stdin", str(tmp_path / "b.csv")]

    subprocess.run(command, input="text,label\na,x\n", text=True, check=True, cwd=ROOT)

    assert read_as("csv", tmp_path / "b.csv") == [Example(text="a", label="x")]


def test_a_folder_of_a_file_for_each_label_is_converted(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "greet.txt").write_text("hello\n")
    (tmp_path / "texts" / "bye.txt").write_text("so long\n")

    assert _convert(tmp_path / "texts", tmp_path / "b.csv", "text", "csv").exit_code == 0

    read = read_as("csv", tmp_path / "b.csv")
    assert [(each.text, each.label) for each in read] == [("so long", "bye"), ("hello", "greet")]


@pytest.mark.parametrize("source_format", ["csv", "rasa", "parquet", "review"])
def test_a_folder_is_refused_by_the_formats_of_one_file_with_the_remedy(
    tmp_path: Path, source_format: str
) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.csv").write_text("text,label\nhello,greet\n")

    result = _convert(tmp_path / "texts", tmp_path / "b.jsonl", source_format, "jsonl")

    assert result.exit_code == 1
    assert f"texts is a folder, and --from {source_format} reads a file. Name one." in result.stderr


def test_what_is_not_read_in_a_folder_is_named_without_an_option_that_convert_lacks(
    tmp_path: Path,
) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "greet.txt").write_text("hello\n")
    (tmp_path / "texts" / "more.csv").write_text("text,label\nbye,bye\n")

    result = _convert(tmp_path / "texts", tmp_path / "b.jsonl", "text", "jsonl")

    assert "files that are not LABEL.txt (name labelled ones, too), such as more.csv" in (
        result.stderr
    )
    (tmp_path / "texts" / "nlu.yml").write_text("nlu: []\n")
    refused = _convert(tmp_path / "texts", tmp_path / "b.jsonl", "text", "jsonl")
    assert "has NLU data of Rasa" in refused.stderr
    assert "--data" not in result.stderr + refused.stderr


@pytest.mark.parametrize("source", ["missing.csv"])
def test_a_source_that_cannot_be_read_is_explained(tmp_path: Path, source: str) -> None:
    result = _convert(tmp_path / source, tmp_path / "b", "csv", "jsonl")

    assert result.exit_code == 1
    assert "cannot be read: " in result.stderr
    assert not (tmp_path / "b").exists()


def test_the_error_for_a_wrong_format_names_the_right_one(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"text": "a", "label": "x"}\n')

    result = _convert(source, tmp_path / "b", "clu", "csv")

    assert result.exit_code == 1
    assert "no list of utterances" in result.stderr
    assert "It seems to be a file for --from jsonl." in result.stderr


UTTERANCES = '[{"text": "a", "intent": "x"}]'
PROJECT = '{"utterances": [{"text": "a", "intent": "x"}]}'
LINE = '{"text": "a", "label": "x"}'
REMEDY = re.compile(r"It seems to be a file for --from (\w+)\.")


@pytest.mark.parametrize("source_format", READ_FORMATS)
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", UTTERANCES),
        ("a.json", f'{{"LabeledTestSetUtterances": {UTTERANCES}}}'),
        ("a.json", PROJECT),
        ("a.json", f"[{LINE}]"),
        ("a.json", LINE),
        ("a.csv", "text;label\na;x\n"),
        ("a.txt", "text\tlabel\na\tx\n"),
        ("a.yml", "nlu:\n- intent: x\n  examples: |\n    - a\n"),
        ("a.txt", "__label__x a\n"),
        ("x.txt", "a\n"),
        ("a.json", f'[{{"id": "{UUID(int=1)}", "prompt": "a", "corrected_intent": "x"}}]'),
    ],
)
def test_the_format_that_an_error_names_reads_the_file(
    tmp_path: Path, name: str, content: str, source_format: str
) -> None:
    source, target = tmp_path / name, tmp_path / "b.jsonl"
    source.write_text(content)

    result = _convert(source, target, source_format, "jsonl")
    if result.exit_code:
        (named,) = REMEDY.findall(result.stderr)
        assert _convert(source, target, named, "jsonl").exit_code == 0

    assert [(each.text, each.label) for each in read_as("jsonl", target)] == [("a", "x")]


@pytest.mark.parametrize("source_format", ["jsonl", "csv", "rasa"])
@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.md", "## intent:greet\n- hello\n", "Markdown.*rasa data convert"),
        ("a.lu", "# greet\n- hello\n", "export the LUIS version as JSON"),
        ("a.json", '{"rasa_nlu_data": {}}', "format of Rasa 1.*rasa data convert"),
        ("a.json", '{"assets": {"projectKind": "Orchestration"}}', "Export the conversation"),
        ("a.json", '[{"id": "1", "prompt": "a", "corrected_intent": "x"}]', "no id of a prompt"),
        ("greet.txt", "1. hello\n2. hi\n", "headings and lists"),
        ("a.txt", "__label__greet,hello\n", "a comma in its label"),
        ("a.json", '{"intents": [{"tag": "greet", "patterns": ["hi"]}]}', "jq -c .* FILE"),
    ],
)
def test_the_reason_is_that_of_what_the_file_is_and_names_no_format_that_refuses_it(
    tmp_path: Path, name: str, content: str, problem: str, source_format: str
) -> None:
    (tmp_path / name).write_text(content)

    result = _convert(tmp_path / name, tmp_path / "b", source_format, "jsonl")

    assert result.exit_code == 1
    assert re.search(problem, result.stderr)
    assert "--from" not in result.stderr


def test_a_failed_conversion_leaves_the_old_file(tmp_path: Path) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "b.jsonl"
    source.write_text('text,label\na,x\n"b,x\n')
    target.write_text("old")

    assert _convert(source, target, "csv", "jsonl").exit_code == 1
    assert target.read_text() == "old"
    assert sorted(tmp_path.iterdir()) == [source, target]


def test_a_package_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "training.data.formats.parquet", raising=False)

    with pytest.raises(InvalidExamples, match="needs the package pyarrow"):
        read_as("parquet", tmp_path / "a.parquet")


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "source"
    os.mkfifo(source)  # reading waits for a writer
    command = [COMMAND, "convert", str(source), str(tmp_path / "out" / "b")]
    with (
        subprocess.Popen(
            [*command, "--from", "csv", "--to", "jsonl"], stderr=subprocess.PIPE, text=True
        ) as process,
        source.open("w") as pipe,
    ):  # blocks until the command reads
        pipe.write("text,label\n")
        pipe.flush()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)

    assert process.returncode != 0
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == [source]
