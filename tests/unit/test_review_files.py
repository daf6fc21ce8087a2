"""Review files keep the reviewers' entries in every format."""

import csv
import io
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prompt_capture.domain.errors import InvalidReview
from prompt_capture.domain.review_fields import REASONS
from prompt_capture.domain.review_files import (
    Review,
    ReviewFormat,
    read_entries,
    read_review,
    write_entries,
)
from prompt_capture.domain.text_files import decode_text

ID = "01a20ce3-576e-7a47-ac46-366bfd775716"
OTHER = "01a20ce3-576e-7a47-ac46-366bfd775717"


def _entry(log_id: str = ID, prompt: str = '=1+1; say "hi",\nthen go', **fields: Any) -> Any:
    return {
        "id": log_id,
        "prompt": prompt,
        "predicted_intent": "status",
        "confidence": 0.4,
        "created_at": "2026-11-24T00:00:00+00:00",
        "corrected_intent": None,
        "notes": None,
    } | fields


_DECIDED = [
    {"id": ID, "prompt": "hi", "corrected_intent": "greet"},
    {"id": OTHER, "prompt": "so", "corrected_intent": "bye"},
]
_COLUMNS = list(_DECIDED[0])
_ARRANGEMENTS: list[tuple[str, Any]] = [
    *((f"in its field {name}", {name: _DECIDED}) for name in ("data", "entries", "results")),
    ("in its field results", {"count": 2, "next": None, "results": _DECIDED}),
    ("in its field data", {"schema": {"fields": [{"name": "id"}]}, "data": _DECIDED}),
    ("in its field tasks", {"tasks": [{"id": 1, "annotations": []}]}),
    ("pandas: index", {"0": _DECIDED[0], "1": _DECIDED[1]}),
    ("pandas: index", {ID: _DECIDED[0]}),
    ("an object of ids and intents", {ID: "greet", OTHER: "bye"}),
    ("in a field of another object", [{"entry": entry} for entry in _DECIDED]),
    ("lists in a list", [_DECIDED]),
    ("orient='records'", {"columns": _COLUMNS, "data": [list(each.values()) for each in _DECIDED]}),
    ("orient='records'", {name: [each[name] for each in _DECIDED] for name in _COLUMNS}),
    ("orient='records'", {name: {"0": _DECIDED[0][name]} for name in _COLUMNS}),
    ("orient='records'", [list(each.values()) for each in _DECIDED]),
    ("orient='records'", [_COLUMNS, list(_DECIDED[0].values())]),
    ("which train and evaluate read", [{"text": "hi", "label": "greet"}]),
    ("which train and evaluate read", {"text": "hi", "label": "greet"}),
]


@pytest.mark.parametrize(("description", "value"), _ARRANGEMENTS)
@pytest.mark.parametrize("indent", [None, 1])
def test_json_in_another_arrangement_is_named_with_the_remedy(
    description: str, value: Any, indent: int | None
) -> None:
    with pytest.raises(InvalidReview, match=f"not a review file. It .*{description}"):
        read_review(json.dumps(value, indent=indent))


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize(
    "content",
    [
        *(json.dumps(value) for name, value in _ARRANGEMENTS[:4]),
        json.dumps({"0": _DECIDED[0], "1": _DECIDED[1]}),
        json.dumps({each["id"]: each["corrected_intent"] for each in _DECIDED}),
        json.dumps(
            {
                each["id"]: {"prompt": "hi", "corrected_intent": each["corrected_intent"]}
                for each in _DECIDED
            }
        ),
        json.dumps([{"entry": entry} for entry in _DECIDED]),
        json.dumps([_DECIDED]),
        "\n".join(json.dumps({"entry": entry}) for entry in _DECIDED),
        "\n".join(json.dumps({each["id"]: each["corrected_intent"]}) for each in _DECIDED),
        "\n".join(json.dumps([entry]) for entry in _DECIDED),
        "\n".join(json.dumps(entry, indent=2) for entry in _DECIDED),
    ],
)
def test_the_command_that_a_refusal_names_writes_a_review_file(
    tmp_path: Path, content: str
) -> None:
    review = _convert(tmp_path, content)

    assert [each.corrected_intent for each in review.decided.values()] == ["greet", "bye"]


def _convert(folder: Path, content: str, description: str = "not a review file") -> Review:
    """Return the review file that the command of a refusal writes."""
    (folder / "given.json").write_text(content)
    with pytest.raises(InvalidReview, match=description) as error:
        read_review(content)
    command = re.search(r"jq .* FILE > review\.json\Z", str(error.value))
    assert command, error.value

    shell = command[0].replace("FILE", "given.json")
    subprocess.run(["bash", "-ec", shell], cwd=folder, check=True)
    return read_review((folder / "review.json").read_text())


