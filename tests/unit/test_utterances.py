"""The project's utterances have no errors, and the check command reports each issue."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.unit.utterances import make_utterance, random_utterances
from training.data.balance import compute_statistics
from training.data.examples import InvalidExamples
from training.data.issues import DataIssue
from training.data.utterances import TWO_INTENTS, Utterance, read_utterances
from training.quality import UTTERANCES, check, main


@pytest.fixture(scope="module")
def issues() -> list[DataIssue]:
    utterances = read_utterances(UTTERANCES)
    return check(utterances, compute_statistics(utterances))


@pytest.mark.parametrize("name", ["labels", "templates", "duplicates", "held-out", "balance"])
def test_the_projects_utterances_have_no_errors(issues: list[DataIssue], name: str) -> None:
    errors = [
        (f.message, [f"{u.location} {u.text}" for u in f.utterances])
        for f in issues
        if f.check == name and f.severity == "error"
    ]

    assert errors == []


def test_every_utterance_has_a_location_a_split_and_intents(tmp_path: Path) -> None:
    for folder in ("train", "heldout"):
        (tmp_path / folder / "ann").mkdir(parents=True)
        file = tmp_path / folder / "ann" / "email.txt"
        file.write_text(f"\ufeff\nwrite to anna, {folder}\n", "utf-8")
    line = '{"text": "mail bo, then remind me", "label": "email", "secondary": ["reminder"]}\n'
    single = '{"text": "mail bo and al", "label": "email", "secondary": []}\n'
    (tmp_path / "train" / "ann" / "two_intents.jsonl").write_text(line)
    (tmp_path / "heldout" / "ann" / "two_intents.jsonl").write_text(line + single)

    read = read_utterances(tmp_path)

    assert [(Path(u.location).name, u.split, u.group) for u in read] == [
        ("email.txt:2", "training", "email"),
        ("two_intents.jsonl:1", "training", TWO_INTENTS),
        ("email.txt:2", "held-out", "email"),
        ("two_intents.jsonl:1", "held-out", TWO_INTENTS),
        ("two_intents.jsonl:2", "held-out", "email"),
    ]
    assert read[1].intents == ("email", "reminder")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", r"two\.jsonl, line 1"),
        (b'{"text": "a", "label": "b"}\n{"text": "a"}', r"two\.jsonl, line 2: label"),
        (b'{"text": "a", "label": "b", "secondary": "c"}', r"two\.jsonl, line 1: secondary"),
        ("caf\u00e9".encode("latin-1"), r"two\.jsonl cannot be read"),
    ],
)
def test_the_error_names_a_line_that_cannot_be_read(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "train" / "ann").mkdir(parents=True)
    (tmp_path / "train" / "ann" / "two.jsonl").write_bytes(content)

    with pytest.raises(InvalidExamples, match=message):
        read_utterances(tmp_path)


def test_the_error_names_a_folder_without_utterances(tmp_path: Path) -> None:
    with pytest.raises(InvalidExamples, match="no utterances in"):
        read_utterances(tmp_path)


def append_utterances(folder: Path, utterances: Iterable[Utterance]) -> None:
    for utterance in utterances:
        split = folder / ("heldout" if utterance.held_out else "train")
        file = split / "ann" / f"{utterance.group}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as lines:
            lines.write(f"{utterance.text}\n")


@pytest.fixture
def valid_folder(tmp_path: Path) -> Path:
    for label in ("email", "search"):
        append_utterances(tmp_path, random_utterances(160, label))
        append_utterances(tmp_path, random_utterances(30, label, held_out=True))
    return tmp_path


def test_valid_data_passes(valid_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(valid_folder)]) == 0

    assert "380 utterances (320 training, 60 held out): no errors." in capsys.readouterr().out


def test_invalid_data_fails_with_the_location_the_reason_and_the_advice(
    valid_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    append_utterances(
        valid_folder,
        [make_utterance("find [bold]bo", "email"), make_utterance("find [bold] bo", "search")],
    )

    assert main([str(valid_folder)]) == 1

    output = capsys.readouterr().out
    assert "The same text has two labels. Keep the line with the right label" in output
    assert re.search(r"train/ann/email\.txt:161  \[email\]  find \[bold\]bo\n", output)
    assert re.search(r"train/ann/search\.txt:161  \[search\]  find \[bold\] bo\n", output)
    assert "held out): 1 error." in output


def test_the_list_of_warnings_is_truncated_without_the_option_all(
    valid_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [f"{word} bo please" for word in ("alpha", "gamma", "omega", "kappa", "sigma", "theta")]
    append_utterances(
        valid_folder, [make_utterance(f"{text}{end}") for text in texts for end in ("", "!")]
    )

    main([str(valid_folder)])
    assert "... and 1 more; use --all to see them." in capsys.readouterr().out
    main([str(valid_folder), "--all"])
    assert "more; use --all" not in capsys.readouterr().out


def test_a_file_that_cannot_be_read_fails_with_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "train" / "ann").mkdir(parents=True)
    (tmp_path / "train" / "ann" / "bad.jsonl").write_text("nonsense")

    assert main([str(tmp_path)]) == 1

    assert "bad.jsonl, line 1" in capsys.readouterr().out
