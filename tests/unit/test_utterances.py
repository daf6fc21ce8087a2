"""The project's utterances are good data, and the command that says so names each fault."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.unit.utterances import said, unlike
from training.examples import InvalidExamples
from training.quality.__main__ import UTTERANCES, check, main
from training.quality.balance import describe
from training.quality.findings import Finding
from training.quality.reading import TWO_INTENTS, Utterance, read_utterances


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    utterances = read_utterances(UTTERANCES)
    return check(utterances, describe(utterances))


@pytest.mark.parametrize("name", ["labels", "templates", "copies", "held-out", "balance"])
def test_the_projects_utterances_have_no_errors(findings: list[Finding], name: str) -> None:
    errors = [
        (f.why, [f"{line.place} {line.text}" for line in f.lines])
        for f in findings
        if f.check == name and f.grade == "error"
    ]

    assert errors == []


def test_every_utterance_has_its_place_part_and_intents(tmp_path: Path) -> None:
    for part in ("train", "heldout"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "email.txt").write_text(f"\ufeff\nwrite to anna, {part}\n", "utf-8")
    line = '{"text": "mail bo, then remind me", "label": "email", "secondary": ["reminder"]}\n'
    single = '{"text": "mail bo and al", "label": "email", "secondary": []}\n'
    (tmp_path / "two_intents.jsonl").write_text(line)
    (tmp_path / "two_intents_heldout.jsonl").write_text(line + single)

    read = read_utterances(tmp_path)

    assert [(Path(u.place).name, u.part, u.group) for u in read] == [
        ("email.txt:2", "held-out", "email"),
        ("email.txt:2", "training", "email"),
        ("two_intents.jsonl:1", "training", TWO_INTENTS),
        ("two_intents_heldout.jsonl:1", "held-out", TWO_INTENTS),
        ("two_intents_heldout.jsonl:2", "held-out", "email"),
    ]
    assert read[2].intents == ("email", "reminder")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"{", r"two\.jsonl, line 1"),
        (b'{"text": "a", "label": "b"}\n{"text": "a"}', r"two\.jsonl, line 2: label"),
        (b'{"text": "a", "label": "b", "secondary": "c"}', r"two\.jsonl, line 1: secondary"),
        ("caf\u00e9".encode("latin-1"), r"two\.jsonl cannot be read"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, fault: str) -> None:
    (tmp_path / "two.jsonl").write_bytes(content)

    with pytest.raises(InvalidExamples, match=fault):
        read_utterances(tmp_path)


def test_a_folder_without_utterances_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidExamples, match="no utterances in"):
        read_utterances(tmp_path)


def write(folder: Path, utterances: Iterable[Utterance]) -> None:
    for utterance in utterances:
        file = folder / ("heldout" if utterance.held_out else "train") / f"{utterance.group}.txt"
        file.parent.mkdir(exist_ok=True)
        with file.open("a") as lines:
            lines.write(f"{utterance.text}\n")


@pytest.fixture
def good_folder(tmp_path: Path) -> Path:
    for label in ("email", "search"):
        write(tmp_path, unlike(160, label))
        write(tmp_path, unlike(30, label, held_out=True))
    return tmp_path


def test_good_data_pass(good_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(good_folder)]) == 0

    assert "380 utterances (320 to train on, 60 held out): no errors." in capsys.readouterr().out


def test_bad_data_fail_with_the_place_the_reason_and_what_to_do(
    good_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(good_folder, [said("find [bold]bo", "email"), said("find [bold] bo", "search")])

    assert main([str(good_folder)]) == 1

    shown = capsys.readouterr().out
    assert "One text stands under two labels. Decide for one, delete the other." in shown
    assert re.search(r"train/email\.txt:161  \[email\]  find \[bold\]bo\n", shown)
    assert re.search(r"train/search\.txt:161  \[search\]  find \[bold\] bo\n", shown)
    assert "held out): 1 error." in shown


def test_warnings_are_cut_short_unless_all_are_asked_for(
    good_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [f"{word} bo please" for word in ("alpha", "gamma", "omega", "kappa", "sigma", "theta")]
    write(good_folder, [said(f"{text}{end}") for text in texts for end in ("", "!")])

    main([str(good_folder)])
    assert "... and 1 more; --all shows them." in capsys.readouterr().out
    main([str(good_folder), "--all"])
    assert "more; --all" not in capsys.readouterr().out


def test_a_file_that_cannot_be_read_fails_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jsonl").write_text("nonsense")

    assert main([str(tmp_path)]) == 1

    assert "bad.jsonl, line 1" in capsys.readouterr().out
