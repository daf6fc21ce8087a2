"""Data files as users write them: errors name the problem and its location."""

import contextlib
import errno
import gzip
import os
import time
from pathlib import Path
from typing import Any

import pytest

from training.data.examples import InvalidExamples
from training.data.reading import read_examples, read_sources, read_unlabelled
from training.data.remarks import Remarks
from training.data.sources import DataSource


def test_a_folder_has_a_file_for_each_label(tmp_path: Path) -> None:
    (tmp_path / "greeting.txt").write_text("hi\n\n  hello there \n", "utf-8")
    (tmp_path / "email.txt").write_text("write to anna\n", "utf-8")
    (tmp_path / "notes.md").write_text("not data\n", "utf-8")

    labelled = [(example.label, example.text.strip()) for example in read_examples([tmp_path])]

    assert labelled == [("email", "write to anna"), ("greeting", "hi"), ("greeting", "hello there")]


def test_a_folder_of_numbered_texts_for_each_label_is_read_by_the_names_of_the_folders(
    tmp_path: Path,
) -> None:
    for name, text in [
        ("greet/0001", "hello"),
        ("greet/0002", "good\nmorning"),
        ("bye/msg-1", "so"),
    ]:
        file = tmp_path / f"{name}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{text}\n")

    remarks = Remarks()
    located = read_sources([DataSource(tmp_path)], remarks)

    assert [(each.example.text, each.example.label) for each in located] == [
        ("so", "bye"),
        ("hello", "greet"),
        ("good\nmorning", "greet"),
    ]
    (remark,) = remarks
    assert remark.startswith(
        f"{tmp_path}/greet: 1 noted: files of several lines, which are one text"
    )


def test_a_folder_of_parts_has_a_file_for_each_label(tmp_path: Path) -> None:
    for name in ("part1/level2", "part2/greet"):
        file = tmp_path / f"{name}.txt"
        file.parent.mkdir()
        file.write_text("hello\n")

    assert sorted(each.label for each in read_examples([tmp_path])) == ["greet", "level2"]


