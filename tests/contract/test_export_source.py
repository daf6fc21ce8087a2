"""The contract of export sources: windows miss no change, and the ledger is right."""

from datetime import UTC, datetime
from typing import cast
from uuid import UUID, uuid4

import pytest

from prompt_capture.domain.changes import Correction, Outcome
from prompt_capture.domain.datasets.rows import (
    AuditResults,
    ErasedLines,
    ErasedRow,
    ExportRow,
    Window,
)
from prompt_capture.domain.erasures import ExportedObject
from prompt_capture.domain.predictions import SecondaryIntent
from prompt_capture.ports.erasure import ErasureLedger
from tests.contract.conftest import Stores
from tests.erasures import erase_in_store


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prompt_capture.adapters.supabase.export_source.PAGE_ROWS", 2)


async def _window(stores: Stores, series: str = "s", since_last: bool = True) -> Window:
    return (await stores.exports.open_export(series, since_last, 1_000)).window


async def _rows(stores: Stores, window: Window, labelled_only: bool = False) -> list[ExportRow]:
    pages = stores.exports.read_export(window, "salt", labelled_only)
    return [row async for page in pages for row in page]


async def _record(stores: Stores, window: Window, manifest: str = "m") -> None:
    await stores.exports.record_dataset("s", "b", manifest, window, 1)


async def _log(stores: Stores, *texts: str) -> list[UUID]:
    prompts = [stores.make_prompt(text) for text in texts]
    for prompt in prompts:
        await stores.writer.log_prompt(prompt)
    return [prompt.id for prompt in prompts]


async def test_a_row_is_read_with_its_current_values(stores: Stores) -> None:
    (log_id,) = await _log(stores, "Move it")
    await stores.service.update_prompt_log_outcome(
        log_id, Outcome(was_successful=True, workflow_type="move")
    )

    (row,) = await _rows(stores, await _window(stores))

    assert (row.id, row.prompt, row.predicted_intent) == (str(log_id), "Move it", "reschedule")
    assert (row.confidence, row.source, row.model_version) == (0.9, "model", "test-1")
    assert (row.corrected_intent, row.was_successful, row.is_disputed) == (None, True, False)
    assert row.times_sent == 1
    assert row.sender
    assert str(stores.user_id) not in row


async def test_copies_of_a_text_are_adjacent_across_pages(stores: Stores) -> None:
    await _log(stores, "one", "two", "One", "three", " one", "two")

    rows = await _rows(stores, await _window(stores))

    ids = [row.text_id for row in rows]
    assert len(rows) == 6
    assert sorted(ids) == ids
    assert [ids.count(text_id) for text_id in dict.fromkeys(ids)].count(3) == 1
    assert len({row.sender for row in rows}) == 1


async def test_a_series_continues_where_its_last_dataset_ended(stores: Stores) -> None:
    await _log(stores, "one", "two")
    first = await _window(stores)
    assert len(await _rows(stores, first)) == 2
    await _record(stores, first)

    await _log(stores, "three")
    second = await _window(stores)

    assert second.begin == first.end
    assert [row.prompt for row in await _rows(stores, second)] == ["three"]
    assert len(await _rows(stores, await _window(stores, since_last=False))) == 3
    assert len(await _rows(stores, await _window(stores, "another"))) == 3


async def test_an_unrecorded_dataset_does_not_advance_the_window(stores: Stores) -> None:
    await _log(stores, "one")
    first = await _window(stores)

    assert (await _window(stores)).begin == first.begin


@pytest.mark.parametrize("event", ["outcome", "correction", "copy"])
async def test_a_changed_text_is_in_the_next_window_with_all_its_copies(
    stores: Stores, event: str
) -> None:
    one, _, _ = await _log(stores, "one", "One", "two")
    first = await _window(stores)
    await _record(stores, first)

    if event == "outcome":
        outcome = Outcome(was_successful=False, workflow_type="move")
        await stores.service.update_prompt_log_outcome(one, outcome)
    elif event == "correction":
        correction = Correction(corrected_intent="status", corrected_by="grace")
        await stores.service.add_prompt_correction(one, correction)
    else:
        await _log(stores, "ONE")

    rows = await _rows(stores, await _window(stores))
    assert {row.prompt.casefold() for row in rows} == {"one"}
    assert len(rows) == (3 if event == "copy" else 2)


async def test_changes_after_the_opening_of_a_window_are_not_in_it(stores: Stores) -> None:
    (one,) = await _log(stores, "one")
    window = await _window(stores)

    await _log(stores, "two")
    outcome = Outcome(was_successful=True, workflow_type="move")
    await stores.service.update_prompt_log_outcome(one, outcome)

    assert await _rows(stores, window) == []


async def test_a_window_counts_its_rows_up_to_a_limit(stores: Stores) -> None:
    await _log(stores, "one", "two", "three")

    assert (await stores.exports.open_export("s", False, 10)).rows == 3
    assert (await stores.exports.open_export("s", False, 2)).rows == 3
    assert (await stores.exports.open_export("s", False, 1)).rows == 2


