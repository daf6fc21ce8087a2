"""Rasa files are read by Rasa's own rules, and written so that Rasa reads every text as it is."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from training.data.examples import Example, InvalidExamples, LocatedExample
from training.data.formats import rasa, read_as, write_as
from training.data.locations import Location
from training.data.remarks import Remarks


def _read(tmp_path: Path, content: str, remarks: Remarks | None = None) -> list[tuple[str, str]]:
    file = tmp_path / "nlu.yml"
    file.write_text(content, "utf-8")
    return [(example.text, example.label) for example in read_as("rasa", file, remarks)]


def _read_examples(tmp_path: Path, *lines: str) -> list[str]:
    block = "".join(f"    {line}\n" for line in lines)
    return [
        text for text, _ in _read(tmp_path, f"nlu:\n- intent: x\n  examples: |\n{block}")
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "yes",
        "No",
        "on",
        "OFF",
        "y",
        "true",
        "12",
        "1.10",
        "1.0",
        "0x1F",
        "0o14",
        "1_000",
        "1e3",
        ".inf",
        "2024-01-01",
        "12:30:45",
        "'~'",
        '"null"',
    ],
)
def test_intents_are_texts_as_written(tmp_path: Path, name: str) -> None:
    assert _read(tmp_path, f"nlu:\n- intent: {name}\n  examples: |\n    - sure\n") == [
        ("sure", name.strip("\"'"))
    ]


@pytest.mark.parametrize("null", ["~", "null", "Null", "NULL"])
@pytest.mark.parametrize(
    "content",
    [
        "nlu:\n- examples: |\n    - sure\n  intent: {}\n",
        "nlu:\n- intent: x\n  examples:\n  - {}\n",
        "nlu:\n- intent: x\n  examples:\n  - text: {}\n",
    ],
)
def test_the_absence_of_a_value_is_no_text(tmp_path: Path, content: str, null: str) -> None:
    with pytest.raises(InvalidExamples, match=r"line 4: \w+ is null, also written ~.*Put quotes"):
        _read(tmp_path, content.format(null))

    assert _read(tmp_path, content.format(f"'{null}'"))


@pytest.mark.parametrize("separator", ["\x85", "\u2028", "\u2029"])
def test_a_separator_of_lines_is_part_of_a_text(tmp_path: Path, separator: str) -> None:
    """YAML 1.1, which the parser implements, ends lines at these characters."""
    content = f"""nlu:
- intent: x # a{separator}b
  examples: |
    - one{separator}two
    no dash
- intent: "x{separator}y"
  examples:
  - three{separator}four
  - text: '{separator}five'
  - text: "\\x85\\u2028six"