def test_a_folder_is_read_whatever_case_its_names_have_and_names_what_is_not_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "more" / ".cache").mkdir(parents=True)
    (tmp_path / "nested.txt").mkdir()
    for name in ("Bye.TXT", "greeting.txt", "more/help.txt.gz"):
        content = b"hi\n"
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    hidden = ("._greeting.txt", ".greeting.txt.swp", "more/.cache/email.txt", "~$greeting.txt")
    for name in (*hidden, "more.jsonl", "README.md", "greeting.txt~"):
        (tmp_path / name).write_bytes(b"\x00\x05\x16\x07 of another program")
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path)], remarks)

    assert [each.example.label for each in located] == ["Bye", "greeting", "help"]
    assert list(remarks) == [
        f"{tmp_path}: 4 left out: hidden files, such as ._greeting.txt.",
        (
            f"{tmp_path}: 3 left out: files that are not LABEL.txt (name labelled ones, too), such "
            "as README.md."
        ),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("hello\n__label__greet hi\n", r"line 2 has a label of fastText\. Write JSON lines"),
        ("hello\nhi __label__greet there\n", r"line 2 has a label of fastText\. Write JSON lines"),
        ("hi\tgreet\n\nbye now\tbye\n", r"tabs in each line.*Name its columns"),
        ("1\tgreet\thi\n2\tbye\tbye now\n", r"tabs in each line.*Name its columns"),
        ("## intent:greet\n- hi\n", r"Markdown, the format of Rasa 1"),
        ("# greet\n- hi\n- hello\n", r"headings and lists.*Write JSON lines"),
        ("hi O\nann B-PER\n\nbye O\n", r"labels words \(CoNLL\)"),
        ("## story\n* greet\n  - utter_greet\n", r"headings and lists"),
        ("{'text': 'hi'}\n{'text': 'so'}\n", r"an object in each line, but not in JSON"),
        ('"hi",\n"so",\n', r"quotes around each line"),
        ("[greet]\nhi\n[bye]\nso long\n", r"sections with a name above.*such as line 1\."),
        *(
            (
                f"{form % 'greet'}\nhi\nhello\n{form % 'bye'}\nso long\n",
                "sections with a name above",
            )
            for form in (
                *(
                    "%s:",
                    "intent: %s",
                    "Intent %s",
                    "label=%s",
                    "== %s ==",
                    "# %s",
                    "### %s",
                    "@%s",
                ),
                *("%%%s", "$%s", "*%s*", "**%s**", "<%s>", "--- %s ---", "1. %s", "%s_user"),
            )
        ),
        ("order_status\nhi\nrefund.ask\nso\n", "sections with a name above"),
        ("greet\n  hi\n  hello\nbye\n  so long\n", "sections with a name above"),
        ("Book flight\n\thi\nCancel flight\n\tso long\n", "sections with a name above"),
        ("ask_time hi\nsay_bye so\nask_time hello\n", "a name with an underscore at the beginning"),
        ("hi -> greet\nso -> bye\nhello -> greet\n", r"as many arrows in each line"),
        ("greet: hi\nbye: so long\ngreet: hello\n", r"a name and a colon.*Write JSON lines"),
        ("greet:hi\nbye:so long\ngreet:hello\n", r"a name and a colon.*Write JSON lines"),
        (
            "DESC:manner How are you ?\nHUM:ind Who is it ?\nDESC:manner How far ?\n",
            r"a name and a colon.*Write JSON lines",
        ),
        ("[greet] hi\n[bye] so long\n[greet] hello\n", r"a name in brackets.*Write JSON lines"),
        (
            "greet = hi\nbye = so long\ngreet = hello\n",
            r"a name and an equals sign.*Write JSON lines",
        ),
        ("hi :: greet\nso long :: bye\nhello :: greet\n", r"as many colons in each line"),
        ("hi : greet\nso long : bye\nhello : greet\n", r"as many colons in each line"),
        ("hi \u2192 greet\nso long \u2192 bye\nhello \u2192 greet\n", r"as many arrows in each"),
        ("greet\u21d2hi\nbye\u21d2so long\ngreet\u21d2hello\n", r"as many arrows in each line"),
        ("greet --> hi\nbye --> so long\ngreet --> hello\n", r"as many arrows in each line"),
        ("(greet) hi\n(bye) so long\n(greet) hello\n", r"in parentheses at the beginning.*Write"),
        ("hi [greet]\nso long [bye]\nhello [greet]\n", r"a name in brackets at the end.*Write"),
        ("hi (greet)\nso long (bye)\nhello (greet)\n", r"a name in parentheses at the end"),
        ('"hi", "greet"\n"so", "bye"\n', r"two texts in quotes in each line"),
        ("<g>hi</g>\n<b>so long</b>\n<g>hello</g>\n", r"has a tag at the beginning"),
        ("hi, you,greet\nso long,bye\nhello, all,greet\n", r"a comma and a name at the end"),
        ("greet,hi, you\nbye,so long\ngreet,hello, a,b\n", r"a name and a comma at the beginn"),
        ("hi; you;greet\nso long;bye\nhello;greet\n", r"a separator and a name at the end"),
        ("hi, you,0\nso long,1\nhello, all,0\n", r"a comma and a name at the end"),
        ("hi # greet\nso long # bye\nhello # greet\n", r"as many signs in each line"),
        (
            "my data\n" + "hi,greet\nso,bye\nhello,greet\n",
            r"as many commas in each line, but for l",
        ),
        ("hi\tgreet\nso\tbye\nhey\ngood day\tgreet\n", r"tabs in each line, but for line 3, as"),
        ("greet: hi\n\n" + "bye: so\n" * 9 + "well\n", r"a colon at.*, but for line 12\."),
        ("well\n(greet) hi\n" + "(bye) so\n" * 8, r"beginning of each line, but for line 1\."),
        ("a,hi\nb,so\n" * 9 + "x\ny\n", r"commas in each line, but for line 19 and 1 more"),
        ("hi // greet\nso long // bye\nhello // greet\n", r"as many slashes in each line"),
        ("hi       greet\nso long  bye\nhello    greet\n", r"as many gaps in each line"),
        ("%[greet]('training': '9')\n    hi\n", r"line 1 begins a definition of Chatito"),
        ("1/5/24, 10:12 - Ann: hi\n1/5/24, 10:13 - Bob: so\n", r"a date and a time before each"),
        ("[2024-01-05 10:12:00] hi\n[2024-01-05 10:13:10] so\n", r"a date and a time before"),
        ("hi\n<<<<<<< HEAD\nso\n=======\n", r"line 2 is the mark of a merge conflict"),
        (
            "+------+-------+\n| text | label |\n+------+-------+\n| hi   | greet |\n",
            r"line 1 is a line of a table that was printed.*Write CSV",
        ),
        ("+---+\n| a |\n+===+\n", r"line 1 is a line of a table that was printed"),
        ("text label\n---- -----\nhi   greet\n", r"line 2 is a line of a table that was printed"),
        ("a|b\n--+---\nhi|greet\n", r"line 2 is a line of a table that was printed"),
        ("\u250c\u2500\u252c\u2500\u2510\n", r"line 1 is a line of a table that was printed"),
        ("-[ RECORD 1 ]---\na | hi\n", r"line 1 is a line of a table that was printed"),
        ("('hi', 'greet')\n('so', 'bye')\n", r"a tuple or a list of Python in each line"),
        ("['hi', 'greet'],\n['so', \"it's\"],\n", r"a tuple or a list of Python in each line"),
    ],
)
def test_a_text_file_with_labels_in_its_lines_is_rejected_with_the_remedy(
    tmp_path: Path, content: str, problem: str
) -> None:
    (tmp_path / "train.txt").write_text(content)

    with pytest.raises(InvalidExamples, match=problem):
        read_examples([tmp_path / "train.txt"])


