"""A review file goes out in each format and comes back as it was filled in."""

import csv
import io
import json
from typing import Any

import pytest

from prompt_capture.domain.errors import InvalidReview
from prompt_capture.domain.review_files import ReviewFormat, write_entries
from prompt_capture.domain.reviews import read_review

ID = "01a20ce3-576e-7a47-ac46-366bfd775716"
OTHER = "01a20ce3-576e-7a47-ac46-366bfd775717"


def _entry(log_id: str = ID, prompt: str = '=1+1; say "hi",\nthen go', **more: Any) -> Any:
    return {
        "id": log_id,
        "prompt": prompt,
        "predicted_intent": "status",
        "confidence": 0.4,
        "created_at": "2026-11-24T00:00:00+00:00",
        "corrected_intent": None,
        "notes": None,
    } | more


@pytest.mark.parametrize("form", ["json", "csv"])
def test_what_was_filled_in_comes_back(form: ReviewFormat) -> None:
    entries = [_entry(corrected_intent="reminder", notes="they say when"), _entry(OTHER)]

    review = read_review(write_entries(entries, form).decode())

    (decided,) = review.decided.values()
    assert (str(decided.id), decided.corrected_intent, decided.notes) == (
        ID, "reminder", "they say when",
    )  # fmt: skip
    assert (review.undecided, review.faults) == (1, [])


def test_an_annotators_choice_comes_back_from_label_studio() -> None:
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


def test_a_spreadsheet_takes_no_message_for_a_formula_and_knows_the_encoding() -> None:
    content = write_entries([_entry(prompt="=cmd|' /C calc'!A0")], "csv")

    assert content.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert row["prompt"].startswith("'=")


def test_a_spreadsheet_with_semicolons_is_read_and_faults_have_their_lines() -> None:
    text = f"id;corrected_intent;notes\n{ID};status;\nno-id;status;\n{OTHER};;\n"

    review = read_review(text)

    assert list(review.decided) == [2]
    assert [(fault.entry, fault.reason[:3]) for fault in review.faults] == [(3, "id:")]
    assert review.undecided == 1


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "[1,", '{"a": 1}'])
def test_what_is_no_review_file_is_refused(text: str) -> None:
    with pytest.raises(InvalidReview):
        read_review(text)
