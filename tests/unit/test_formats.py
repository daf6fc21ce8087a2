"""A team can come from where it is, and go: every format there and back, and as others write it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.main import app
from training.examples import Example, InvalidExamples
from training.formats import FORMATS, read_as, write_as

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    lambda text: text == text.strip()
)
EXAMPLES = st.lists(
    st.builds(Example, text=TEXTS, label=st.sampled_from(["status", "reminder"])), min_size=1
)


@pytest.mark.parametrize("form", FORMATS)
def test_a_round_trip_changes_no_text_and_no_label(
    form: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp(form)

    @given(EXAMPLES)
    def round_trip(examples: list[Example]) -> None:
        write_as(form, folder / "file", examples)
        found = read_as(form, folder / "file")
        assert sorted(found, key=repr) == sorted(examples, key=repr)

    round_trip()


def test_rasas_own_way_of_writing_is_read(tmp_path: Path) -> None:
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

    found = read_as("rasa", file)

    assert [(example.text, example.label) for example in found] == [
        ("remind me on Friday", "reminder"), ("remind me in two hours", "reminder"),
    ]  # fmt: skip


def test_the_command_converts_and_says_what_is_wrong(tmp_path: Path) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "b.json"
    source.write_text("text,label\nhello,greeting\n")
    command = ["convert", str(source), str(target), "--from"]

    done = CliRunner().invoke(app, [*command, "csv", "--to", "clu"])
    failed = CliRunner().invoke(app, [*command, "rasa", "--to", "clu"])

    assert "1 texts" in done.stdout
    assert read_as("clu", target) == [Example(text="hello", label="greeting")]
    assert failed.exit_code == 1
    with pytest.raises(InvalidExamples, match="is no parquet"):
        read_as("parquet", source)