@pytest.mark.parametrize(
    "content",
    [
        "one\ttab\n",
        "one\ttab\nnone\n",
        "version: 2 of my text\n",
        "todo: buy milk\ntodo: call ann\ntodo: sleep\n",
        "rappel : acheter du lait\nrappel : appeler\nrappel : dormir\n",
        "solve x = 2\nsolve y = 2\nx = 3\nx = 4\n",
        "21\u00b0 please\n22\u00b0 at night\n",
        "note: one\ntodo: two\nidea: three\n",
        "#happy day\n#sad day\n",
        '"hi" she said\nshe said "hi"\n',
        '"hi"\n',
        "{name}, hello\nhello {name}\n",
        "[greet]\n",
        "# 1 in the list\nsend it\n",
        "<<<<<<< HEAD\nwhat is this\n",
        "move [it]\ncall (me)\nsend [it]\n",
        "a = b\nwhat is = called\n",
        "https://a.org/x hi\nhttps://a.org/y hi\nhttps://b.org/z hi\n",
        "10:30 tomorrow\n2026-11-03 at noon\n",
        "\U0001f602 so funny\n\U0001f602\U0001f602\n\U0001f602\U0001f602\U0001f602\n",
        "\U0001f600 hi\n\U0001f44b hello\n\U0001f44b good day\n",
        "civic. center\nmix) it\nhello\n",
        "new E-Mail\nwrite an E-Mail\nopen the last E-Mail\n",
        "type O\nmy blood is type O\n",
        '"affect" or "effect"\n"its" or "it\'s"\n',
        "5,50\n6,50\n7,25\n5,99\n",
        "5,50 euros\n5,99 euros\n6,50 euros\n",
        "3 : 2\n2 : 1\n3 : 1\n",
        "zip,10115\nzip,10117\nzip,53111\n",
        "Hi.  I need a room\nHi.  Where are you\nHello.  What time\n",
        "{city}, {country}\n{city}\n",
        "12.05.2024 14:00\n13.05.2024 9:00 Uhr\n1/6/2024 2:30 pm\n",
        "2024-01-05T10:12:00Z\n2024-01-06 10:12:30.5\n",
        "[inaudible]\nwhat is it\n[inaudible]\n[music]\nok\n",
        "[hello]\n[bye]\n",
        "[city]\nin a city\n",
        "hello_world\nprint it\n",
        "STOP\nplease stop\nCANCEL\nplease cancel\n",
        "@ann\n@bob\nwrite to ann\n",
        "i want a pizza\ni want fries\nget me food\nget me a pizza\n",
        "---\nso -- well\n-----\n",
        "('hi') she said\n(hi)\n",
        "(hi) there\n(so) long\nwell (ok)\nhi\n",
        "play it (live)\nplay it\nstop (now)\nthe last song [remix]\n",
        "see note [1]\nsee note [2]\nnote [1]\n",
        "call 555 (12)\ncall 556 (13)\ncall 557 (12)\n",
        "milk,bread, eggs\nwhat, now\nso,well\nhi\n",
        "todo: buy milk\nnote: call ann\nwhat is it\nso\n",
        "I want <b>this</b>\nsend it\nhi <br>\n",
        "a -> b\nthe arrow -> is odd\nwhat is it\nso\n",
        "Adele - Hello\nAdele - Skyfall\nQueen - Innuendo\n",
        "File >> Open\nFile >> Save\nEdit >> Copy\n",
        "(laughs) ok\n(laughs) no\n(sighs) well\nso\n",
        "(chorus)\nhello (hello)\nhello again (hello)\nso long (bye)\n",
    ],
)
def test_other_lines_of_a_text_file_are_texts(tmp_path: Path, content: str) -> None:
    (tmp_path / "email.txt").write_text(content)

    examples = read_examples([tmp_path / "email.txt"])

    assert [each.text for each in examples] == content.splitlines()
    assert {each.label for each in examples} == {"email"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("project.csv", "annotation_id,annotator,id,label,text\n7,1,3,greet,hi\n"),
        ("project.tsv", "annotation_id\tid\tlabel\ttext\n7\t3\tgreet\thi\n"),
        ("project.json", '[{"id": 3, "text": "hi", "label": "greet", "annotation_id": 7}]'),
        ("pretty.json", '[\n {\n "text": "hi",\n "label": "greet",\n "annotation_id": 7\n}\n]'),
        ("choices.json", '[{"text": "hi", "label": {"choices": ["greet"]}, "annotation_id": 7}]'),
    ],
)
def test_a_labelled_project_of_label_studio_without_prompts_is_no_review_file(
    tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content)

    (example,) = read_examples([tmp_path / name])

    assert (example.text, example.label) == ("hi", "greet")


def test_a_review_file_with_a_misspelt_column_is_rejected_as_one(tmp_path: Path) -> None:
    file = tmp_path / "review.csv"
    file.write_text("id,prompt,predicted_intent,corected_intent\n1,hi,help,greet\n")

    with pytest.raises(InvalidExamples, match=r"no column corrected_intent\. If corected"):
        read_examples([file])


@pytest.mark.parametrize("start", ['version: "3.1"\n', ""])
def test_a_text_file_that_is_one_of_rasa_is_read_as_such(tmp_path: Path, start: str) -> None:
    (tmp_path / "nlu.txt").write_text(f"{start}nlu:\n- intent: greet\n  examples: |\n    - hi\n")

    (example,) = read_examples([tmp_path / "nlu.txt"])

    assert (example.text, example.label) == ("hi", "greet")


def test_a_rasa_project_is_rejected_with_the_file_to_name(tmp_path: Path) -> None:
    files = {
        "domain.yml": "intents:\n- greet\n",
        "data/nlu.yml": 'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - hi\n',
        "data/lookup/cities.txt": "Berlin\nParis\n",
        "requirements.txt": "rasa==3.6\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)

    for folder in (tmp_path, tmp_path / "data"):
        with pytest.raises(InvalidExamples, match=r"NLU data of Rasa, such as .*nlu\.yml\. Name"):
            read_examples([folder])


def test_other_yaml_beside_text_files_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "greet.txt").write_text("hi\n")
    (tmp_path / "settings.yml").write_text("name: my texts\n")
    (tmp_path / "broken.yml").symlink_to("missing.yml")

    assert [each.label for each in read_examples([tmp_path])] == ["greet"]


