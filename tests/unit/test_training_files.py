"""Data files as users write them: errors name the problem and its location."""

from pathlib import Path

import pytest

from training.data.examples import InvalidExamples
from training.data.reading import read_examples


def test_a_folder_has_a_file_for_each_label(tmp_path: Path) -> None:
    (tmp_path / "greeting.txt").write_text("hi\n\n  hello there \n", "utf-8")
    (tmp_path / "email.txt").write_text("write to anna\n", "utf-8")
    (tmp_path / "notes.md").write_text("not data\n", "utf-8")

    labelled = [(example.label, example.text.strip()) for example in read_examples([tmp_path])]

    assert labelled == [("email", "write to anna"), ("greeting", "hi"), ("greeting", "hello there")]


def test_several_sources_are_read_in_order(tmp_path: Path) -> None:
    sources = [tmp_path / "b.jsonl", tmp_path / "a.jsonl"]
    for source in sources:
        source.write_text(f'{{"text": "{source.stem}", "label": "x"}}\n')

    assert [example.text for example in read_examples(sources)] == ["b", "a"]


@pytest.mark.parametrize("name", ["email.txt", "data.jsonl"])
def test_the_error_names_a_file_in_another_encoding(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes("caf\u00e9 please\n".encode("latin-1"))
    source = tmp_path if name.endswith(".txt") else file

    with pytest.raises(InvalidExamples, match=rf"{name} cannot be read"):
        read_examples([source])


@pytest.mark.parametrize("line", ["[" * 100_000, "9" * 5_000, '{"text": "a", "label": "b"', "nul"])
def test_the_error_names_a_line_that_cannot_be_parsed(tmp_path: Path, line: str) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(f'{{"text": "a", "label": "b"}}\n\n{line}\n')

    with pytest.raises(InvalidExamples, match=r"data\.jsonl, line 3"):
        read_examples([file])


def test_the_error_does_not_contain_the_text(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"text": ["marmalade"], "label": "marmalade"}\n')

    with pytest.raises(InvalidExamples) as error:
        read_examples([file])

    assert "marmalade" not in str(error.value)