"""
    remarks = Remarks()

    assert _read(tmp_path, content, remarks) == [
        (f"one{separator}two", "x"),
        (f"three{separator}four", f"x{separator}y"),
        (f"{separator}five", f"x{separator}y"),
        ("\x85\u2028six", f"x{separator}y"),
    ]
    assert "lines that do not begin with a dash (line 5)" in next(iter(remarks))


@pytest.mark.parametrize("character", ["\x0b", "\x0c", "\x1c", "\x1e", "\x07", "\ufffe"])
def test_a_character_that_yaml_forbids_is_rejected_with_its_line(
    tmp_path: Path, character: str
) -> None:
    with pytest.raises(InvalidExamples, match=r"Line 4 .*character U\+[0-9A-F]{4}.*Remove it"):
        _read_examples(tmp_path, f"- one{character}two")


def test_every_line_that_begins_with_a_dash_is_an_example(tmp_path: Path) -> None:
    lines = ("-good morning", "- good evening", "-\tgood night", "--good dash", "- ", "-")

    assert _read_examples(tmp_path, *lines) == [
        "good morning", "good evening", "good night", "-good dash",
    ]  # fmt: skip


def test_examples_in_quotation_marks_are_named(tmp_path: Path) -> None:
    remarks = Remarks()
    content = "nlu:\n- intent: a\n  examples: |\n    - \"hello\"\n    - 'hi'\n    - don't\n"

    assert [text for text, _ in _read(tmp_path, content, remarks)] == ['"hello"', "'hi'", "don't"]
    assert [line.partition("yml: ")[2] for line in remarks] == [
        "2 noted: texts in quotation marks, which are part of them (lines 4 and 5)."
    ]


@pytest.mark.parametrize(
    "examples",
    [
        '"- hello\n    - hi"',
        "'- hello\n    - hi'",
        '"\n    - hello\n    - hi\n    "',
        "-hello\n    -hi",
        '"- hello\n\n    - hi\n    - good day"',
    ],
    ids=["quotes", "apostrophes", "quotes on lines of their own", "plain", "some"],
)
def test_examples_whose_lines_yaml_joins_are_rejected(tmp_path: Path, examples: str) -> None:
    with pytest.raises(InvalidExamples, match="line 3: YAML joins the lines"):
        _read(tmp_path, f"nlu:\n- intent: greet\n  examples: {examples}\n- synonym: a\n")


@pytest.mark.parametrize("style", [None, '"', "'", "|"])
@pytest.mark.parametrize("width", [20, 80, 1_000])
def test_examples_may_be_a_text_as_the_library_of_yaml_writes_it(
    tmp_path: Path, style: str | None, width: int
) -> None:
    texts = ["hello", "the early train to Köln - the one at six - on a friday", "-", "see you"]
    section = {"intent": "greet", "examples": "".join(f"- {text}\n" for text in texts)}
    content = yaml.dump(
        {"nlu": [section, {**section, "intent": "b"}]}, default_style=style, width=width
    )

    read = _read(tmp_path, content)

    assert read == [(text, label) for label in ("greet", "b") for text in texts]


def test_examples_on_one_line_are_no_joined_lines(tmp_path: Path) -> None:
    content = "nlu:\n- intent: a\n  examples: -hi\n- intent: b\n  examples: -yo\n"

    assert _read(tmp_path, content) == [("hi", "a"), ("yo", "b")]


def test_examples_may_be_a_list_of_texts_or_of_texts_with_metadata(tmp_path: Path) -> None:
    content = """
nlu:
- intent: affirm
  examples:
  - text: no doubt
  - text: 2024-05-01
  - text: on
  - text: |
      naturally
    metadata:
      tone: warm
  - just so
  metadata: {a: 1}
"""
    assert [text for text, _ in _read(tmp_path, content)] == [
        "no doubt", "2024-05-01", "on", "naturally", "just so",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("annotated", "plain"),
    [
        ("fly to [Rome](city)", "fly to Rome"),
        ("fly to [the big apple](city:New York)", "fly to the big apple"),
        ("fly to [Rome](the city)", "fly to Rome"),
        ('from [Rome]{"entity": "city", "role": "from"} on', "from Rome on"),
        ('[Rome]{"entity": "city", "group": "1", "value": "ROM"}', "Rome"),
        ('[Rome][{"entity": "city"}, {"entity": "capital", "role": "to"}]!', "Rome!"),
        ("[a](b) and [c](d)", "a and c"),
        ("a [list][of](words)", "a [list]of"),
        ("- [ ] to do", "- [ ] to do"),
        ("see [1] and (2)", "see [1] and (2)"),
        ("[a] (b)", "[a] (b)"),
        ("[](b)", "[](b)"),
    ],
)
def test_every_notation_of_entities_leaves_the_text(
    tmp_path: Path, annotated: str, plain: str
) -> None:
    assert _read_examples(tmp_path, f"- {annotated}") == [plain]


@pytest.mark.parametrize("annotation", ["[a]{2}", '[a]{"role": "x"}', '[a][{"entity": 1}]'])
def test_an_annotation_that_rasa_rejects_is_rejected_with_its_line(
    tmp_path: Path, annotation: str
) -> None:
    with pytest.raises(InvalidExamples, match=r"nlu\.yml, line 5: the braces"):
        _read_examples(tmp_path, "- hello", f"- {annotation}")


def test_intents_with_several_parts_keep_their_name(tmp_path: Path) -> None:
    content = (
        "nlu:\n- intent: faq/ask_price\n  examples: |\n    - a\n- intent: a+b\n  examples: |\n"
    )

    assert _read(tmp_path, f"{content}    - c\n") == [("a", "faq/ask_price"), ("c", "a+b")]


def test_what_is_no_example_is_left_out_and_named_with_its_line(tmp_path: Path) -> None:
    remarks = Remarks()
    content = """version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello [you](who)

    a line without a dash
      - an indented line
    -
