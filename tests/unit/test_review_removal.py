"""Entries of erased users are removed from review files, whatever reviewers made of these."""

import gzip
import json
from typing import Any
from uuid import UUID

import pytest

from prompt_capture.domain.errors import ErasureIncomplete
from prompt_capture.domain.review_files import ReviewFormat, read_review, write_entries
from prompt_capture.domain.review_removal import list_prompts, remove_entries

ALICE, BOB = "01a22fd5-7c86-7165-9a59-66572f8cf984", "01a22fd5-7c87-749f-ac06-7b73b086180a"
CHAT = "6f9619ff-8b86-4011-b42d-00c04fc964ff"
"""The id of a conversation, as somebody added it."""

FORMATS: tuple[ReviewFormat, ...] = ("json", "csv", "label-studio")


def _entry(log_id: str, prompt: str, **fields: Any) -> dict[str, Any]:
    details = {"predicted_intent": "status", "confidence": 0.1, "corrected_intent": "reminder"}
    return {"id": log_id, "prompt": prompt, **details, **fields}


ENTRIES = [_entry(ALICE, "a secret; of two\nlines"), _entry(BOB, "=words, and more")]


def _remove(content: str | bytes) -> bytes:
    """Remove Alice's entry from a file."""
    written = content if isinstance(content, bytes) else content.encode()
    cleaned, remaining = remove_entries(written, {ALICE}.__contains__)
    assert remaining == sum(1 for _ in list_prompts(cleaned))
    return cleaned


@pytest.mark.parametrize("review_format", FORMATS)
def test_an_exported_file_loses_the_entries_and_keeps_the_others(
    review_format: ReviewFormat,
) -> None:
    cleaned = _remove(write_entries(ENTRIES, review_format))

    assert cleaned == write_entries(ENTRIES[1:], review_format)


def test_a_file_without_such_entries_stays_as_it_is_written() -> None:
    content = gzip.compress(f'[{{"id":"{BOB}",  "corrected_intent": null}}]'.encode())

    assert _remove(content) == content


def test_a_table_keeps_its_delimiter_its_encoding_and_columns_of_its_own() -> None:
    rows = [
        "sep=;",
        "Id;prompt;corrected_intent;;my column",
        f'{ALICE};"a\n;secret";reminder;;x',
        f"{BOB};words, more;reminder;unnamed;'=mine",
        "",
    ]
    content = "\r\n".join(rows).encode("utf-16")

    cleaned = _remove(content)

    assert cleaned.decode("utf-16") == "\r\n".join([*rows[:2], *rows[3:]])


@pytest.mark.parametrize(
    "below", ["3,,,,", ",,,0.35,", ",,,,FALSE", ",,,,true", ",,reminder,,", ",,,12%,"]
)
def test_numbers_and_ticks_below_the_entries_are_no_texts(below: str) -> None:
    header = "id,prompt,corrected_intent,confidence,done"
    rows = [header, f"{ALICE},secret,,0.1,TRUE", f"{BOB},words,,0.1,FALSE", below, below]

    assert _remove("\n".join(rows)) == "\n".join([header, *rows[2:]]).encode()


@pytest.mark.parametrize("below", [",42,,,", "3,,,,by grace", ",true,,,"])
def test_a_text_without_an_id_below_the_entries_keeps_the_file(below: str) -> None:
    with pytest.raises(ErasureIncomplete, match="Line 3 has a text"):
        _remove(f"id,prompt,corrected_intent,confidence,done\n{ALICE},secret,,,\n{below}\n")


def test_an_empty_entry_of_a_list_has_no_text() -> None:
    template = {"id": "", "prompt": " ", "predicted_secondary_intents": [], "reasons": []}

    cleaned = _remove(json.dumps([*ENTRIES, template]))

    assert json.loads(cleaned) == [ENTRIES[1], template]


@pytest.mark.parametrize(
    "alice",
    [
        f"{ALICE.upper()},secret,",
        f" {ALICE}\u200b,secret,",
        f"{{{ALICE}}},secret,",
        f"{ALICE.replace('-', '')},secret,",
        f",{ALICE},secret",
        f"secret,{ALICE},,surplus",
    ],
)
def test_an_id_is_found_in_any_writing_and_column(alice: str) -> None:
    header, bob = "id,prompt,corrected_intent", f"{BOB},words,reminder"

    cleaned = _remove(f"{header}\n{bob}\n{alice}\n")

    assert cleaned.decode() == f"{header}\n{bob}\n"


