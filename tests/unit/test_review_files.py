"""Review files keep the reviewers' entries in every format."""

import csv
import io
import json
from typing import Any

import pytest

from prompt_capture.domain.errors import InvalidReview
from prompt_capture.domain.review_files import ReviewFormat, read_review, write_entries

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


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "[1,", '{"a": 1}'])
def test_other_files_are_rejected(text: str) -> None:
    with pytest.raises(InvalidReview):
        read_review(text)
