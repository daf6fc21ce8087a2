"""Conversion between formats: round trips, and files as other tools write them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.main import app
from training.data.examples import Example, InvalidExamples
from training.data.formats import FORMATS, read_as, write_as

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    lambda text: text == text.strip()
)
EXAMPLES = st.lists(
    st.builds(Example, text=TEXTS, label=st.sampled_from(["status", "reminder"])), min_size=1
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


def test_rasa_files_with_entities_and_synonyms_are_read(tmp_path: Path) -> None:
    file = tmp_path / "nlu.yml"
    file.write_text(
        'version: "3.1"\n'
        "nlu:\n"
        "- intent: reminder\n"
        "  examples: |\n"
        "    - remind me on [Friday](day)\n"
        '    - remind me in [two hours]{"entity": "time", "value": "2h"}\n'
        "- synonym: two hours\n"
        "  examples: |\n"
        "    - 2h\n"
    )

    read = read_as("rasa", file)

    assert [(example.text, example.label) for example in read] == [
        ("remind me on Friday", "reminder"), ("remind me in two hours", "reminder"),
    ]  # fmt: skip


def test_the_command_converts_files_and_rejects_invalid_ones(tmp_path: Path) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "b.json"
    source.write_text("text,label\nhello,greeting\n")
    command = ["convert", str(source), str(target), "--from"]

    done = CliRunner().invoke(app, [*command, "csv", "--to", "clu"])
    failed = CliRunner().invoke(app, [*command, "rasa", "--to", "clu"])

    assert "1 texts" in done.stdout
    assert read_as("clu", target) == [Example(text="hello", label="greeting")]
    assert failed.exit_code == 1
    with pytest.raises(InvalidExamples, match="is not a valid parquet file"):
        read_as("parquet", source)