@pytest.mark.parametrize("stated", [None, (), ("email", "reminder")])
async def test_rows_have_the_secondary_intents_that_a_reviewer_stated(
    stores: Stores, stated: tuple[str, ...] | None
) -> None:
    one, _, _ = await _log(stores, "one", "One", "two")
    for secondary in (("search",), stated):
        await _record(stores, await _window(stores))
        correction = Correction(
            corrected_intent="status", corrected_secondary_intents=secondary, corrected_by="grace"
        )
        await stores.service.add_prompt_correction(one, correction)

    rows = await _rows(stores, await _window(stores))

    expected = None if stated is None else list(stated)
    assert [row.corrected_secondary_intents for row in rows] == [expected, expected]


async def test_rows_have_the_predicted_secondary_intents(stores: Stores) -> None:
    others = (
        SecondaryIntent(intent="email", confidence=0.8),
        SecondaryIntent(intent="status", confidence=0.7),
    )
    prompt = stores.make_prompt("two things").model_copy(update={"secondary_intents": others})
    await stores.writer.log_prompt(prompt)
    await _log(stores, "one thing")

    rows = await _rows(stores, await _window(stores))

    predicted = {row.prompt: row.predicted_secondary_intents for row in rows}
    assert predicted == {"two things": ["email", "status"], "one thing": None}


async def test_labelled_only_excludes_unlabelled_rows(stores: Stores) -> None:
    one, _ = await _log(stores, "one", "two")
    correction = Correction(corrected_intent="status", corrected_by="grace")
    await stores.service.add_prompt_correction(one, correction)

    rows = await _rows(stores, await _window(stores), labelled_only=True)

    assert [(row.prompt, row.corrected_intent) for row in rows] == [("one", "status")]


OBJECT = ExportedObject(bucket="b", key="k")


async def test_the_ledger_lists_the_lines_of_erased_users_in_an_object(stores: Stores) -> None:
    other_user = await stores.create_user()
    others = stores.make_prompt("three").model_copy(update={"user_id": other_user})
    one, two = await _log(stores, "one", "two")
    await stores.writer.log_prompt(others)
    missing = uuid4()

    rows = [str(row) for row in (one, two, others.id, missing)]
    assert await stores.exports.register_rows("b", "k", rows) == {str(missing)}
    await stores.exports.register_rows("b", "other", [str(two)])
    assert await stores.ledger.list_uncleaned_objects() == []
    assert (await stores.ledger.list_erased_lines(OBJECT)).lines == []
    await erase_in_store(stores.service, stores.user_id)

    erased = await stores.ledger.list_erased_lines(OBJECT)
    assert {line.id for line in erased.lines} == {str(one), str(two)}
    assert {(line.other_rows, line.other_users) for line in erased.lines} == {(0, 0)}
    assert len(erased.senders) == 1
    assert erased.is_recent
    uncleaned = await stores.ledger.list_uncleaned_objects()
    assert {(item.bucket, item.key) for item in uncleaned} == {("b", "k"), ("b", "other")}


async def test_an_object_that_the_ledger_does_not_know_has_no_erased_lines(stores: Stores) -> None:
    assert await stores.ledger.list_erased_lines(OBJECT) == ErasedLines([], [], is_recent=False)
    await stores.ledger.unregister_senders(OBJECT, [])