def test_lines_of_json_stay_as_they_are_written() -> None:
    bob = f'{{"id":"{BOB}",  "prompt": "x", "corrected_intent": null}}\r\n'

    assert _remove(f"{json.dumps(ENTRIES[0])}\r\n\r\n{bob}") == bob.encode()


def _annotate(task: dict[str, Any], number: int) -> dict[str, Any]:
    choice = {"from_name": "intent", "type": "choices", "value": {"choices": ["email"]}}
    return {**task, "id": number, "annotations": [{"id": number, "result": [choice]}]}


def test_tasks_of_label_studio_keep_their_annotations() -> None:
    tasks = json.loads(write_entries(ENTRIES, "label-studio"))
    annotated = [_annotate(task, number) for number, task in enumerate(tasks, 1)]
    for task in annotated:
        del task["data"]["id"]  # log_id is the same

    cleaned = _remove(json.dumps(annotated))

    assert json.loads(cleaned) == annotated[1:]
    (decided,) = read_review(cleaned.decode()).decided.values()
    assert (str(decided.id), decided.corrected_intent) == (BOB, "email")


def test_flattened_tasks_are_known_by_their_log_id() -> None:
    flattened = [
        {**entry, "id": number, "log_id": entry["id"], "annotation_id": number, "intent": "email"}
        for number, entry in enumerate(ENTRIES, 1)
    ]

    assert json.loads(_remove(json.dumps(flattened))) == flattened[1:]


def test_rows_of_a_reviewer_without_a_text_stay() -> None:
    total = ",,,12 of 40 done"

    cleaned = _remove(f"{HEADER},notes\n{ALICE},secret,,\n{BOB},words,,\n{total}\n")

    assert cleaned.decode() == f"{HEADER},notes\n{BOB},words,,\n{total}\n"


@pytest.mark.parametrize("content", ["", "\n", "[]"])
def test_an_emptied_file_has_nothing_to_remove(content: str) -> None:
    assert _remove(content) == content.encode()


HEADER = "id,prompt,corrected_intent"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"uuid,prompt,corrected_intent\n{ALICE},secret,", "no review file any more"),
        (f'{HEADER}\n{ALICE},"secret,', "no review file any more"),
        (json.dumps(ENTRIES)[:-1], "no review file any more"),
        (json.dumps({"data": ENTRIES}), "no review file any more"),
        (f"{HEADER}\n{ALICE},caf\xe9,".encode("latin-1"), "no review file any more"),
        (json.dumps([*ENTRIES, None]), "Entry 3 is no entry"),
        (f'{json.dumps(ENTRIES[1])}\n{{"id": "{ALICE}",', "Line 2 is no entry"),
        (f'[{{"id": "{ALICE}", "id": "{BOB}"}}]', "Entry 1 has a key twice"),
        (f"{HEADER}\n,secret,\n{BOB},words,", "Line 2 has a text and not the id"),
        (
            f"id,message,corrected_intent\n,secret,\n{BOB},words,",
            "Line 2 has a text and not the id",
        ),
        (
            f"{HEADER},chat\n{ALICE[:-1]},secret,,{CHAT}\n{BOB},words,,",
            "Line 2 has a text and not the id",
        ),
        (f"{HEADER}\n,,,secret\n{BOB},words,", "Line 2 has a text and not the id"),
        (json.dumps([{"data": {"text": "secret"}}]), "Entry 1 has a text and not the id"),
        (
            json.dumps([{"id": UUID(ALICE).int, "text": ["secret"]}]),
            "Entry 1 has a text and not the id",
        ),
        (
            json.dumps([{"id": [ALICE, BOB], "prompt": ["secret"]}]),
            "Entry 1 also has the id of a prompt",
        ),
        (f'{HEADER}\n"{ALICE}\n{BOB}",secret,', "Line 2 also has the id of a prompt"),
        (f"{HEADER},{ALICE},secret\n{BOB},words,", "The header also has the id of a prompt"),
        (f'{HEADER}\n{BOB},"words,\n{ALICE},secret",', "Line 2 also has the id of a prompt"),
    ],
)
def test_what_cannot_be_cleaned_is_said_without_its_text(content: str | bytes, reason: str) -> None:
    with pytest.raises(ErasureIncomplete, match=reason) as raised:
        _remove(content)

    assert "secret" not in str(raised.value)