def test_a_folder_without_a_file_that_is_read_is_rejected_with_the_remedy(tmp_path: Path) -> None:
    for name in ("._greeting.txt", "more.jsonl", "._retraining.manifest"):
        (tmp_path / name).write_bytes(b"\x00\x05\x16\x07")

    with pytest.raises(InvalidExamples, match=r"neither LABEL\.txt.*Name other files one by one"):
        read_examples([tmp_path])


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


@pytest.mark.parametrize(
    ("lines", "delimiters"),
    [
        (["hi\tgreet", "so\tbye"], "tabs"),
        (["hi|greet", "good day|greet", "so|bye"], "vertical bars"),
        (["greet;hi", "greet;good day", "bye;so"], "semicolons"),
        (["hi,greet", "good day,greet", "so,bye"], "commas"),
        (["1,hi,greet", "2,good day,greet", "3,so,bye"], "commas"),
    ],
)
def test_a_table_without_a_header_is_not_taken_for_texts_of_one_label(
    tmp_path: Path, lines: list[str], delimiters: str
) -> None:
    file = tmp_path / "data.txt"
    file.write_text("\n".join(lines), "utf-8")

    with pytest.raises(
        InvalidExamples, match=f"as many {delimiters} in each line.*Name its.*JSON lines"
    ):
        read_examples([file])


@pytest.mark.parametrize(
    "lines",
    [
        ["yes, please", "yes, thanks", "yes, now"],
        ["move it, then call", "hi,you", "yes, now"],
        ["a;b", "now; or later; or never", "so"],
        ["buy milk,bread today", "call tom,ann tomorrow", "pay rent,gas on monday"],
    ],
)
def test_texts_with_commas_are_texts(tmp_path: Path, lines: list[str]) -> None:
    file = tmp_path / "shopping.txt"
    file.write_text("\n".join(lines), "utf-8")

    assert [each.text for each in read_examples([file])] == lines


@pytest.mark.parametrize(
    ("content", "remedy"),
    [
        ('{"text": "hi", "label": 3}', "Write the name of the intent"),
        ('{"text": "hi", "label": true}', "Write the name of the intent"),
        ('{"text": ["hi", "so"], "label": "greet"}', "an object for each text"),
        ('{"text": {"0": "hi"}, "label": "greet"}', "an object for each text"),
        ('{"text": 12, "label": "greet"}', "an object for each text"),
    ],
)
def test_a_value_of_another_type_is_rejected_with_what_to_write(
    tmp_path: Path, content: str, remedy: str
) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(content, "utf-8")

    with pytest.raises(InvalidExamples, match=f"line 1: (text|label): it is not a text.*{remedy}"):
        read_examples([file])


@pytest.mark.parametrize("name", ["nan.txt", "#REF!.txt"])
def test_a_file_named_after_a_missing_value_is_rejected_with_its_name(
    tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.write_text("nan\nnan\n")

    with pytest.raises(InvalidExamples, match="its name, which is the label of its texts, stands"):
        read_examples([file])


def test_a_file_with_a_name_that_is_too_long_for_a_label_is_rejected(tmp_path: Path) -> None:
    file = tmp_path / f"{'x' * 101}.txt"
    file.write_text("hi\n")

    with pytest.raises(InvalidExamples, match="label: it has more than 100 characters"):
        read_examples([file])


def test_a_file_without_a_known_name_is_read_by_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "export"
    for content in (
        "text,label\nhi,greet\n",
        '{"text": "hi", "label": "greet"}\n',
        'version: "3.1"\nnlu:\n- intent: greet\n  examples: |\n    - hi\n',
    ):
        file.write_text(content, "utf-8")
        assert [(each.text, each.label) for each in read_examples([file])] == [("hi", "greet")]


@pytest.mark.parametrize("name", ["notes.xml", "notes", "notes.db"])
def test_a_file_of_no_known_format_is_rejected_with_the_names_of_the_formats(
    tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.write_text("<a>hi</a>", "utf-8")

    with pytest.raises(InvalidExamples, match=r"which format it has. Name a table .csv"):
        read_examples([file])


def test_an_archive_is_rejected_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "data.zip"
    file.write_bytes(b"PK\x03\x04" + bytes(64))

    with pytest.raises(InvalidExamples, match="unpack the archive"):
        read_examples([file])


def test_numbered_texts_in_folders_of_several_levels_are_not_read_by_their_numbers(
    tmp_path: Path,
) -> None:
    for name in ("train/greet/0_9", "train/bye/1_1", "test/greet/2_3"):
        file = tmp_path / f"{name}.txt"
        file.parent.mkdir(parents=True)
        file.write_text("hello")

    with pytest.raises(InvalidExamples, match="Name the one that has a folder for each label"):
        read_examples([tmp_path])
    assert {each.label for each in read_examples([tmp_path / "train"])} == {"greet", "bye"}


@pytest.mark.parametrize("label", ['""', "null", '" "', '"\\u200b"'])
def test_a_text_with_an_empty_label_is_rejected_with_what_to_do(tmp_path: Path, label: str) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text(f'{{"text": "hi", "label": {label}}}', "utf-8")

    with pytest.raises(InvalidExamples, match="line 1 has no label"):
        read_examples([file])


def test_invisible_characters_around_a_label_are_no_part_of_it(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("text,label\nhi,greet\u200b\nhello,\ufeffgreet\n", "utf-8")

    assert {each.label for each in read_examples([file])} == {"greet"}


@pytest.mark.parametrize("name", ["re\u0301sume\u0301.txt", "re\u0301sume\u0301/0001.txt"])
def test_the_letters_of_a_file_name_are_composed_in_the_label(tmp_path: Path, name: str) -> None:
    for path in (tmp_path / name, tmp_path / name.replace("re", "pre", 1)):
        path.parent.mkdir(exist_ok=True)
        path.write_text("hi\n")

    labels = [each.label for each in read_examples([tmp_path])]

    assert labels == ["pr\u00e9sum\u00e9", "r\u00e9sum\u00e9"]


@pytest.mark.parametrize("names", [["bye.txt", "greet.txt"], ["bye/1.txt", "greet/1.txt"]])
@pytest.mark.parametrize("blank", ["", "\n \n"])
def test_files_without_a_text_are_named(tmp_path: Path, names: list[str], blank: str) -> None:
    for name, content in zip(names, [blank, "hi\n"], strict=True):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path)], remarks)

    assert [each.example.label for each in located] == ["greet"]
    assert list(remarks) == [f"{tmp_path}/{names[0]}: 1 left out: files without a text."]