def _annotate(entry: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a task of Label Studio, and an annotation of it."""
    choice = {"from_name": "intent", "value": {"choices": [entry["corrected_intent"]]}}
    task = {"id": 5, "data": {"log_id": entry["id"], "prompt": "hi"}, "is_labeled": True}
    return task, {"id": 7, "result": [choice], "was_cancelled": False}


_STORED = [
    {**annotation, "task": task} for task, annotation in (_annotate(each) for each in _DECIDED)
]
"""Annotations as Label Studio writes them into a storage, each with its task."""

_EVENTS = [
    {"action": "ANNOTATION_CREATED", "task": task, "annotation": annotation, "project": {"id": 1}}
    for task, annotation in (_annotate(each) for each in _DECIDED)
]
"""What Label Studio sends to a webhook."""


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
@pytest.mark.parametrize("values", [_STORED, _EVENTS])
@pytest.mark.parametrize("form", ["list", "lines", "spread", "joined"])
def test_annotations_with_their_tasks_are_named_with_the_command_that_writes_tasks(
    tmp_path: Path, values: list[Any], form: str
) -> None:
    lines = [json.dumps(value, indent=1 if form == "spread" else None) for value in values]
    joined = "" if form == "joined" else "\n"
    content = json.dumps(values) if form == "list" else joined.join(lines)

    review = _convert(tmp_path, content, "Label Studio")

    assert [each.corrected_intent for each in review.decided.values()] == ["greet", "bye"]


def test_lines_with_tasks_of_label_studio_are_read() -> None:
    lines = (json.dumps({"data": entry}) for entry in _DECIDED)

    review = read_review("\n".join(lines))

    assert [each.corrected_intent for each in review.decided.values()] == ["greet", "bye"]


@pytest.mark.parametrize("review_format", ["json", "csv"])
def test_a_filled_in_review_file_is_read_back(review_format: ReviewFormat) -> None:
    entries = [_entry(corrected_intent="reminder", notes="they say when"), _entry(OTHER)]

    review = read_review(write_entries(entries, review_format).decode())

    (decided,) = review.decided.values()
    assert (str(decided.id), decided.corrected_intent, decided.notes) == (
        ID, "reminder", "they say when",
    )  # fmt: skip
    assert (review.undecided, review.errors) == (1, [])


def test_an_annotators_choice_is_read_from_label_studio_tasks() -> None:
    tasks = json.loads(write_entries([_entry(), _entry(OTHER)], "label-studio"))
    choice = {"from_name": "intent", "value": {"choices": ["reminder"]}}
    notes = {"from_name": "notes", "value": {"text": ["they say when"]}}
    tasks[0]["annotations"] = [
        {"was_cancelled": False, "result": [choice, notes]},
        {"was_cancelled": True, "result": [{"from_name": "intent", "value": {"choices": ["x"]}}]},
    ]

    review = read_review(json.dumps(tasks))

    (decided,) = review.decided.values()
    assert (decided.corrected_intent, decided.notes) == ("reminder", "they say when")
    assert review.undecided == 1


def test_a_csv_has_a_byte_order_mark_and_escapes_formulas() -> None:
    content = write_entries([_entry(prompt="=cmd|' /C calc'!A0")], "csv")

    assert content.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert row["prompt"].startswith("'=")


def test_a_csv_with_semicolons_is_read_and_errors_have_line_numbers() -> None:
    text = f"id;corrected_intent;notes\n{ID};status;\nno-id;status;\n{OTHER};;\n"

    review = read_review(text)

    assert list(review.decided) == [2]
    assert [(error.entry, error.reason[:3]) for error in review.errors] == [(3, "id:")]
    assert review.undecided == 1


def test_a_spreadsheets_apostrophes_are_not_part_of_a_decision() -> None:
    entry = _entry(corrected_intent="reminder", notes="=see above")

    content = write_entries([entry], "csv").decode()

    assert ",'=see above" in content
    (decided,) = read_review(content).decided.values()
    assert decided.notes == "=see above"


@pytest.mark.parametrize("review_format", ["json", "csv", "label-studio"])
def test_an_unpaired_surrogate_can_be_written(review_format: ReviewFormat) -> None:
    content = write_entries([_entry(prompt="well \ud83d")], review_format).decode()

    assert "well \ufffd" in content


@pytest.mark.parametrize("review_format", ["json", "csv", "label-studio"])
def test_a_file_that_is_read_and_written_again_stays_the_same(review_format: ReviewFormat) -> None:
    entries = [_entry(prompt="'=1+1\n-2; =3"), _entry(OTHER, prompt="=1")]
    content = write_entries(entries, review_format)

    read = list(read_entries(content.decode()).values())

    assert write_entries(read, review_format).decode() == content.decode()


def test_rows_without_content_are_no_entries_and_faulty_rows_affect_no_other() -> None:
    text = f"ID, Corrected_Intent\n{ID}, status\n,\n{OTHER}, status, more\n{OTHER}, reminder\n"

    review = read_review(text)

    assert [(number, each.corrected_intent) for number, each in review.decided.items()] == [
        (2, "status"), (5, "reminder"),
    ]  # fmt: skip
    assert [(error.entry, error.reason[:7]) for error in review.errors] == [(4, "the row")]
    assert (review.undecided, review.unit) == (0, "line")


def test_excels_unicode_text_is_a_review_file() -> None:
    content = f"id\tprompt\tcorrected_intent\r\n{ID}\thi\treminder\r\n".encode("utf-16")

    (decided,) = read_review(decode_text(content)).decided.values()

    assert decided.corrected_intent == "reminder"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"id": ID}, "corrected_intent: the field is missing"),
        ({"id": ID, "intent": "reminder"}, "corrected_intent: the field is missing"),
        ({"id": ID, "corrected_intent": ["reminder"]}, "corrected_intent: "),
        ({"id": ID, "corrected_intent": 0}, "corrected_intent: "),
        ({"id": ID, "corrected_intent": False}, "corrected_intent: "),
        ({"id": ID, "corrected_intent": {}}, "corrected_intent: "),
        ({"id": 12, "corrected_intent": "reminder"}, "id: "),
        ({"corrected_intent": "reminder"}, "id: "),
        ({"id": ID, "corrected_intent": "reminder", "notes": {"a": 1}}, "notes: "),
        ("reminder", "entry: it is not an object"),
        (None, "entry: it is not an object"),
        ([[]], "entry: it is not an object"),
    ],
)
def test_a_decision_that_is_not_understood_is_a_fault_and_not_empty(
    entry: object, problem: str
) -> None:
    review = read_review(json.dumps([entry, _entry(OTHER, corrected_intent="status")]))

    assert (len(review.decided), review.undecided) == (1, 0)
    (error,) = review.errors
    assert error.entry == 1
    assert error.reason.startswith(problem)


@pytest.mark.parametrize("intent", [None, "", "  "])
def test_a_decision_that_is_left_empty_is_undecided(intent: str | None) -> None:
    review = read_review(json.dumps([_entry(corrected_intent=intent)]))

    assert (review.decided, review.undecided, review.errors) == ({}, 1, [])


def test_nan_counts_as_empty() -> None:
    """As where a program writes the rows of a table of pandas as JSON."""
    nan = float("nan")
    empty: dict[str, Any] = {"corrected_secondary_intents": nan, "notes": nan, "confidence": nan}
    entries = [
        _entry(corrected_intent="reminder", **empty),
        _entry(OTHER, corrected_intent=nan, **empty),
    ]

    review = read_review(json.dumps(entries))

    (decided,) = review.decided.values()
    assert (decided.corrected_secondary_intents, decided.notes) == (None, None)
    assert (review.undecided, review.errors, review.unrecorded_notes) == (1, [], ())


def test_notes_may_be_a_list_of_texts_and_hold_no_surrogate() -> None:
    entry = _entry(corrected_intent="reminder", notes=["one", "two \ud83d"])

    (decided,) = read_review(json.dumps([entry])).decided.values()

    assert decided.notes == "one\ntwo \ufffd"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_json_lines_are_a_review_file(end: str) -> None:
    decided = _entry(corrected_intent="reminder", prompt="one \u2028 line")
    entries = [decided, _entry(OTHER, corrected_intent="status"), _entry()]
    lines = [json.dumps(entry, ensure_ascii=False) for entry in entries]
    lines[1:1] = ["", "{oops", "3"]

    review = read_review(f"\ufeff{end.join(lines)}{end}")

    assert list(review.decided) == [1, 5]
    assert [(error.entry, error.reason[:15]) for error in review.errors] == [
        (3, "entry: It is no"),
        (4, "entry: it is no"),
    ]
    assert (review.undecided, review.unit) == (1, "line")


def test_notes_without_a_decision_are_named() -> None:
    blank = [_entry(OTHER, notes=notes) for notes in ("", " ", [], ["\n"])]
    entries = [_entry(notes="why?"), *blank]

    review = read_review(json.dumps(entries))

    assert (review.undecided, review.unrecorded_notes) == (5, (1,))


def test_entries_that_disagree_are_an_error_and_entries_that_agree_count_once() -> None:
    intents = ("reminder", "status", "reminder")
    disagreeing = [_entry(corrected_intent=intent) for intent in intents]
    agreeing = [_entry(OTHER, corrected_intent="status") for _ in range(2)]

    review = read_review(json.dumps([*disagreeing, *agreeing]))

    assert [(number, str(each.id)) for number, each in review.decided.items()] == [(4, OTHER)]
    assert review.repeated == [3, 5]
    (error,) = review.errors
    assert error.entry == 1
    assert "this entry decides the prompt as reminder, entry 2 as status" in error.reason


@pytest.mark.parametrize("form", ["[{}, {}]", "{}\n{}\n"])
@pytest.mark.parametrize(
    "repeating",
    [
        f'{{"id": "{ID}", "corrected_intent": "a", "corrected_intent": "b"}}',
        f'{{"data": {{"log_id": "{ID}", "log_id": "{ID}"}}, "annotations": []}}',
    ],
)
def test_an_entry_with_the_same_key_twice_is_a_fault_of_this_entry(
    form: str, repeating: str
) -> None:
    other = json.dumps(_entry(OTHER, corrected_intent="status"))

    review = read_review(form.format(repeating, other))

    assert [reviewed.corrected_intent for reviewed in review.decided.values()] == ["status"]
    (error,) = review.errors
    assert error.entry == 1
    assert "same key twice" in error.reason


def test_a_key_that_is_repeated_very_deep_is_found() -> None:
    deep = '{"a":' * 900 + '{"b": 1, "b": 2}' + "}" * 900

    review = read_review(f'[{{"id": "{ID}", "corrected_intent": "a", "x": {deep}}}]')

    assert "same key twice" in review.errors[0].reason


@pytest.mark.parametrize(
    "written",
    ["corected_intent", "Correct Intent", "corrected-intent", "correctedIntent", "final_intent"],
)
def test_the_column_that_may_be_the_missing_one_is_named(written: str) -> None:
    problem = rf"no column corrected_intent\. If {written.casefold()} is this column, rename it"

    with pytest.raises(InvalidReview, match=problem):
        read_review(f"id;prompt;{written}\n{ID};hi;email\n")


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("log_id,prompt,corrected_intent", "no column id. If log_id is"),
        ("prompt,corrected_intent", "lacks id"),
        ("id,prompt,notes", "lacks corrected_intent"),
        ("text,label", r"corrected_intent, or id and annotation_id\. Add"),
    ],
)
def test_the_column_that_is_missing_is_named(header: str, problem: str) -> None:
    with pytest.raises(InvalidReview, match=problem):
        read_review(f"{header}\n1,2,3\n")


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "[1,", '{"a": 1}', '{\n"id": 1\n}'])
def test_other_files_are_rejected(text: str) -> None:
    with pytest.raises(InvalidReview):
        read_review(text)


STATED = "corrected_secondary_intents"
HEADER = "id,prompt,predicted_intent,confidence,reasons,corrected_intent," + STATED + ",notes\n"
ROW = ",move it,status,0.4,low_confidence,reminder,email,\n"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            ",,move it,status,0.4,low_confidence,reminder,email,",
            "has 9 cells, and the header has 8",
        ),
        (
            ",move it,status,0.4,low_confidence,,reminder,email,",
            "has 9 cells, and the header has 8",
        ),
        (
            ",move it,status,0.4,low_confidence,reminder,email,,",
            "has 9 cells, and the header has 8",
        ),
        (",,move it,status,0.4,low_confidence,reminder,email", "one under confidence is no number"),
        (",move it,status,low_confidence,reminder,email,,", "one under confidence is no number"),
    ],
)
def test_no_cell_moves_to_another_column(row: str, problem: str) -> None:
    """A spreadsheet that shifts cells by a blank one writes no more cells than before."""
    review = read_review(f"{HEADER}{ID}{row}\n{OTHER}{ROW}")

    assert [str(each.id) for each in review.decided.values()] == [OTHER]
    (error,) = review.errors
    assert (error.entry, review.undecided) == (2, 0)
    assert problem in error.reason


@pytest.mark.parametrize(
    "confidence",
    [
        "",
        " ",
        "0.4",
        "0,4",
        "40%",
        "40 %",
        "1",
        ".4",
        "4E-01",
        "-0",
        "\u0664\u066b\u0661",
        "#####",
        "#N/A",
    ],
)
def test_the_confidence_may_be_written_as_spreadsheets_do(confidence: str) -> None:
    content = f'id;confidence;corrected_intent\n{ID};"{confidence}";reminder\n'

    assert _decided(content) == ("reminder", None)


def test_cells_of_unnamed_columns_at_the_end_may_be_blank() -> None:
    assert _decided(f"id,corrected_intent,,\n{ID},reminder,,\n,,,,\n") == ("reminder", None)


MISSPELT = [
    ("corrected_secondary_intent", STATED),
    ("Corrected Secondary Intents", STATED),
    ("correctedSecondaryIntents", STATED),
    ("corrected-secondary-intents", STATED),
    ("corected_secondary_intents", STATED),
    ("secondary_intents", STATED),
    ("secondary", STATED),
    ("Correct_Intent", "corrected_intent"),
    ("corrected_intent_2", "corrected_intent"),
    ("note", "notes"),
]


@pytest.mark.parametrize(("name", "meant"), MISSPELT)
def test_a_column_that_seems_to_be_a_decision_is_an_error_with_the_right_name(
    name: str, meant: str
) -> None:
    with pytest.raises(InvalidReview) as error:
        read_review(f"id,corrected_intent,{name}\n{ID},reminder,email\n")

    assert str(error.value).startswith(f"The column {name.casefold()} is not known.")
    assert f"If it is {meant}, rename it." in str(error.value)


@pytest.mark.parametrize(
    ("name", "meant"), [*MISSPELT, ("Notes", "notes"), (STATED.title(), STATED)]
)
def test_a_field_that_seems_to_be_a_decision_is_an_error_of_its_entry(
    name: str, meant: str
) -> None:
    entries = [_entry(corrected_intent="reminder"), _entry(OTHER, corrected_intent="status")]
    entries[0][name] = ["email"]

    review = read_review(json.dumps(entries))

    (error,) = review.errors
    assert (error.entry, len(review.decided)) == (1, 1)
    assert error.reason.startswith(f"{name}: it is not known. If it is {meant}, rename it.")


def test_what_is_wrong_with_decisions_does_not_hide_the_prompts_of_a_file() -> None:
    """The erasure of a user reads review files that reviewers are filling in."""
    content = f"id,prompt,corrected_intent,notes,Notes,secondary\n{ID},hm,a,b,c,d,e\n"

    assert [(entry["id"], entry["prompt"]) for entry in read_entries(content).values()] == [
        (ID, "hm")
    ]


def test_a_misspelt_decision_is_no_entry_without_a_decision() -> None:
    review = read_review(json.dumps([{"id": ID, "Corrected_Intent": "reminder"}]))

    (error,) = review.errors
    assert "If it is corrected_intent, rename it" in error.reason


def test_other_fields_are_ignored_and_named_once() -> None:
    header = "id,corrected_intent,Votes,corrected_by,prompt\n"
    rows = f"{ID},reminder,3,ada,hm\n{OTHER},,2,,\n"
    entries = [_entry(corrected_intent="reminder", votes=3), _entry(OTHER, votes=2, team="a")]

    assert read_review(header + rows).ignored == ("votes", "corrected_by")
    assert read_review(json.dumps(entries)).ignored == ("votes", "team")
    assert read_review(json.dumps([_entry()])).ignored == ()


def test_a_column_that_appears_twice_is_an_error_with_its_name() -> None:
    for name in (STATED, "notes", "prompt"):
        with pytest.raises(InvalidReview, match=rf"column {name} 2 times"):
            read_review(f"id,corrected_intent,{name},{name.upper()},{name}x\n{ID},a,b,c,\n")


def _decided(content: str) -> tuple[str, tuple[str, ...] | None]:
    review = read_review(content)
    assert review.errors == []
    (decided,) = review.decided.values()
    return decided.decision


@pytest.mark.parametrize("review_format", ["json", "csv", "label-studio"])
@pytest.mark.parametrize(
    "stated", [None, "", [], ["email"], ["email", "pay, then go", "[x]"], ["{x}"]]
)
def test_secondary_intents_are_read_back_from_every_format(
    review_format: ReviewFormat, stated: list[str] | str | None
) -> None:
    written = "[]" if stated == [] and review_format != "json" else stated
    entry = _entry(corrected_intent="reminder") | {STATED: written}

    decision = _decided(write_entries([entry], review_format).decode())

    assert decision == ("reminder", tuple(stated) if isinstance(stated, list) else None)


@pytest.mark.parametrize(
    ("cell", "stated"),
    [
        ("email", ("email",)),
        (" email ,\u00a0status ", ("email", "status")),
        ('["email", "status"]', ("email", "status")),
        (" [] ", ()),
        (" ", None),
        (" {} ", ()),  # arrays as PostgreSQL writes them
        ("{email}", ("email",)),
        (
            r'{email,"pay, then go","a \"b\" \\ c",two words}',
            ("email", "pay, then go", 'a "b" \\ c', "two words"),
        ),
    ],
)
def test_a_cell_has_secondary_intents_as_people_write_them(
    cell: str, stated: tuple[str, ...] | None
) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["id", "corrected_intent", STATED], [ID, "reminder", cell]])

    assert _decided(file.getvalue()) == ("reminder", stated)


@pytest.mark.parametrize("review_format", ["json", "csv", "label-studio"])
def test_a_review_file_shows_the_predicted_secondary_intents(review_format: ReviewFormat) -> None:
    predicted = "predicted_secondary_intents"
    entries = [_entry() | {predicted: ["email", "status"]}, _entry(OTHER) | {predicted: []}]

    content = write_entries(entries, review_format).decode("utf-8-sig")

    as_list = [["email", "status"], []]
    as_text = ["email, status", ""]
    shown = [entry[predicted] for entry in read_entries(content).values()]
    assert shown == (as_list if review_format == "json" else as_text)
    if review_format == "label-studio":
        controls = [
            [choice["from_name"] for choice in task["predictions"][0]["result"]]
            for task in json.loads(content)
        ]
        assert controls == [["intent", "secondary"], ["intent"]]
    again = write_entries(list(read_entries(content).values()), review_format)
    assert review_format == "label-studio" or again.decode("utf-8-sig") == content


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({STATED: ["reminder"]}, "One is the primary intent"),
        ({STATED: "email, email"}, "One is named twice"),
        ({STATED: [f"i{number}" for number in range(11)]}, "There are more than 10"),
        ({STATED: "email,, status"}, "an intent is empty"),
        ({STATED: "[email]"}, "not a JSON list"),
        ({STATED: "{email"}, "not an array of PostgreSQL"),
        ({STATED: "{email,,status}"}, "not an array of PostgreSQL"),
        ({STATED: '{"choices": ["email"]}'}, "not an array of PostgreSQL"),
        ({STATED: [3]}, "not a list of intents"),
        ({STATED: 3}, "not a list of intents"),
        ({STATED: "email", "corrected_intent": ""}, "corrected_intent: it is empty"),
        ({STATED: [], "corrected_intent": None}, "corrected_intent: it is empty"),
    ],
)
def test_wrong_secondary_intents_are_an_error_of_their_entry(
    fields: dict[str, Any], problem: str
) -> None:
    entries = [_entry(**{"corrected_intent": "reminder"} | fields)]
    entries.append(_entry(OTHER, corrected_intent="status"))

    review = read_review(json.dumps(entries))

    assert [entry.corrected_intent for entry in review.decided.values()] == ["status"]
    (error,) = review.errors
    assert problem in error.reason


def test_a_repetition_adds_the_secondary_intents_that_it_states() -> None:
    silent = _entry(corrected_intent="reminder")
    stated = silent | {STATED: ["email"]}
    for entries in ([silent, stated], [stated, silent], [stated, stated]):
        review = read_review(json.dumps(entries))
        assert review.repeated == [2]
        assert review.decided[1].corrected_secondary_intents == ("email",)


@pytest.mark.parametrize("silent_first", [True, False])
def test_a_disagreement_names_the_entries_that_state_something(silent_first: bool) -> None:
    silent = _entry(corrected_intent="reminder")
    stated = [silent | {STATED: ["email"]}, silent | {STATED: []}]
    entries = [silent, silent, *stated] if silent_first else [stated[0], silent, stated[1], silent]

    review = read_review(json.dumps(entries))

    (error,) = review.errors
    first, other = (3, 4) if silent_first else (1, 3)
    assert error.entry == first
    assert error.reason.startswith(
        "id: this entry decides the prompt as reminder (secondary: email), "
        f"entry {other} as reminder (secondary: none)"
    )
    assert review.decided == {}


def test_the_order_of_secondary_intents_is_no_disagreement() -> None:
    entry = _entry(corrected_intent="reminder")
    entries = [entry | {STATED: stated} for stated in (["email", "status"], ["status", "email"])]

    review = read_review(json.dumps(entries))

    assert [each.decision for each in review.decided.values()] == [
        ("reminder", ("email", "status"))
    ]


def test_the_notes_of_all_entries_about_a_prompt_are_kept() -> None:
    decided = _entry(corrected_intent="reminder")
    entries = [decided | {"notes": notes} for notes in (None, "one", "two\nlines", "one")]

    review = read_review(json.dumps(entries))

    assert review.decided[1].notes == "one\ntwo\nlines"
    assert review.repeated == [2, 3, 4]


def test_notes_that_are_too_long_cost_no_decision_and_are_named() -> None:
    decided = _entry(corrected_intent="reminder")
    entries = [decided, decided | {"notes": "a" * 1_500}, decided | {"notes": "b" * 1_500}]
    other = _entry(OTHER, corrected_intent="status", notes="c" * 2_000)

    review = read_review(json.dumps([*entries, other]))

    assert (list(review.decided), review.errors) == ([1, 4], [])
    assert review.shortened_notes == (1,)


@pytest.mark.parametrize("notes", ["  ", "\n", [], [""], ["", "  "]])
def test_blank_notes_cost_no_decision(notes: object) -> None:
    review = read_review(json.dumps([_entry(corrected_intent="reminder", notes=notes)]))

    assert [bool(each.notes) for each in review.decided.values()] == [False]


def test_a_line_that_is_not_json_is_named_once_with_its_column() -> None:
    entry = json.dumps({"id": "01a20ce3-576e-7a47-ac46-366bfd775716", "corrected_intent": "a"})

    review = read_review(f"{entry}\n{{bad\n")

    (error,) = review.errors
    assert error.entry == 2
    assert error.reason.startswith("entry: It is not valid JSON (column 2: ")


def test_the_lines_of_joined_files_with_byte_order_marks_are_read() -> None:
    entry = json.dumps({"id": "01a20ce3-576e-7a47-ac46-366bfd775716", "corrected_intent": ""})

    review = read_review(f"\ufeff{entry}\n\ufeff{entry}\n")

    assert (review.undecided, review.errors) == (2, [])


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        (["hi", "email", "", "0.4", "low_confidence", "greeting", "", "note", ""], "created_at"),
        (["", "hi", "email", "", "0.4", "01.12.2026 08:00", "disagreement", "greeting"], "reasons"),
        (["hi", "email", "", "", "0.4", "2026-12-01", "failed_workflow", "greeting"], "reasons"),
    ],
    ids=["deleted cell", "inserted before the prompt", "inserted before the confidence"],
)
def test_a_row_whose_cells_a_spreadsheet_moved_is_a_fault_and_not_undecided(
    cells: list[str], column: str
) -> None:
    """A spreadsheet writes as many cells in each row, so that their number says nothing."""
    names = (
        "id,prompt,predicted_intent,predicted_secondary_intents,confidence,created_at,reasons,"
        "corrected_intent,corrected_secondary_intents,notes"
    )
    row = ",".join(["01a20ce3-576e-7a47-ac46-366bfd775716", *cells])

    review = read_review(f"{names}\n{row}\n")

    assert (review.decided, review.undecided) == ({}, 0)
    (error,) = review.errors
    assert f"the one under {column} is" in error.reason


@pytest.mark.parametrize(
    "created_at", ["", "x", "-", "########", "01.12.26 8:00", "1 d\u00e9c. 2026"]
)
def test_times_may_look_as_a_spreadsheet_shows_them(created_at: str) -> None:
    entry = f"01a20ce3-576e-7a47-ac46-366bfd775716,{created_at},greeting"

    review = read_review(f"id,created_at,corrected_intent\n{entry}\n")

    assert (len(review.decided), review.errors) == (1, [])


@pytest.mark.parametrize("secondary", ["", "email"])
def test_a_row_whose_cells_moved_into_the_reasons_is_a_fault(secondary: str) -> None:
    header = write_entries([_entry()], "csv").decode().partition("\n")[0]
    moved = f"{ID},move it,status,,0.4,2026-11-24T00:00:00+00:00,reminder,{secondary},,"

    review = read_review(f"{header}\n{moved}\n")

    assert (review.decided, review.undecided) == ({}, 0)
    assert "under reasons is no reason" in review.errors[0].reason


def test_the_reasons_of_a_row_are_those_of_the_database() -> None:
    schema = Path("supabase/schemas/06_review_queue.sql").read_text("utf-8")
    known = re.search(r"reasons <@ array\[(.+?)\]", schema, re.DOTALL)

    assert known is not None
    assert sorted(re.findall(r"'(\w+)'", known[1])) == sorted(REASONS)


@pytest.mark.parametrize("reasons", ["", "low_confidence", "Low_Confidence; random_fill", "[]"])
def test_reasons_may_be_written_in_any_way(reasons: str) -> None:
    content = f'id,reasons,corrected_intent\n{ID},"{reasons}",reminder\n'

    assert list(read_review(content).decided) == [2]


@pytest.mark.parametrize("unseen", [" ", "\u00a0", "\u200b", "\ufeff", "\u2060 \t"])
def test_what_nobody_sees_around_a_value_is_no_part_of_it(unseen: str) -> None:
    entry = {
        "id": f"{unseen}{ID}{unseen}",
        "corrected_intent": f"{unseen}reminder{unseen}",
        "corrected_secondary_intents": [f"email{unseen}"],
    }
    empty = {"id": OTHER, "corrected_intent": unseen}

    review = read_review(json.dumps([entry, empty]))

    (decided,) = review.decided.values()
    assert (str(decided.id), decided.corrected_intent) == (ID, "reminder")
    assert decided.corrected_secondary_intents == ("email",)
    assert review.undecided == 1


@pytest.mark.parametrize(
    "written",
    [
        "email, status",
        "email; status",
        "email\uff0cstatus",
        "email\u3001status",
        "email\u060c status",
        "email\u061bstatus",
        "email\uff1bstatus",
        "email\uff64status",
    ],
)
def test_secondary_intents_are_separated_as_people_write_lists(written: str) -> None:
    entry = _entry(corrected_intent="reminder", corrected_secondary_intents=written)

    (decided,) = read_review(json.dumps([entry])).decided.values()

    assert decided.corrected_secondary_intents == ("email", "status")


def test_remarks_outside_the_controls_of_label_studio_are_named() -> None:
    task = json.loads(write_entries([_entry()], "label-studio"))[0]
    choice = {"from_name": "intent", "value": {"choices": ["reminder"]}, "meta": {"text": ["why"]}}
    task |= {"annotations": [{"result": [choice]}], "comments": [{"text": "see above"}]}

    review = read_review(json.dumps([task]))

    assert list(review.decided) == [1]
    assert review.ignored == ("meta", "comments")


def test_a_table_in_markdown_and_columns_without_a_name_are_read() -> None:
    markdown = f"| id | corrected_intent |\n|---|:--:|\n| {ID} | reminder |\n"
    with_index = f",id,corrected_intent\n0,{ID},reminder\n"

    reviews = [read_review(content) for content in (markdown, with_index)]

    assert [len(each.decided) for each in reviews] == [1, 1]
    assert [each.errors for each in reviews] == [[], []]
    assert [each.ignored for each in reviews] == [(), ("column 1 (no name)",)]


def test_a_header_that_is_repeated_is_no_entry() -> None:
    first, second = (
        write_entries([_entry(each, corrected_intent="status")], "csv").decode()
        for each in (ID, OTHER)
    )

    review = read_review(first + second.removeprefix("\ufeff"))

    assert (len(review.decided), review.errors) == (2, [])


@pytest.mark.parametrize(
    "second", ["id,notes,corrected_intent,prompt", "id,corrected_intent,prompt,notes"]
)
def test_a_header_of_a_joined_file_in_another_order_is_rejected(second: str) -> None:
    first = f"id,corrected_intent,notes,prompt\n{ID},reminder,,hello\n"
    content = f"{first}{second}\n{OTHER},email,reminder,status\n"

    with pytest.raises(InvalidReview, match="Line 3 is a header with other columns"):
        read_review(content)


def test_invisible_characters_in_the_name_of_a_column_do_not_matter() -> None:
    content = f"\u200bid,corrected_intent\u200b\n{ID},reminder\n"

    assert list(read_review(content).decided) == [2]


def test_nul_in_notes_costs_no_decision() -> None:
    review = read_review(json.dumps([_entry(corrected_intent="reminder", notes="a\0b")]))

    (decided,) = review.decided.values()
    assert decided.notes == "ab"


@pytest.mark.parametrize(
    "fields",
    [
        {"label": "reminder"},
        {"Korrektur": " REMINDER "},
        {"accept": ["reminder"], "answer": "accept"},
        {"label": ["reminder"]},
    ],
)
def test_a_decision_in_a_field_that_is_not_read_is_a_fault_and_not_empty(
    fields: dict[str, Any],
) -> None:
    empty = {"id": str(uuid4()), "prompt": "hm", "corrected_intent": None}
    decided = {**empty, "id": str(uuid4()), "corrected_intent": "status"}

    review = read_review(
        json.dumps([{**empty, **fields}, {**decided, **fields}]), ["reminder", "status"]
    )

    name = next(iter(fields))
    (error,) = review.errors
    assert error.reason.startswith(
        f"corrected_intent: it is empty, but {name} is the intent reminder. If this is the "
    )
    assert (error.entry, review.undecided, list(review.decided)) == (1, 0, [2])


def test_a_first_line_without_an_id_costs_no_other_line() -> None:
    lines = [{"corrected_intent": "reminder"}, {"id": ID, "corrected_intent": "reminder"}]

    review = read_review("\n".join(map(json.dumps, lines)))

    assert [error.entry for error in review.errors] == [1]
    assert list(review.decided) == [2]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"accept": ["reminder", "status"], "answer": "accept"}, "accept has reminder, status"),
        ({"accept": [3], "answer": "accept"}, "accept has option 3"),
        ({"label": "reminder, Status"}, "label has reminder, status"),
        ({"labels": "reminder#status"}, "labels has reminder, status"),
        ({"label": '["reminder"]'}, "label has reminder"),
        ({"Label": '{"choices": ["reminder", "status"]}'}, "Label has reminder, status"),
        ({"cats": {"reminder": 1.0, "status": 0.0}}, "cats has reminder"),
        ({"annotation": {"value": "reminder"}}, "annotation has reminder"),
        (
            {"responses": {"intent": [{"value": "reminder", "status": "submitted"}]}},
            "responses has reminder",
        ),
        (
            {"responses": [{"values": {"intent": {"value": "reminder"}}, "status": "submitted"}]},
            "responses has reminder",
        ),
    ],
)
def test_the_decisions_of_other_programs_are_a_fault_in_any_form(
    fields: dict[str, Any], named: str
) -> None:
    entry = {"id": str(uuid4()), "prompt": "hm", "corrected_intent": None}

    review = read_review(json.dumps([{**entry, **fields}]), ["reminder", "status"])

    (error,) = review.errors
    assert error.reason.startswith(f"corrected_intent: it is empty, but {named}. If this is the ")
    assert review.undecided == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"options": [{"id": "reminder"}, {"id": "status"}], "accept": []},
        {"cats": {"reminder": 0.2, "status": False}},
        {"label": "reminder me, or status"},
        {"label": "[reminder"},
        {"labels": []},
        {"annotation": None},
        {"label": json.loads("[" * 400 + "]" * 400)},
    ],
)
def test_fields_of_other_programs_without_an_intent_do_not_matter(fields: dict[str, Any]) -> None:
    entry = {"id": str(uuid4()), "corrected_intent": "", **fields}

    review = read_review(json.dumps([entry]), ["reminder", "status"])

    assert (review.errors, review.undecided) == ([], 1)


@pytest.mark.parametrize("value", ["", "see above", 5, None, ["reminder", "status"], {"a": 1}])
def test_other_fields_of_an_undecided_entry_do_not_matter(value: object) -> None:
    entry = {"id": str(uuid4()), "corrected_intent": "", "remark": value}

    review = read_review(json.dumps([entry]), ["reminder", "status"])

    assert (review.errors, review.undecided) == ([], 1)


def test_formulas_of_texts_are_decisions() -> None:
    log_id = uuid4()
    review = read_review(f'id,corrected_intent\n="{log_id}",="reminder"\n', ["reminder"])

    (decided,) = review.decided.values()
    assert (decided.id, decided.corrected_intent) == (log_id, "reminder")


def test_a_row_in_quotes_as_a_whole_is_a_fault_of_its_own() -> None:
    review = read_review(f'id,corrected_intent\n"{ID},greet"\n{OTHER},bye\n')

    assert list(review.decided) == [3]
    assert [(error.entry, error.reason.split(".")[0]) for error in review.errors] == [
        (2, "the row has one cell, in which commas separate others")
    ]