async def test_the_texts_of_prompts_can_be_read_to_compare_them(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prompt_capture.adapters.supabase.postgrest.MAX_IDS_PER_REQUEST", 2)
    log_ids = await _log(stores, "one", "two", "three")

    # The export cleans with the rights of its own role.
    for source in (cast("ErasureLedger", stores.exports), stores.ledger):
        texts = await source.get_texts([*log_ids, uuid4()])

        assert texts == dict(zip(log_ids, ["one", "two", "three"], strict=True))


async def test_erased_users_do_not_count_as_other_users(stores: Stores) -> None:
    other_user = await stores.create_user()
    copy = stores.make_prompt("One").model_copy(update={"user_id": other_user})
    (one,) = await _log(stores, "one")
    await stores.writer.log_prompt(copy)
    await stores.exports.register_rows("b", "k", [str(one), str(copy.id)])

    async def count_others() -> set[tuple[int, int]]:
        lines = (await stores.ledger.list_erased_lines(OBJECT)).lines
        return {(line.other_rows, line.other_users) for line in lines}

    await erase_in_store(stores.service, other_user)
    assert await count_others() == {(1, 1)}
    await erase_in_store(stores.service, stores.user_id)
    assert await count_others() == {(0, 0)}


async def test_senders_who_were_erased_later_stay_registered(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prompt_capture.adapters.supabase.export_source.REGISTERED_ROWS", 1)
    monkeypatch.setattr("prompt_capture.adapters.supabase.export_source.UNREGISTERED_PAGES", 1)
    other_user = await stores.create_user()
    other = stores.make_prompt("three").model_copy(update={"user_id": other_user})
    one, two = await _log(stores, "one", "two")
    await stores.writer.log_prompt(other)
    rows = [str(row) for row in (one, two, other.id)]
    await stores.exports.register_rows("b", "k", rows)
    await erase_in_store(stores.service, stores.user_id)
    erased = await stores.ledger.list_erased_lines(OBJECT)

    await erase_in_store(stores.service, other_user)
    await stores.ledger.unregister_senders(OBJECT, erased.senders)

    remaining = await stores.ledger.list_erased_lines(OBJECT)
    assert [line.id for line in remaining.lines] == [str(other.id)]
    assert await stores.ledger.list_uncleaned_objects() == [OBJECT]


async def test_an_erasure_invalidates_the_exports_that_hold_rows_of_the_user(
    stores: Stores,
) -> None:
    (one,) = await _log(stores, "one")
    opened = await stores.exports.open_export("s", False, 10)
    await stores.exports.register_rows("b", "k", [str(one)])
    assert not await stores.exports.has_erasures_since("b", ["k"], opened.opened_at)

    await erase_in_store(stores.service, stores.user_id)

    assert await stores.exports.has_erasures_since("b", ["k", "x"], opened.opened_at)
    assert not await stores.exports.has_erasures_since("b", ["x"], opened.opened_at)


async def test_an_erasure_changes_the_texts_that_other_users_sent_too(stores: Stores) -> None:
    other_user = await stores.create_user()
    copy = stores.make_prompt("One").model_copy(update={"user_id": other_user})
    await stores.writer.log_prompt(copy)
    await _log(stores, "one", "two")
    await _record(stores, await _window(stores))

    await erase_in_store(stores.service, stores.user_id)

    assert [row.id for row in await _rows(stores, await _window(stores))] == [str(copy.id)]


async def test_the_next_window_contains_the_exported_rows_that_were_erased(stores: Stores) -> None:
    one, two = await _log(stores, "one", "two")
    await stores.exports.register_rows("b", "k", [str(one), str(two)])
    rows = {row.id: row.text_id for row in await _rows(stores, await _window(stores))}
    await _record(stores, await _window(stores))
    await erase_in_store(stores.service, stores.user_id)

    senders = (await stores.ledger.list_erased_lines(OBJECT)).senders
    await stores.ledger.unregister_senders(OBJECT, senders)
    await stores.ledger.unregister_senders(OBJECT, senders)

    window = await _window(stores)
    erased = [row async for page in stores.exports.read_erased_rows(window) for row in page]
    assert {(row.id, row.text_id) for row in erased} == set(rows.items())
    assert all(isinstance(row, ErasedRow) for row in erased)
    assert (await stores.ledger.list_erased_lines(OBJECT)).lines == []
    assert await stores.ledger.list_uncleaned_objects() == []
    finished = await erase_in_store(stores.service, stores.user_id)
    assert finished.remaining_objects == ()


async def test_there_are_no_audit_results_without_audited_rows(stores: Stores) -> None:
    await _log(stores, "one")

    assert await stores.exports.read_audit_results(0.85) == AuditResults(None, [])


async def test_a_row_says_why_it_waits_for_review(stores: Stores) -> None:
    prompts = [stores.make_prompt(f"message {n}", c) for n, c in enumerate((0.2, 0.99, 0.2))]
    for prompt in prompts:
        await stores.writer.log_prompt(prompt)
    unsure, failed, decided = (prompt.id for prompt in prompts)
    outcome = Outcome(was_successful=False, workflow_type="move", execution_error="no event")
    await stores.service.update_prompt_log_outcome(failed, outcome)
    decision = Correction(corrected_intent="status", corrected_by="grace")
    await stores.service.add_prompt_correction(decided, decision)

    rows = await _rows(stores, await _window(stores))

    reasons = {UUID(row.id): row.reasons for row in rows}
    assert reasons[unsure] == ["low_confidence"]
    assert "failed_workflow" in (reasons[failed] or ())
    assert reasons[decided] is None


async def test_a_row_has_the_probability_of_its_audit(stores: Stores) -> None:
    await _log(stores, "one")

    (row,) = await _rows(stores, await _window(stores))

    assert (row.is_audited, row.audit_probability) == (False, 0)


async def test_a_window_begins_at_the_cutoff_of_the_series_last_dataset(stores: Stores) -> None:
    cutoff = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    window = await _window(stores)
    assert window.audits_begin is None
    await _record(stores, window.model_copy(update={"audits_end": cutoff}))

    assert (await _window(stores)).audits_begin == cutoff
    assert (await _window(stores, since_last=False)).audits_begin is None
    assert (
        await _rows(stores, (await _window(stores)).model_copy(update={"audits_end": None})) == []
    )