@pytest.mark.parametrize(
    ("lines", "texts"),
    [
        (['"hello, how are you"', "hi"], ["hello, how are you", "hi"]),
        (['"say ""hi"" to him"', "so, well"], ['say "hi" to him', "so, well"]),
        (['"yes, please"', '"no, thanks"'], ["yes, please", "no, thanks"]),
    ],
)
@pytest.mark.parametrize("needs_labels", [True, False])
def test_the_quotes_of_a_spreadsheet_around_texts_are_removed(
    tmp_path: Path, lines: list[str], texts: list[str], needs_labels: bool
) -> None:
    (tmp_path / "email.txt").write_text("\r\n".join(lines), "utf-8")
    remarks = Remarks()
    read = read_sources if needs_labels else read_unlabelled

    located = read([DataSource(tmp_path)], remarks)

    assert [each.example.text for each in located] == texts
    assert "changed: quotes of a spreadsheet around texts are removed" in "\n".join(remarks)


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        ('"hi"\nso\n', "1 noted: texts in quotation marks"),
        ('"hi, you"\nso, well\n', "1 noted: texts in quotation marks"),
        ('"hi,\nyou"\nso\n', "1 noted: texts with a quotation mark that is not closed"),
        ("# small talk\nhi\n\n// more\nso\n", r"2 noted: texts that begin like a comment"),
        ("; small talk\nhi\n-- more\n% so\n", r"3 noted: texts that begin like a comment"),
        ("/* small talk */\nhi\n<!-- so -->\nREM so\n", r"3 noted: texts that begin like a"),
        ('<intent name="greet">\nhi\n</intent>\n', "2 noted: texts that are tags"),
        ("greet\n  hi\n\thello\nbye\n", "2 noted: texts that are indented"),
        ('"its" or "it\'s"\n"say "hi" now"\n', "2 noted: texts between quotation marks"),
        ("[inaudible]\nhi\n[inaudible]\nso\n", "2 noted: texts that are a name in brackets"),
        ("greet: hi\ngreet: so\n", "2 noted: names and colons before texts"),
        ("text\nhi\nso\n", "1 noted: texts that may be the name of a column"),
        ("\nUtterances\nhi\n", "1 noted: texts that may be the name of a column"),
        ("greet:\nhi\n\nso\n", "1 noted: texts that may be headings"),
        ("intent: greet\nhi\nso\n", "1 noted: texts that may be headings"),
        ("hi\n*** bye ***\nso\n", "1 noted: texts that may be headings"),
        ("greet\n=====\nhi\nbye\n---\nso\n", "2 noted: texts that are rules"),
        ("greet\nhi\nho\n\nbye\nso\n\nok\nyes\n", "texts in paragraphs that begin with one word"),
        ("hi you\ngreet\nso long\nbye\nhey\ngreet\n", "6 noted: texts and words by turns"),
        (
            "greet - hi\nbye - so\ngreet - hey\n",
            "3 noted: texts with a name or a number at one end",
        ),
        ("ham a b\nspam c d\n" * 4, "8 noted: texts with a name or a number at one end"),
        ("a b ham\nc d spam\n" * 4, "8 noted: texts with a name or a number at one end"),
        ("hi #greet\nso #bye\nhello #greet\n", "3 noted: texts with a name or a number at one end"),
        ("to {city}\nin {land}\nat {city}\n", "3 noted: texts with a name or a number at one end"),
        ("hi, greet\nso, bye\nhello, greet\n", "3 noted: texts with a name or a number at one end"),
        (
            "hi - greet\nso - bye\nhey - greet\n",
            "3 noted: texts with a name or a number at one end",
        ),
        (
            "hi / greet\nso / bye\nhey / greet\n",
            "3 noted: texts with a name or a number at one end",
        ),
        ("hi\\\\tgreet\nso\\\\tbye\nhey\\\\tbye\n", "3 noted: texts with a name or a number at"),
        ("hi you 0\nso 1\nhello 0\n", "3 noted: texts with a name or a number at one end"),
        ("0 hi you\n1 so\n0 hello\n", "3 noted: texts with a name or a number at one end"),
    ],
)
def test_what_may_not_belong_to_texts_stays_and_is_named(
    tmp_path: Path, content: str, fact: str
) -> None:
    (tmp_path / "email.txt").write_text(content, "utf-8")
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path)], remarks)

    assert [each.example.text for each in located] == list(filter(None, content.splitlines()))
    assert fact in "\n".join(remarks)