- synonym: you
  examples: |
    - thee
- regex: zip
  examples: |
    - \\d{5}
- lookup: city
  examples: |
    - Rome
- intent: empty
  examples: |
- intent:
  examples: |
    - nameless
- intent: listed
  examples:
  - metadata: {a: 1}
- hello
responses:
  utter_greet:
  - text: hello
"""
    assert _read(tmp_path, content, remarks) == [("hello you", "greet")]
    reported = [line.removeprefix(f"{tmp_path}/nlu.yml: ") for line in remarks]
    assert sorted(reported) == [
        "1 left out: entity annotations (line 5).",
        "1 left out: examples without text (line 26).",
        "1 left out: intents without a name (line 21).",
        "1 left out: keys beside nlu (line 29).",
        "1 left out: lookup tables (line 16).",
        "1 left out: regular expressions (line 13).",
        "1 left out: sections without an intent (line 27).",
        "1 left out: synonyms (line 10).",
        "1 left out: texts that are empty (line 9).",
        "2 left out: intents without examples (lines 19 and 24).",
        "2 left out: lines that do not begin with a dash (lines 7 and 8).",
    ]


@pytest.mark.parametrize(
    ("section", "name", "meant"),
    [
        ("- intent: greet\n  example: |\n    - hi", "example", "examples"),
        ("- intent: greet\n  Examples: |\n    - hi", "Examples", "examples"),
        ("- intent: greet\n  exmaples:\n  - hi", "exmaples", "examples"),
        ("- intent: greet\n  utterances:\n  - hi", "utterances", "examples"),
        (
            "- intent: greet\n  examples: |\n    - hi\n  Examples: |\n    - ho",
            "Examples",
            "examples",
        ),
        ("- Intent: greet\n  examples: |\n    - hi", "Intent", "intent"),
        ("- intents: greet\n  examples: |\n    - hi", "intents", "intent"),
        ("- intent: greet\n  examples:\n  - Text: hi", "Text", "text"),
    ],
)
def test_a_misspelt_key_is_rejected_with_the_right_one(
    tmp_path: Path, section: str, name: str, meant: str
) -> None:
    first = "- intent: bye\n  metadata: x\n  examples: |\n    - so long\n"

    with pytest.raises(
        InvalidExamples, match=rf"line \d+: {name} is not known\. If it is {meant}, rename it"
    ):
        _read(tmp_path, f"nlu:\n{first}{section}\n")


@pytest.mark.parametrize("key", ["NLU", "Nlu"])
def test_a_file_with_a_misspelt_key_nlu_is_rejected_with_the_right_one(
    tmp_path: Path, key: str
) -> None:
    with pytest.raises(InvalidExamples, match=f"key nlu. Rename {key} to nlu"):
        _read(tmp_path, f"{key}:\n- intent: greet\n  examples: |\n    - hi\n")


def test_keys_of_rasa_and_intents_without_examples_are_no_faults(tmp_path: Path) -> None:
    content = (
        "nlu:\n- intent: a\n  metadata: {x: 1}\n- intent: b\n- synonym: c\n  examples: |\n"
        "    - d\n- intent: e\n  comment: x\n  examples:\n  - text: hi\n    metadata: {test: 1}\n"
    )

    assert _read(tmp_path, content) == [("hi", "e")]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("stories:\n- story: a\n  steps: []\n", "file of stories.*nlu.yml"),
        ("rules:\n- rule: a\n", "file of rules"),
        ("intents:\n- greet\nresponses: {}\n", "is a domain"),
        ("recipe: default.v1\npipeline: []\n", "is a configuration"),
        ("hello: 1\n", "no key nlu"),
        ("- hello\n", "no key nlu"),
        ("", "no key nlu"),
        ("## intent:greet\n- hello\n- good [day](time)\n", "Markdown.*rasa data convert"),
        ("## lookup:city\n  data/city.txt\n", "Markdown"),
        ('{"rasa_nlu_data": {"common_examples": []}}', "JSON.*rasa data convert"),
        ("nlu:\n- intent: a\n  examples: [b\n", r"Line 4 is not valid YAML"),
        ("nlu:\n- intent: a\n\texamples: b\n", r"Line 3 is not valid YAML"),
        ("nlu: []\n---\nnlu: []\n", "several YAML documents.*Save each as a file of its own"),
        ("nlu:\n  intent: a\n", r"nlu\.yml, line 2: nlu must be a list"),
        ("nlu:\n- intent: a\n  examples: >\n    - b\n    - c\n", r"line 3: `>` joins"),
        ("nlu:\n- intent: a\n  examples:\n  - text: [b]\n", r"line 4: text must be text"),
        ("nlu:\n- intent: a\n  intent: b\n", r"line 3: the same key appears twice"),
        ("nlu: []\nnlu: []\n", r"line 2: the same key appears twice"),
    ],
)
def test_another_file_is_rejected_with_what_it_is_and_what_to_do(
    tmp_path: Path, content: str, problem: str
) -> None:
    with pytest.raises(InvalidExamples, match=problem):
        _read(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"nlu: {'[' * 200_000}", 1),
        (f"nlu: {'{a: ' * 200_000}", 1),
        (f"nlu:\n{'- ' * 200_000}x", 2),
        (f"nlu:\n- intent: x\n  examples: {'[' * 101}{']' * 101}\n", 3),
    ],
    ids=["lists", "mappings", "dashes", "examples"],
)
def test_levels_that_nest_too_deeply_are_rejected_with_their_line(
    tmp_path: Path, content: str, line: int
) -> None:
    """The parser is recursive and written in C: without a limit, it ends the process."""
    with pytest.raises(InvalidExamples, match=rf"Line {line} nests more than 100 levels"):
        _read(tmp_path, content)


def test_the_error_quotes_nothing_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidExamples) as error:
        _read(tmp_path, "nlu:\n- intent: a\n  examples:\n  - *marmalade is what I want\n")

    assert "marmalade" not in str(error.value)


TEXTS = [
    "what does [draft](v2) in the title mean?",
    "put [milk]{2} on the list",
    "see [1][2]",
    "- [ ] buy bread",
    "-5 degrees",
    "  two leading spaces",
    "first line\nsecond line\n",
    "yes",
    "null",
    "12:30",
    "0o17",
    "1e3",
    "a\u0085b",
    "a\u2028b\u2029",
    "*bold* & `code`",
    "a: b # c",
    "\uff46\uff55\uff4c\uff4c width \u0085 next \u2028 line",
    "emoji 👩‍👩‍👧 and \u200b zero width \ufeff mark",
    "tab\tinside, back\\slash, nul \0 and \x1b",
    "long " * 60 + "text",
    "\"quoted\" and 'quoted'",
]


def test_each_text_comes_back_unchanged_or_is_named(tmp_path: Path) -> None:
    remarks, file = Remarks(), tmp_path / "nlu.yml"
    source = [Example(text=text, label="help") for text in TEXTS]

    write_as("rasa", file, source, remarks)

    assert [example.text for example in read_as("rasa", file)] == [
        text.strip(" \n") for text in TEXTS[3:]
    ]
    assert [line.removeprefix(f"{file}: ") for line in remarks] == [
        "3 left out: texts in which Rasa would read an entity annotation (examples 1, 2 and 3).",
        "2 changed: white space around texts is removed, as Rasa does (examples 6 and 7).",
    ]


def test_texts_of_a_test_set_are_not_written_as_training_data(tmp_path: Path) -> None:
    remarks, file = Remarks(), tmp_path / "nlu.yml"

    write_as("rasa", file, [Example(text="hi", label="a", split="gold")], remarks)

    assert read_as("rasa", file) == []
    assert "1 left out: texts of other splits than train" in next(iter(remarks))


def test_labels_that_yaml_takes_for_other_types_come_back(tmp_path: Path) -> None:
    examples = [Example(text="a", label=label) for label in ("yes", "off", "null", "1", "a: b")]

    write_as("rasa", tmp_path / "nlu.yml", examples)

    assert read_as("rasa", tmp_path / "nlu.yml") == examples


@pytest.mark.parametrize(
    "text", ["0o17", "1e3", "+1", ".5", "0x1F", "a\u0085b", "a\u2028b", "~", "${HOME}", r"\u00e9"]
)
def test_a_text_that_rasa_may_read_otherwise_is_quoted(tmp_path: Path, text: str) -> None:
    """Rasa reads YAML 1.2, where 0o17 is a number and U+0085 is part of a line.

    It replaces variables, and escape sequences behind a single backslash.
    """
    write_as("rasa", tmp_path / "nlu.yml", [Example(text=text, label=text)])

    written = (tmp_path / "nlu.yml").read_text("utf-8")
    assert re.search(r"intent: ([\"']).+\1\n", written)
    assert re.search(r"text: ([\"']).+\1\n", written)
    assert not re.search("[\x85\u2028]", written)


RASAS_ENTITY = re.compile(
    r"\[(?P<text>[^\]]+?)\]"
    r"(?:\([^:)]+?(?::[^)]+)?\)|(?P<attributes>\{[^}]+?\}|\[\s*\{.*?\]))"
)
PAIR_OF_BRACKETS = re.compile(r"\[[^\]]+\]\[.*?\]")
PARTS = ["[", "]", "(", ")", ":", "a", "\n", " ", "[a]", "[a](", '{"entity": "b"}', "][", "[ {"]


@given(st.lists(st.sampled_from(PARTS), max_size=14).map("".join))
def test_entities_are_what_rasas_pattern_finds(text: str) -> None:
    expected = [
        (match.start(), match.end(), match["text"], match["attributes"] or "")
        for match in RASAS_ENTITY.finditer(text)
    ]
    example = LocatedExample(Example(text=f"a{text}a", label="x"), Location("nlu.yml", "line", 1))

    assert [tuple(each) for each in rasa._find_entities(text)] == expected

    kept = [*rasa.fit([example], Remarks())]
    has_entity = RASAS_ENTITY.search(f"a{text}a") or PAIR_OF_BRACKETS.search(f"a{text}a")
    assert (not kept) == bool(has_entity)


@pytest.mark.parametrize("part", ["[", "[a](", "[a]{", "[a](b:", "[a] [", "[a]:"])
def test_brackets_that_are_no_entity_take_no_longer_than_others(tmp_path: Path, part: str) -> None:
    """The time of Rasa's pattern is quadratic: it takes minutes for such a text."""
    text = part * 20_000

    assert _read_examples(tmp_path, f"- {text}") == [text]
    write_as("rasa", tmp_path / "out.yml", [Example(text=text, label="x")])


