"""Folders of text files: their layouts, and the names of files and folders that state splits."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from training.data.examples import InvalidExamples
from training.data.reading import read_examples, read_sources, read_unlabelled
from training.data.remarks import Remarks
from training.data.sources import DataSource

_PAIR = {"X_train.txt": "hi there\nso long\nhello\n", "y_train.txt": "greet\nbye\ngreet\n"}


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("README", "files that are not LABEL.txt"),
        ("README.txt", "files whose names are hardly intents"),
        ("labels.csv", "files that are not LABEL.txt"),
        (".DS_Store", "hidden files"),
        ("readme.txt", "files whose names are hardly intents"),
        ("requirements.txt", "files whose names are hardly intents"),
        ("labels.txt", "files beside the folders of the labels"),
        ("greet/Read me.txt", "files whose names are hardly intents"),
    ],
)
@pytest.mark.parametrize("numbers", ["a b", "0001 0002", "msg(1) msg(2)", "3.ham 4.ham"])
def test_files_beside_the_folders_of_labels_are_left_out_and_named(
    tmp_path: Path, name: str, kind: str, numbers: str
) -> None:
    first, second = (number.replace(".ham", "00.ham") for number in numbers.split())
    _write(tmp_path, {f"greet/{first}.txt": "hi", f"bye/{second}.txt": "so", name: "greet\nbye\n"})
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path)], remarks)

    assert [(each.example.text, each.example.label) for each in located] == [
        ("so", "bye"),
        ("hi", "greet"),
    ]
    assert f"1 left out: {kind}" in "\n".join(remarks)
    assert Path(name).name in "\n".join(remarks)


@pytest.mark.parametrize(
    "name",
    [
        *("readme", "README_de", "Read me", "LICENSE", "COPYING", "NOTICE", "changelog", "TODO"),
        *("requirements", "requirements-dev", "dev-requirements", "constraints", "CMakeLists"),
        *("stopwords", "stop_words_en", "vocab", "vocabulary", "merges", "special_tokens"),
        *("robots", "citation", "metadata", "label_map", "label2id", "class_names"),
    ],
)
def test_files_with_well_known_names_are_no_labels_and_named(tmp_path: Path, name: str) -> None:
    _write(tmp_path, {"greet.txt": "hi\n", "bye.txt": "so long\n", f"{name}.txt": "a\nb\n"})
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path)], remarks)

    assert {each.example.label for each in located} == {"greet", "bye"}
    assert f"hardly intents (name those that are, too): {name}.txt." in "\n".join(remarks)


def test_a_file_with_a_well_known_name_that_is_named_is_read(tmp_path: Path) -> None:
    _write(tmp_path, {"robots.txt": "are you a robot\n"})

    assert [each.label for each in read_examples([tmp_path / "robots.txt"])] == ["robots"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "requirements",
            "# for training\nnumpy==2.1.0\ntorch >= 2 ; python_version < '3.14'\n-e .\n",
        ),
        ("requirements_dev", "pytest\nruff~=0.9\n"),
        ("constraints", "-r base.txt\nurllib3<2\n"),
        ("vocab", "[PAD]\n##ing\nthe\n"),
        ("license", "MIT License\n\nCopyright (c) 2026\nPermission is hereby granted\n"),
        ("License", "Licensed under CC BY 4.0.\n"),
        ("copyright", "© 2026 The authors\n"),
    ],
)
def test_the_content_shows_that_a_name_is_no_intent(
    tmp_path: Path, name: str, content: str
) -> None:
    _write(tmp_path, {"greet.txt": "hi\n", "bye.txt": "so long\n", f"{name}.txt": content})
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path)], remarks)

    assert {each.example.label for each in located} == {"greet", "bye"}
    assert f"hardly intents (name those that are, too): {name}.txt." in "\n".join(remarks)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("notes", "show my notes\ntake a note\nnew note\n"),
        ("Notes", "ノートを開いて\n"),
        ("todo", "what is on my list\nadd milk\ndone\n"),
        ("license", "I lost my license\nhow do I renew it\n"),
        ("copyright", "who owns the copyright\nmay I copy it\n"),
        ("requirements", "what are the requirements\nwhich documents do I need\nvisa?\n"),
        ("constraints", "not before nine\nonly in the morning\n"),
        ("vocabulary", "teach me a new word\nquiz my vocabulary\n"),
    ],
)
def test_intents_with_well_known_names_are_read_and_named(
    tmp_path: Path, name: str, content: str
) -> None:
    _write(tmp_path, {"greet.txt": "hi\n", "bye.txt": "so long\n", f"{name}.txt": content})
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path)], remarks)

    texts = [each.example.text for each in located if each.example.label == name]
    assert texts == content.splitlines()
    assert f"texts with the label {name}, the name of their file" in "\n".join(remarks)


@pytest.mark.parametrize(
    "content",
    [
        *("greet\nbye\n", "greet\nbye\nunknown\n", "0 greet\n1 bye\n", "greet: 2\nbye: 1\n"),
        *("greet.txt\nbye.txt\n", "1. greet\n2. bye\n", "greet\t0\nbye\t1\n"),
    ],
)
@pytest.mark.parametrize("name", ["labels", "classes", "stats", "filelist"])
def test_a_file_that_lists_the_labels_is_left_out(tmp_path: Path, name: str, content: str) -> None:
    _write(tmp_path, {"greet.txt": "hi\n", "bye.txt": "so long\n", f"{name}.txt": content})
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path)], remarks)

    assert {each.example.label for each in located} == {"greet", "bye"}
    assert f"1 left out: files that list the labels, such as {name}.txt" in "\n".join(remarks)


@pytest.mark.parametrize("name", ["info", "log", "Results", "synonyms"])
def test_a_label_that_is_hardly_an_intent_is_named(tmp_path: Path, name: str) -> None:
    _write(tmp_path, {"greet.txt": "hi\n", f"{name}.txt": "one\ntwo\n"})
    remarks = Remarks()

    read_sources([DataSource(tmp_path)], remarks)

    assert f"2 noted: texts with the label {name}, the name of their file" in "\n".join(remarks)


@pytest.mark.parametrize("other", ["more.txt", "03.txt", "greet/late.txt"])
def test_other_texts_beside_the_folders_of_labels_are_rejected_with_the_remedy(
    tmp_path: Path, other: str
) -> None:
    names = [f"{label}/{number}.txt" for label in ("greet", "bye") for number in (1, 2, 3)]
    _write(tmp_path, dict.fromkeys([*names, other], "so long"))

    with pytest.raises(InvalidExamples, match=rf"1 other text file, such as {other}\. Move"):
        read_examples([tmp_path])


def test_numbered_texts_in_folders_of_splits_are_rejected(tmp_path: Path) -> None:
    _write(tmp_path, {"train_set/1.txt": "hi", "test_set/1.txt": "so"})

    with pytest.raises(InvalidExamples, match="which are splits, so that no name states a label"):
        read_examples([tmp_path])


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(
    "names",
    [
        ("X_train.txt", "y_train.txt"),
        ("seq.in", "label"),
        ("train/seq.in", "train/label"),
        ("seq_in.txt", "labels.txt"),
        ("train.texts.txt", "train.labels.txt"),
        ("test_sentences.txt", "test_intents.txt"),
        ("my texts.txt", "my labels.txt"),
    ],
)
@pytest.mark.parametrize("has_label_file", [True, False])
def test_the_labels_of_the_lines_of_another_file_are_rejected_with_the_remedy(
    tmp_path: Path, names: tuple[str, str], has_label_file: bool
) -> None:
    _write(tmp_path, dict(zip(names, _PAIR.values(), strict=True)))
    if has_label_file:
        _write(tmp_path, {"thanks.txt": "thank you\n"})

    with pytest.raises(InvalidExamples, match=r"their labels in .*\. Join them to") as error:
        read_examples([tmp_path])

    script = str(error.value).split("Join them to JSON lines: ")[1]
    subprocess.run(["bash", "-c", script], cwd=tmp_path, check=True)
    read = read_examples([tmp_path / "texts.jsonl"])
    assert [(each.text, each.label) for each in read] == [
        ("hi there", "greet"), ("so long", "bye"), ("hello", "greet")
    ]  # fmt: skip


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize("name", ["data", "my data"])
def test_the_command_that_joins_texts_and_labels_runs_where_the_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    names = ("train/seq.in", "train/label")
    windows = (text.replace("\n", "\r\n") for text in _PAIR.values())
    _write(tmp_path / name, dict(zip(names, windows, strict=True)))
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InvalidExamples) as error:
        read_examples([Path(name)])

    script = str(error.value).split("Join them to JSON lines: ")[1]
    subprocess.run(["bash", "-c", script], cwd=tmp_path, check=True)
    read = read_examples([tmp_path / "texts.jsonl"])
    assert [each.text for each in read] == ["hi there", "so long", "hello"]
    assert {each.label for each in read} == {"greet", "bye"}


def test_files_of_texts_and_labels_with_other_numbers_of_lines_are_rejected_with_both(
    tmp_path: Path,
) -> None:
    _write(tmp_path, {**_PAIR, "y_train.txt": "greet\nbye\n"})

    with pytest.raises(InvalidExamples, match="have 3 and 2 lines, and need the same number"):
        read_examples([tmp_path])


@pytest.mark.parametrize(
    "files",
    [
        {"text.txt": "send a text\n", "label.txt": "add a label\nremove my label\n"},
        {"message.txt": "send it\n", "tag.txt": "add a tag\nnew tag please\n"},
        {"query.txt": "select\nquery\n", "class.txt": "class\n"},
        {"messages.txt": "send it\n", "tag.txt": "tag\n"},
        {"x_axis.txt": "to x\n", "y_axis.txt": "move y\nto y\n"},
    ],
)
def test_intents_that_are_named_like_texts_and_labels_are_intents(
    tmp_path: Path, files: dict[str, str]
) -> None:
    _write(tmp_path, files)

    labels = {each.label for each in read_examples([tmp_path])}
    assert labels == {name.removesuffix(".txt") for name in files}


@pytest.mark.parametrize(
    "names",
    [
        ("train_greet", "test_greet"),
        ("train-set greet", "test-set greet"),
        ("greet (train)", "greet (test)"),
        ("greet_train_set", "greet_test_set"),
        ("greet.train", "greet.devtest"),
        ("train", "testset"),
        ("greet", "greet_test", "bye", "bye_test"),
        ("greet", "test_greet", "bye", "test_bye", "help"),
        ("greet/text", "bye/text"),
        ("greet/file", "bye/file"),
        ("greet/data", "bye/data"),
    ],
)
def test_names_of_files_that_state_splits_are_rejected_with_the_remedy(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    _write(tmp_path, {f"{name}.txt": "hi\n" for name in names})

    with pytest.raises(InvalidExamples, match=r"Name each file after the intent of its texts"):
        read_examples([tmp_path])
    assert len(read_unlabelled([DataSource(tmp_path)], Remarks())) == len(names)


def test_an_intent_may_begin_like_the_name_of_a_split(tmp_path: Path) -> None:
    names = [
        "book_train",
        "drive",
        "drive_test",
        "test_drive",
        "train_ticket",
        "training",
        "validation_error",
    ]
    _write(tmp_path, {f"{name}.txt": "hi\n" for name in names})

    assert [each.label for each in read_examples([tmp_path])] == names


@pytest.mark.parametrize(
    ("folders", "splits"),
    [
        ("train_set test_set", "train test"),
        ("trainset testset", "train test"),
        ("Training-Data validation.data", "train validation"),
        ("01_train 02_test", "train test"),
        ("dev devtest", "dev devtest"),
        ("train test-2", "train test"),
        ("snips_train snips_test", "train test"),
        ("train-snips dev-snips", "train dev"),
        ("en_train de_test", "train test"),
        ("train_en test-de", "train test"),
        ("TrainDE TestEN", "train test"),
        ("train.en test.de", "train test"),
        ("train-de-DE devtest_en_US", "train devtest"),
        ("en_train_v2 de_test_data", "train test"),
        ("english_train german_held-out", "train held_out"),
    ],
)
def test_names_of_folders_that_state_splits_do_so(
    tmp_path: Path, folders: str, splits: str
) -> None:
    _write(tmp_path, {f"{name}/greet.txt": f"{name}\n" for name in folders.split()})

    read = {each.text: each.split for each in read_examples([tmp_path])}

    assert read == dict(zip(folders.split(), splits.split(), strict=True))


@pytest.mark.parametrize("folders", ["book_train take_test", "test_drive train_ticket", "ann bob"])
def test_names_of_other_folders_state_no_splits(tmp_path: Path, folders: str) -> None:
    _write(tmp_path, {f"{name}/greet.txt": f"{name}\n" for name in folders.split()})

    assert {each.split for each in read_examples([tmp_path])} == {None}


def test_names_of_folders_that_may_state_splits_are_named(tmp_path: Path) -> None:
    _write(tmp_path, {"atis_train/greet.txt": "hi\n", "snips_test/greet.txt": "hello\n"})
    remarks = Remarks()

    read_sources([DataSource(tmp_path)], remarks)

    note = "2 noted: folders whose names may state splits, which are not read"
    assert f"{note}: atis_train, snips_test." in "\n".join(remarks)


def test_numbered_texts_in_folders_of_splits_and_languages_are_rejected(tmp_path: Path) -> None:
    _write(tmp_path, {"en_train/1.txt": "hi", "test-de/1.txt": "so"})

    with pytest.raises(InvalidExamples, match="which are splits, so that no name states a label"):
        read_examples([tmp_path])


def test_files_of_splits_and_languages_are_no_labels(tmp_path: Path) -> None:
    _write(tmp_path, {"en_train.txt": "hi\n", "test-de.txt": "so\n"})

    with pytest.raises(InvalidExamples, match="which are no intents"):
        read_examples([tmp_path])


@pytest.mark.parametrize("name", ["X_train", "seq_in", "test_set"])
def test_a_file_with_a_name_that_states_no_intent_is_named(tmp_path: Path, name: str) -> None:
    _write(tmp_path, {f"{name}.txt": "hi\n"})
    remarks = Remarks()

    read_sources([DataSource(tmp_path / f"{name}.txt")], remarks)

    assert f"with the label {name}, the name of their file, which may be" in "\n".join(remarks)


@pytest.mark.parametrize(
    ("files", "is_named"),
    [
        (("greet/hello", "greet/morning", "bye/later"), True),
        (("ann/greet", "ann/bye", "bob/greet"), False),
        (("work/email", "life/music"), False),
        (("work/email", "work/mail", "life/long"), False),
    ],
)
def test_files_of_one_text_each_in_folders_that_may_be_labels_are_named(
    tmp_path: Path, files: tuple[str, ...], is_named: bool
) -> None:
    _write(tmp_path, {f"{name}.txt": "a\nb\n" if "long" in name else "hi\n" for name in files})
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path)], remarks)

    assert {each.example.label for each in located} == {name.split("/")[1] for name in files}
    assert ("3 noted: files of one text each" in "\n".join(remarks)) is is_named


@pytest.mark.parametrize("name", ["entities", "Entity", "slots", "lookup_tables", "synonyms"])
def test_folders_that_may_hold_no_intents_are_named(tmp_path: Path, name: str) -> None:
    remarks = Remarks()
    files = ("intents/greet", f"{name}/city", f"deep/{name}/size")
    _write(tmp_path, {f"{file}.txt": "hi there\nhello you\n" for file in files})

    found = read_sources([DataSource(tmp_path)], remarks)

    assert {each.example.label for each in found} == {"city", "greet", "size"}
    (line,) = remarks
    assert f"2 noted: files in folders that may hold no intents: {name}" in line


def test_numbers_beside_a_file_of_their_names_are_no_labels(tmp_path: Path) -> None:
    _write(tmp_path, {"0.txt": "hi\n", "1.txt": "so long\n", "labels.txt": "greet\nbye\n"})

    with pytest.raises(
        InvalidExamples, match=r"numbers, whose names labels\.txt .* Name each file"
    ):
        read_examples([tmp_path])


def test_numbers_beside_another_intent_are_read(tmp_path: Path) -> None:
    _write(tmp_path, {"0.txt": "hi\n", "1.txt": "so long\n", "help.txt": "how\n"})

    assert {each.label for each in read_examples([tmp_path])} == {"0", "1", "help"}


@pytest.mark.parametrize("name", ["trash", "Rejected", "old", "archive", "_backup", "put aside"])
def test_folders_of_what_was_put_aside_are_named(tmp_path: Path, name: str) -> None:
    _write(tmp_path, {"greet.txt": "hi\nhello\n", f"{name}/bye.txt": "ciao\nso long\n"})
    remarks = Remarks()

    found = read_sources([DataSource(tmp_path)], remarks)

    assert {each.example.label for each in found} == {"bye", "greet"}
    (line,) = remarks
    assert f"1 noted: files in folders that may hold what was put aside: {name}" in line


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (("greet", "test/greet"), "test"),
        (("topics/greet", "Test_Set/greet"), "Test_Set"),
        (("train/greet", "unseen/greet"), "train"),
        (("test/greet", "test/bye"), ""),
        (("testers/greet", "students/bye"), ""),
    ],
)
def test_the_only_folder_that_may_state_a_split_is_named(
    tmp_path: Path, files: tuple[str, ...], named: str
) -> None:
    _write(tmp_path, {f"{name}.txt": "hi\nhello\n" for name in files})
    remarks = Remarks()

    found = read_sources([DataSource(tmp_path)], remarks)

    assert {each.example.split for each in found} == {None}
    note = f"1 noted: folders whose names may state splits, which are not read: {named}."
    assert (note in "\n".join(remarks)) is bool(named)


@pytest.mark.parametrize(
    ("files", "is_named"),
    [
        (("greet/positive", "greet/negative", "bye/negative", "bye/positive"), True),
        (("billing/cancel", "subscription/cancel"), True),
        (("work/cancel", "work/help", "life/help"), False),
        (("ann/bye", "ann/greet", "ann/help", "bob/bye", "bob/greet", "bob/help"), False),
        (("train/cancel", "test/cancel"), False),
        (("greet", "bye"), False),
    ],
)
def test_folders_whose_files_have_the_same_names_are_named(
    tmp_path: Path, files: tuple[str, ...], is_named: bool
) -> None:
    _write(tmp_path, {f"{name}.txt": "hi\nhello\n" for name in files})
    remarks = Remarks()

    read_sources([DataSource(tmp_path)], remarks)

    assert ("folders whose files have the same names" in "\n".join(remarks)) is is_named

    remarks = Remarks()
    read_unlabelled([DataSource(tmp_path)], remarks)
    assert "the same names" not in "\n".join(remarks)


def test_folders_of_the_same_name_are_named_with_the_path(tmp_path: Path) -> None:
    _write(tmp_path, {f"{name}/x/greet.txt": "hi\nhello\n" for name in ("a", "b")})
    remarks = Remarks()

    read_sources([DataSource(tmp_path)], remarks)

    assert "which are the labels: a/x, b/x (" in "\n".join(remarks)