@pytest.mark.parametrize(
    "form",
    [
        *(
            "<{0}> {1}",
            "{{{0}}} {1}",
            "*{0}* {1}",
            "**{0}** {1}",
            "`{0}` {1}",
            '"{0}" {1}',
            "«{0}» {1}",
        ),
        *("@{0} {1}", "#{0} {1}", "#{0}: {1}", "/{0} {1}", "${0} {1}", "{0}> {1}", "{0}) {1}"),
        *(
            "({0}, {1})",
            "{0}\\{1}",
            "【{0}】{1}",
            "\uff08{0}\uff09{1}",
            "{0}\uff1a{1}",
            "{0}\uff0c{1}",
            "{0}、{1}",
        ),
        *(
            "{1}\uff1a{0}",
            "{1}\uff0c{0}",
            "{1}\uff1b{0}",
            "{1}、{0}",
            "{1} 【{0}】",
            "{1}·{0}",
            "{1}~{0}",
            "{1}^{0}",
        ),
        *("{1}@@{0}", "{1}###{0}", "{1} +++$+++ {0}", "{1} intent={0}", "{1} (intent: {0})"),
        *("{1}\\{0}", '{1}"{0}"', "{1} /{0}", "{1} _{0}_", "+{2} {1}", "-{2} {1}", "{1} ({2})"),
    ],
)
def test_lines_with_a_repeated_name_at_one_end_are_named_whatever_marks_are_around_it(
    tmp_path: Path, form: str
) -> None:
    rows = [("greet", "hi there"), ("bye", "so long"), ("greet", "hello"), ("bye", "see you")] * 2
    lines = [form.format(name, text, len(name) % 2) for name, text in rows]
    for name in ("data.txt", "email.txt"):
        (tmp_path / name).write_text("\n".join(lines), "utf-8")
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path / "email.txt")], remarks)

    assert [each.example.text for each in located] == lines
    assert "8 noted: texts with a name or a number at one end" in "\n".join(remarks)
    with pytest.raises(InvalidExamples, match=r"a number at one end.*hardly an intent"):
        read_sources([DataSource(tmp_path / "data.txt")], Remarks())


ROWS_OR_HEADINGS = [
    ("hi there,greet\nsee you,bye\n", "a name and a delimiter"),
    ("greet;hi there\nbye;see you\n", "a name and a delimiter"),
    ("hi there|greet\nsee you|bye\nbook a table|book\n", "a name and a delimiter"),
    ("greet: hi there\nbye: see you\n", "a name and a delimiter"),
    ("[greet] hi there\n[bye] see you\n", "a name and a delimiter"),
    ("hi there [greet]\nsee you [bye]\n", "a name and a delimiter"),
    ("hi there => greet\nsee you => bye\n", "a name and a delimiter"),
    ("Greet\nhi there\nhello\n\nGoodbye\nbye now\nsee you\n", "begin with one word"),
    ("greet\nhi there\ngood day\nbye\nsee you\nso long\n", "one word above others"),
]


@pytest.mark.parametrize(("content", "fact"), ROWS_OR_HEADINGS)
def test_texts_that_may_have_labels_are_named_or_rejected_by_the_name_of_the_file(
    tmp_path: Path, content: str, fact: str
) -> None:
    for name in ("data.txt", "email.txt"):
        (tmp_path / name).write_text(content)
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path / "email.txt")], remarks)

    assert [each.example.text for each in located] == list(filter(None, content.split("\n")))
    assert f"{len(located)} noted: texts" in "\n".join(remarks)
    assert fact in "\n".join(remarks)
    with pytest.raises(InvalidExamples, match=rf"data\.txt has .*{fact}.*JSON lines"):
        read_sources([DataSource(tmp_path / "data.txt")], Remarks())


@pytest.mark.parametrize(
    "content",
    [
        "hello, friend\nhi, Anna\n",
        "hi,you\nhello,bot\n",
        "at 10:30 today\nby 11:15 sharp\n",
        "yes\nok\nsure thing\n",
        "yes\nyes please\nok\nok do it\nsure\nsure do it now\n",
        "Hello\nhi there you\nhow are you\n",
        "1,5 litres of milk\n2,5 litres of milk\n",
        "see http://a.example now\nor https://b.example then\n",
    ],
)
def test_ordinary_texts_are_no_rows_and_no_headings(tmp_path: Path, content: str) -> None:
    (tmp_path / "order.txt").write_text(content)
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path / "order.txt")], remarks)

    assert len(located) == content.count("\n")
    assert not list(remarks)


@pytest.mark.parametrize(
    "content",
    [
        "what is it?\nwhat now\nhow much is it?\nhow so?\nwhy not\nwhat for?\nhow\nwhere to?\n",
        (
            "a tea, please!\nthe bill, please.\nwater, please\nmore, please!\n"
            "a cup, please\none, please\ntwo, please\nbread, please?\n"
        ),
        (
            "@shop hi\n@shop late again\nhello @shop\n#fail my order\n"
            "#late again\nwhere is it #shop\nany news\nbye\n"
        ),
        "\u4f60\u597d\uff0c\u6211\u8981\u8336\n\u51e0\u70b9\uff1f\n\u8336\n\u4e70\u5355\n" * 2,
    ],
)
def test_ordinary_texts_have_no_names_at_one_end(tmp_path: Path, content: str) -> None:
    (tmp_path / "order.txt").write_text(content, "utf-8")
    remarks = Remarks()

    read_sources([DataSource(tmp_path / "order.txt")], remarks)

    assert not list(remarks)


