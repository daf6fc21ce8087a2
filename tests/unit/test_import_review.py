import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from prompt_capture.adapters.memory_store import InMemoryPromptStore
from prompt_capture.domain.errors import InvalidReview
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.prompts import CapturedPrompt, Correction
from prompt_capture.domain.reviews import read_review
from prompt_capture.workflows.import_review import ImportReview

USER = uuid4()


@pytest.fixture
def store() -> InMemoryPromptStore:
    return InMemoryPromptStore([USER], ["reminder", "status"])


@pytest.fixture
def importing(store: InMemoryPromptStore) -> ImportReview:
    return ImportReview(store, "grace")


async def _log(store: InMemoryPromptStore) -> UUID:
    prompt = CapturedPrompt(
        id=new_log_id(),
        user_id=USER,
        prompt="hm",
        predicted_intent="status",
        confidence=0.1,
        source="model",
        model_version="test-1",
    )
    await store.log_prompt(prompt)
    return prompt.id


def _file(*entries: object) -> str:
    return json.dumps(entries)


def _entry(log_id: UUID, intent: str | None, **more: Any) -> dict[str, Any]:
    shown = {"prompt": "hm", "predicted_intent": "status", "confidence": 0.1, "notes": None}
    return {"id": str(log_id), **shown, "corrected_intent": intent, **more}


async def test_new_corrections_are_planned_then_recorded_once(
    store: InMemoryPromptStore, importing: ImportReview
) -> None:
    log_id = await _log(store)
    review = read_review(_file(_entry(log_id, " reminder ", notes="why")))

    plan = await importing.plan(review)
    assert len(plan.new) == 1
    assert store.rows[log_id].correction is None

    assert await importing.apply(plan) == 1
    assert store.rows[log_id].correction == Correction(
        corrected_intent="reminder", corrected_by="grace", notes="why", channel="import"
    )
    again = await importing.plan(review)
    assert (again.new, again.overwriting, again.unchanged) == ([], [], 1)


async def test_a_later_decision_is_replaced_only_when_told_so(
    store: InMemoryPromptStore, importing: ImportReview
) -> None:
    log_id = await _log(store)
    later = Correction(corrected_intent="status", corrected_by="ada")
    await store.add_prompt_correction(log_id, later)

    plan = await importing.plan(read_review(_file(_entry(log_id, "reminder"))))
    (conflict,) = plan.overwriting
    assert (conflict.entry, conflict.on_record) == (1, "status")
    assert await importing.apply(plan) == 0
    assert store.rows[log_id].correction == later

    assert await importing.apply(plan, overwrite=True) == 1
    changed = store.rows[log_id].correction
    assert changed is not None
    assert changed.corrected_intent == "reminder"


async def test_faulty_entries_are_named_and_take_no_other_with_them(
    store: InMemoryPromptStore, importing: ImportReview
) -> None:
    good, misspelt = await _log(store), await _log(store)
    review = read_review(
        _file(
            _entry(misspelt, "remindr"),
            _entry(uuid4(), "reminder"),
            {"id": "x", "corrected_intent": "reminder"},
            "nonsense",
            _entry(good, None),
            _entry(good, ""),
            _entry(good, "reminder"),
        )
    )

    plan = await importing.plan(review)

    assert [fault.entry for fault in plan.faults] == [1, 2, 3, 4]
    assert "did you mean reminder?" in plan.faults[0].reason
    assert "no captured prompt" in plan.faults[1].reason
    assert plan.undecided == 2
    assert [entry.id for entry in plan.new] == [good]


async def test_a_message_that_is_decided_twice_in_a_file_counts_once(
    store: InMemoryPromptStore, importing: ImportReview
) -> None:
    log_id = await _log(store)

    plan = await importing.plan(
        read_review(_file(_entry(log_id, "reminder"), _entry(log_id, "status")))
    )

    assert [entry.corrected_intent for entry in plan.new] == ["reminder"]
    assert [(fault.entry, fault.reason) for fault in plan.faults] == [
        (2, "id: entry 1 decides it already")
    ]


@pytest.mark.parametrize("text", ["", "{", "{}", "null", '"review"'])
def test_what_is_no_review_file_is_refused(text: str) -> None:
    with pytest.raises(InvalidReview):
        read_review(text)