def test_keys_that_a_merge_adds_are_read_as_rasa_reads_them(tmp_path: Path) -> None:
    content = (
        "templates:\n- &greet {intent: greet, examples: '- hello'}\n- &late {intent: late}\n"
        "nlu:\n- <<: *greet\n  examples: |\n    - hi\n- <<: [*late, *greet]\n"
    )

    assert _read(tmp_path, content) == [("hi", "greet"), ("hello", "late")]


@pytest.mark.parametrize("merged", ["text", "[a, b]", "*self"])
def test_a_merge_of_anything_but_another_mapping_is_rejected_with_its_line(
    tmp_path: Path, merged: str
) -> None:
    with pytest.raises(InvalidExamples, match=r"line [23]: `<<` must name a mapping"):
        _read(tmp_path, f"nlu:\n- &self\n  <<: {merged}\n  intent: greet\n")


def test_a_block_that_two_intents_share_gives_both_its_texts(tmp_path: Path) -> None:
    content = (
        "nlu:\n- intent: greet\n  examples: &both |\n    - hi\n- intent: hail\n  examples: *both\n"
    )

    assert _read(tmp_path, content) == [("hi", "greet"), ("hi", "hail")]


def test_keys_of_intents_and_examples_that_are_not_read_are_named(tmp_path: Path) -> None:
    file, remarks = tmp_path / "nlu.yml", Remarks()
    file.write_text(
        """
nlu:
- intent: greet
  metadata: {split: test}
  use_entities: []
  examples:
  - text: hi
    metadata: {sentiment: neutral}
  - text: hello
    intent: bye
"""
    )

    assert len(read_as("rasa", file, remarks)) == 2
    assert [line.partition(": ")[2] for line in remarks] == [
        "2 left out: keys that are not read: metadata (lines 4 and 8).",
        "1 left out: keys that are not read: use_entities (line 5).",
        "1 left out: keys that are not read: intent (line 10).",
    ]