@pytest.mark.parametrize(
    "mark",
    [
        *("- ", "* ", "+ ", "\u2022 ", "\u2022", "\u2013 ", "\u00b7 "),
        *("-\u00a0", "\u2460 ", "1\uff0e", "1\u3001", "[x] ", "1 - "),
        *("1. ", "1.", "1) ", "(1) ", "[1] ", "1: ", "a) ", "(b) ", "1/ "),
        *(
            "II. ",
            "iv) ",
            "(xii) ",
            "1\ufe0f\u20e3 ",
            "\U0001f51f ",
            "\u25b6\ufe0f ",
            "\u2714\ufe0f ",
        ),
        *("\u2705 ", "\u27a1\ufe0f ", "\u2610 ", "\u2605 ", "\u27a4 ", "\u00bb "),
    ],
)
@pytest.mark.parametrize("lead", ["", "Here are 5 examples:\n\n", "greet\n"])
def test_a_list_with_a_mark_before_each_line_is_rejected(
    tmp_path: Path, mark: str, lead: str
) -> None:
    file = tmp_path / "greet.txt"
    file.write_text(f"{lead}{mark}hi\n{mark}hello\n", "utf-8")

    with pytest.raises(InvalidExamples, match="a bullet or a number before each line"):
        read_examples([file])


@pytest.mark.parametrize("symbol", ["\U0001f449", "\U0001f539", "\u2b50", "\U0001f600"])
def test_a_list_with_the_same_symbol_before_each_line_is_rejected(
    tmp_path: Path, symbol: str
) -> None:
    file = tmp_path / "greet.txt"
    file.write_text(f"{symbol} hi\n{symbol} hello\n{symbol} good day\n", "utf-8")

    with pytest.raises(InvalidExamples, match="a bullet or a number before each line"):
        read_examples([file])


@pytest.mark.parametrize(
    "names", [["greet/train", "bye/train"], ["greet/examples", "bye/examples"], ["train", "Test"]]
)
def test_names_of_files_that_are_no_intents_are_rejected_with_the_remedy(
    tmp_path: Path, names: list[str]
) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.txt").write_text("hi\n")

    with pytest.raises(InvalidExamples, match=r"which are no intents\. Name each file after the"):
        read_examples([tmp_path])
    assert len(read_unlabelled([DataSource(tmp_path)], Remarks())) == len(names)


@pytest.mark.parametrize(
    "names",
    [["greet_usersays_en"], ["greet_train", "greet_test"], ["bye", "greet-train", "greet-dev"]],
)
def test_names_of_files_with_a_part_beside_the_intent_are_rejected_with_the_remedy(
    tmp_path: Path, names: list[str]
) -> None:
    for name in names:
        (tmp_path / f"{name}.txt").write_text("hi\n")

    with pytest.raises(InvalidExamples, match=r"beside the intent\. Name each file after"):
        read_examples([tmp_path])
    assert len(read_unlabelled([DataSource(tmp_path)], Remarks())) == len(names)


def test_an_intent_may_end_like_the_name_of_a_split(tmp_path: Path) -> None:
    for name in ("book_train", "cancel_train", "take_test"):
        (tmp_path / f"{name}.txt").write_text("hi\n")

    labels = [each.label for each in read_examples([tmp_path])]
    assert labels == ["book_train", "cancel_train", "take_test"]


def test_a_single_file_whose_name_may_be_no_intent_is_named(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("the 8 to london\n")
    (tmp_path / "bus.txt").write_text("line 9\n")
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path)], remarks)

    assert [each.example.label for each in located] == ["bus", "train"]
    assert "1 noted: texts with the label train, the name of their file" in "\n".join(remarks)


def test_a_file_that_lists_the_labels_is_left_out_and_named(tmp_path: Path) -> None:
    for name, content in (("greet", "hi"), ("bye", "so"), ("Labels", "greet\nbye\n\n")):
        (tmp_path / f"{name}.txt").write_text(content)
    (tmp_path / "classes.txt").write_text("which classes do I have\n")
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path)], remarks)

    assert [each.example.label for each in located] == ["bye", "classes", "greet"]
    assert list(remarks) == [
        f"{tmp_path}: 1 left out: files that list the labels, such as Labels.txt."
    ]


def test_links_to_folders_are_named_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "data" / "more").mkdir(parents=True)
    (tmp_path / "data" / "greet.txt").write_text("hi\n")
    (tmp_path / "data" / "alias.txt").symlink_to("greet.txt")
    (tmp_path / "data" / "more" / "loop").symlink_to(tmp_path / "data")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path / "link")], remarks)

    assert [each.example.label for each in located] == ["alias", "greet"]
    assert "1 left out: links to folders (name them, too), such as more/loop." in (
        "\n".join(remarks)
    )


@pytest.mark.parametrize(
    "content",
    [
        '["hi", "hello"]\n',
        "[" + ", ".join(['{"text": "hi", "labels": 3}'] * 500) + "]",
        '{"text": "hi", "label": "greet", "more": "' + "x" * 5_000 + '"',
        '[["hi", "greet"], ["so", "bye"]]',
    ],
)
def test_json_in_a_text_file_is_no_text(tmp_path: Path, content: str) -> None:
    (tmp_path / "greet.txt").write_text(content)

    with pytest.raises(InvalidExamples, match=r"JSON|list of pairs|labels is not known|several"):
        read_examples([tmp_path / "greet.txt"])


@pytest.mark.parametrize(
    ("name", "content"),
    [("greet.txt", "greet: hi\nGreet: so\n"), ("train.txt", "hi __label__greet\nso\n")],
)
def test_a_text_file_that_repeats_its_label_is_rejected(
    tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content)

    with pytest.raises(InvalidExamples, match=r"a name and a colon|a label of fastText"):
        read_examples([tmp_path / name])


@pytest.mark.parametrize(
    "lines",
    [
        *(["3.5 kg of rice", "2 pm"], ["10:30 works", "9:15 too"], ["1. hi", "so"]),
        *(["(hi)", "(so)"], ["10:30 works", "9:15 too", "10:30 it is"]),
        ["https://a.example", "http://b.example", "https://c.example"],
    ],
)
def test_numbers_in_texts_are_texts(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "plan.txt").write_text("\n".join(lines))

    assert [each.text for each in read_examples([tmp_path])] == lines


@pytest.mark.parametrize(
    "lines",
    [
        ["5. Mai", "6. Juni", "12. Dezember"],
        ["3. floor", "1. floor"],
        ["(212) 555-0100", "(415) 555-0101"],
        ["(555) 010-1234", "(555) 010-9876"],
        ["J. Smith", "A. Jones", "B. Miller"],
        ["2 - large pizzas", "1 - coke"],
        ["mm. yes", "mm. no"],
    ],
)
def test_numbers_and_letters_that_do_not_count_up_are_texts_and_named(
    tmp_path: Path, lines: list[str]
) -> None:
    (tmp_path / "plan.txt").write_text("\n".join(lines))
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path)], remarks)

    assert [each.example.text for each in located] == lines
    assert f"{len(lines)} noted: texts that begin like the items of a list" in "\n".join(remarks)


@pytest.mark.parametrize(
    "lines",
    [
        ["1. hi", "2. hello", "4. good day", "5. hey"],
        ["1) hi", "2) hello", "1) good day", "2) hey"],
        ["h) hi", "i) hello", "j) good day"],
        ["iii. hi", "iv. hello", "v. good day"],
    ],
)
def test_numbers_and_letters_that_count_up_are_a_list(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "greet.txt").write_text("\n".join(lines))

    with pytest.raises(InvalidExamples, match="a bullet or a number before each line"):
        read_examples([tmp_path])


def test_folders_named_after_splits_state_the_splits_of_their_texts(tmp_path: Path) -> None:
    for name in ("Training/greet", "test/greet", "more/bye"):
        file = tmp_path / f"{name}.txt"
        file.parent.mkdir()
        file.write_text("hello\n")
    remarks = Remarks()

    located = read_sources([DataSource(tmp_path)], remarks)

    found = {(each.example.label, each.example.split) for each in located}
    assert found == {("greet", "train"), ("greet", "test"), ("bye", None)}
    assert "1 changed: texts get the split test, the name of their folder." in "\n".join(remarks)
    assert [each.split for each in read_examples([tmp_path / "test"])] == [None]


def test_a_folder_named_like_one_split_alone_states_no_split(tmp_path: Path) -> None:
    for name in ("test/greet", "other/bye"):
        file = tmp_path / f"{name}.txt"
        file.parent.mkdir()
        file.write_text("hello\n")

    assert {each.split for each in read_examples([tmp_path])} == {None}


TRUTH = '{"source": "hi", "job": 0, "job-metadata": {"class-name": "greet"}}\n'


@pytest.mark.parametrize("content", ["<assembly/>", TRUTH])
def test_the_manifest_of_another_program_makes_no_dataset_of_a_folder(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / "app.manifest").write_text(content)
    (tmp_path / "greet.txt").write_text("hello\n")
    remarks = Remarks()

    (example,) = read_sources([DataSource(tmp_path)], remarks)

    assert example.example.label == "greet"
    assert "such as app.manifest" in "\n".join(remarks)


def test_the_manifest_of_another_program_is_named_as_the_file_that_it_is(tmp_path: Path) -> None:
    file = tmp_path / "output.manifest"
    file.write_text(TRUTH)

    with pytest.raises(InvalidExamples, match=r"an output of SageMaker Ground Truth\. Convert"):
        read_examples([file])


@pytest.mark.parametrize(
    "unit", [*" -_=~\"'[(<{#,;:|>.1a\t\\\u3000", "- ", "a,", "[a", "<a ", "a: "]
)
def test_a_long_line_takes_no_long_time(tmp_path: Path, unit: str) -> None:
    file = tmp_path / "greet.txt"
    many = unit * (100_000 // len(unit))
    lines = [f"x{many}y", f"{many}y", f"<a{many}", f'x "{many}', f"=={many}.", f"x O{many}."]
    file.write_text("\n".join(lines), "utf-8")
    start = time.process_time()

    with contextlib.suppress(InvalidExamples):
        read_examples([file])
    took = time.process_time() - start

    assert took < 3


def test_a_folder_that_cannot_be_read_is_not_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a/greet", "b/bye"):
        file = tmp_path / f"{name}.txt"
        file.parent.mkdir()
        file.write_text("hello\n")
    list_folder = os.scandir

    def forbid(folder: Any) -> Any:
        if str(folder).endswith("/b"):
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return list_folder(folder)

    monkeypatch.setattr(os, "scandir", forbid)

    with pytest.raises(InvalidExamples, match=r"/b cannot be read: Permission denied\."):
        read_examples([tmp_path])
