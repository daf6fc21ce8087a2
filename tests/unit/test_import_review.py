"""The import of review files."""

import asyncio
import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from cli.main import app
from prompt_capture.bootstrap import stores
from prompt_capture.domain.changes import Correction, Decision
from prompt_capture.domain.errors import InvalidReview
from prompt_capture.domain.log_ids import new_log_id
from prompt_capture.domain.predictions import SecondaryIntent
from prompt_capture.domain.prompts import CapturedPrompt
from prompt_capture.domain.review_files import read_review, write_entries
from prompt_capture.domain.reviewed_prompts import EntryError
from prompt_capture.workflows.import_review import AppliedPlan, ImportReview
from tests.fakes.prompt_store import InMemoryPromptStore

USER = uuid4()


@pytest.fixture
def store() -> InMemoryPromptStore:
    return InMemoryPromptStore([USER], ["reminder", "status"])


@pytest.fixture
def import_review(store: InMemoryPromptStore) -> ImportReview:
    return ImportReview(store, "grace")


async def _log(store: InMemoryPromptStore, text: str = "hm", *secondary: str) -> UUID:
    prompt = CapturedPrompt(
        id=new_log_id(),
        secondary_intents=tuple(SecondaryIntent(intent=each, confidence=0.6) for each in secondary),
        user_id=USER,
        prompt=text,
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
    details = {"prompt": "hm", "predicted_intent": "status", "confidence": 0.1, "notes": None}
    return {"id": str(log_id), **details, "corrected_intent": intent, **more}


async def test_new_corrections_are_planned_then_recorded_once(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    log_id = await _log(store)
    review = read_review(_file(_entry(log_id, " reminder ", notes="why")))

    plan = await import_review.plan(review)
    assert len(plan.new) == 1
    assert store.rows[log_id].correction is None

    assert await import_review.apply(plan) == (1, ())
    assert store.rows[log_id].correction == Correction(
        corrected_intent="reminder", corrected_by="grace", notes="why", channel="import"
    )
    again = await import_review.plan(review)
    assert (again.new, again.overwrites, again.unchanged) == ([], [], 1)


async def test_long_notes_are_recorded_shortened_and_the_decision_is_recorded(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    log_id = await _log(store)

    await import_review.apply(
        await import_review.plan(read_review(_file(_entry(log_id, "reminder", notes="why " * 600))))
    )

    recorded = store.rows[log_id].correction
    assert recorded is not None
    assert len(recorded.notes or "") == 2_000
    assert (recorded.notes or "").endswith(" [shortened]")


async def test_a_later_decision_is_replaced_only_with_overwrite(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    log_id = await _log(store)
    later = Correction(corrected_intent="status", corrected_by="ada")
    await store.add_prompt_correction(log_id, later)

    plan = await import_review.plan(read_review(_file(_entry(log_id, "reminder"))))
    (overwrite,) = plan.overwrites
    assert (overwrite.entry, overwrite.on_record) == (1, Decision("status"))
    assert await import_review.apply(plan) == (0, ())
    assert store.rows[log_id].correction == later

    assert await import_review.apply(plan, overwrite=True) == (1, ())
    changed = store.rows[log_id].correction
    assert changed is not None
    assert changed.corrected_intent == "reminder"


async def test_a_decision_that_another_reviewer_made_before_is_a_vote_once(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    log_id = await _log(store)
    earlier = Correction(
        corrected_intent="reminder", corrected_secondary_intents=("status",), corrected_by="ada"
    )
    await store.add_prompt_correction(log_id, earlier)
    review = read_review(_file(_entry(log_id, "reminder", notes="so do I")))

    plan = await import_review.plan(review)

    assert (plan.new, plan.overwrites, plan.unchanged) == ([], [], 0)
    assert [each.id for each in plan.agreed] == [log_id]
    assert await import_review.apply(plan) == (1, ())
    recorded = store.rows[log_id].correction
    assert recorded is not None
    assert recorded.decision == earlier.decision, "silence says nothing against secondary intents"
    assert (recorded.corrected_by, recorded.notes) == ("grace", "so do I")
    (votes,) = store.votes.values()
    assert votes == {"ada": "reminder", "grace": "reminder"}
    again = await import_review.plan(review)
    assert (again.new, again.agreed, again.unchanged) == ([], [], 1)


async def test_secondary_intents_are_recorded_and_reported_like_the_intent(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    log_id = await _log(store)
    stated = _entry(log_id, "reminder") | {"corrected_secondary_intents": ["status"]}
    silent = _entry(log_id, "reminder")
    none = _entry(log_id, "reminder") | {"corrected_secondary_intents": []}

    plan = await import_review.plan(read_review(_file(stated)))
    assert await import_review.apply(plan) == (1, ())
    correction = store.rows[log_id].correction
    assert correction is not None
    assert correction.decision == Decision("reminder", ("status",))

    for entry in (stated, silent):
        again = await import_review.plan(read_review(_file(entry)))
        assert (again.new, again.overwrites, again.unchanged) == ([], [], 1)
    other = await import_review.plan(read_review(_file(none)))
    (overwrite,) = other.overwrites
    assert str(overwrite.on_record) == "reminder (secondary: status)"
    assert str(overwrite.reviewed.decision) == "reminder (secondary: none)"
    assert await import_review.apply(other, overwrite=True) == (1, ())


async def test_an_unknown_secondary_intent_is_an_error_of_its_entry(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    log_id = await _log(store)
    entry = _entry(log_id, "status") | {"corrected_secondary_intents": "remindr"}

    plan = await import_review.plan(read_review(_file(entry)))

    (error,) = plan.errors
    assert error.reason == (
        "corrected_secondary_intents: not in the intent catalogue; did you mean reminder?"
    )


async def test_what_changed_after_the_plan_is_not_overwritten_and_reported(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    texts = ("corrected meanwhile", "corrected alike", "deleted", "unchanged", "replaced", "again")
    ids = [await _log(store, text) for text in texts]
    seen = Correction(corrected_intent="status", corrected_by="ada")
    for log_id in ids[4:]:
        await store.add_prompt_correction(log_id, seen)
    plan = await import_review.plan(read_review(_file(*(_entry(one, "reminder") for one in ids))))

    meanwhile = Correction(corrected_intent="status", corrected_by="alan")
    await store.add_prompt_correction(ids[0], meanwhile)
    alike = meanwhile.model_copy(update={"corrected_intent": "reminder"})
    await store.add_prompt_correction(ids[1], alike)
    del store.rows[ids[2]]
    await store.add_prompt_correction(ids[5], alike)
    applied = await import_review.apply(plan, overwrite=True)

    assert applied == (3, (ids[0], ids[2], ids[5]))
    assert store.rows[ids[0]].correction == meanwhile


def test_the_command_names_the_entries_that_changed_while_it_ran(
    store: InMemoryPromptStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ids = [asyncio.run(_log(store, text)) for text in ("one", "two")]
    meanwhile = Correction(corrected_intent="status", corrected_by="alan")
    file = tmp_path / "review.json"
    file.write_text(_file(*(_entry(log_id, "reminder") for log_id in ids)))

    class Interfering(ImportReview):
        async def apply(self, *arguments: Any) -> AppliedPlan:
            await store.add_prompt_correction(ids[1], meanwhile)
            return await super().apply(*arguments)

    monkeypatch.setattr("cli.import_review.ImportReview", Interfering)
    monkeypatch.setattr(stores, "service_store", lambda: store)
    command = ["import-review", str(file), "--reviewer", "grace", "--apply"]

    result = CliRunner().invoke(app, command, env={"COLUMNS": "200"})

    assert result.exit_code == 1
    assert "Recorded 1 correction." in result.stdout
    assert "1 decision was not recorded" in result.stderr
    assert "(entry 2)" in result.stderr
    assert store.rows[ids[1]].correction == meanwhile


def test_the_command_reads_a_compressed_file(
    store: InMemoryPromptStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log_id = asyncio.run(_log(store))
    file = tmp_path / "review.json.gz"
    file.write_bytes(gzip.compress(_file(_entry(log_id, "reminder")).encode()))
    monkeypatch.setattr(stores, "service_store", lambda: store)

    result = CliRunner().invoke(app, ["import-review", str(file), "--reviewer", "grace", "--apply"])

    assert result.exit_code == 0, result.output
    assert "Recorded 1 correction." in result.stdout


def test_a_folder_is_refused_with_the_file_to_name(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["import-review", str(tmp_path), "--reviewer", "grace"])

    assert result.exit_code == 1
    assert "is a folder. Name the review file in it." in result.stderr


def test_the_command_asks_for_apply_only_where_this_records_something(
    store: InMemoryPromptStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log_id = asyncio.run(_log(store))
    file = tmp_path / "review.json"
    monkeypatch.setattr(stores, "service_store", lambda: store)

    def end(intent: str, *options: str) -> str:
        file.write_text(_file(_entry(log_id, intent)))
        command = ["import-review", str(file), "--reviewer", "grace", *options]
        return CliRunner().invoke(app, command).stdout.splitlines()[-1]

    assert end("reminder") == "Nothing was recorded. Add --apply to record the corrections."
    assert end("reminder", "--apply") == "Recorded 1 correction."
    assert end("reminder") == "There is nothing to record."
    assert end("status") == "There is nothing to record."
    assert end("status", "--overwrite").startswith("Nothing was recorded. Add --apply")


def test_the_command_names_the_fields_that_are_not_read_once(
    store: InMemoryPromptStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ids = [asyncio.run(_log(store, text)) for text in ("one", "two")]
    file = tmp_path / "review.csv"
    rows = "".join(f"{log_id},reminder,3,ada\n" for log_id in ids)
    file.write_text(f"id,corrected_intent,votes,te\x1b[31mam\n{rows}")
    monkeypatch.setattr(stores, "service_store", lambda: store)

    result = CliRunner().invoke(app, ["import-review", str(file), "--reviewer", "grace"])

    assert result.exit_code == 0, result.output
    assert result.stderr == "Not read: votes, te\ufffd[31mam. A review file has no such fields.\n"


def test_the_command_names_the_entries_with_a_rejected_annotation(
    store: InMemoryPromptStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    choice = [{"from_name": "intent", "type": "choices", "value": {"choices": ["reminder"]}}]
    annotation = {"result": choice, "reviews": [{"id": 1, "accepted": False}]}
    task = {"data": {"log_id": str(asyncio.run(_log(store, "one")))}, "annotations": [annotation]}
    file = tmp_path / "review.json"
    file.write_text(json.dumps([task]))
    monkeypatch.setattr(stores, "service_store", lambda: store)

    result = CliRunner().invoke(app, ["import-review", str(file), "--reviewer", "grace"])

    assert result.exit_code == 0, result.output
    assert result.stderr == "Not counted: annotations that a reviewer rejected (entry 1).\n"


def test_notes_that_are_shortened_are_named(
    store: InMemoryPromptStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ids = [asyncio.run(_log(store, text)) for text in "abcdefg"]
    file = tmp_path / "review.csv"
    rows = "".join(f"{log_id},reminder,{'why ' * 600}\n" for log_id in ids)
    file.write_text(f"id,corrected_intent,notes\n{rows}")
    monkeypatch.setattr(stores, "service_store", lambda: store)

    result = CliRunner().invoke(app, ["import-review", str(file), "--reviewer", "grace"])

    assert result.exit_code == 0, result.output
    assert result.stderr == (
        "Shortened: notes over 2,000 characters (lines 2, 3, 4, 5, 6 and 2 more).\n"
    )


async def test_invalid_entries_are_reported_and_affect_no_other(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    valid, misspelt = await _log(store), await _log(store)
    review = read_review(
        _file(
            _entry(misspelt, "remindr"),
            _entry(uuid4(), "reminder"),
            {"id": "x", "corrected_intent": "reminder"},
            "not an entry",
            _entry(valid, None),
            _entry(valid, ""),
            _entry(valid, "reminder"),
        )
    )

    plan = await import_review.plan(review)

    assert [error.entry for error in plan.errors] == [1, 2, 3, 4]
    assert "did you mean reminder?" in plan.errors[0].reason
    assert "no captured prompt" in plan.errors[1].reason
    assert plan.undecided == 2
    assert [entry.id for entry in plan.new] == [valid]


async def test_decisions_that_disagree_record_nothing_and_repeated_ones_count_once(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    disputed, agreed = await _log(store), await _log(store)

    plan = await import_review.plan(
        read_review(
            _file(
                _entry(disputed, "reminder"),
                _entry(disputed, "status"),
                _entry(agreed, "reminder"),
                _entry(agreed, "reminder"),
            )
        )
    )

    assert [entry.id for entry in plan.new] == [agreed]
    assert plan.repeated == 1
    (error,) = plan.errors
    assert error.entry == 1
    assert "as reminder, entry 2 as status" in error.reason


@pytest.mark.parametrize("text", ["", "{", "{}", "null", '"review"'])
def test_a_file_that_is_not_a_review_file_is_rejected(text: str) -> None:
    with pytest.raises(InvalidReview):
        read_review(text)


async def test_an_intent_in_another_case_is_the_one_of_the_catalogue(
    import_review: ImportReview, store: InMemoryPromptStore
) -> None:
    log_id = await _log(store)
    entry = _entry(log_id, "Reminder", corrected_secondary_intents=["STATUS"])

    plan = await import_review.plan(read_review(_file(entry)))
    await import_review.apply(plan)

    recorded = store.rows[log_id].correction
    assert recorded is not None
    assert recorded.decision == Decision("reminder", ("status",))


async def test_an_intent_with_letters_of_another_encoding_is_the_one_of_the_catalogue() -> None:
    store = InMemoryPromptStore([USER], ["r\u00e9sum\u00e9"])
    entry = _entry(await _log(store), "Re\u0301sume\u0301")

    plan = await ImportReview(store, "grace").plan(read_review(_file(entry)))

    assert [each.corrected_intent for each in plan.new] == ["r\u00e9sum\u00e9"]


async def test_an_intent_in_another_case_that_may_be_two_is_unknown() -> None:
    store = InMemoryPromptStore([USER], ["Reminder", "REMINDER"])
    exact, unclear = await _log(store), await _log(store)
    entries = _file(_entry(exact, "REMINDER"), _entry(unclear, "reminder"))

    plan = await ImportReview(store, "grace").plan(read_review(entries))

    assert [each.corrected_intent for each in plan.new] == ["REMINDER"]
    assert [error.entry for error in plan.errors] == [2]


def _rows(log_id: UUID, *rows: tuple[str, str]) -> list[dict[str, Any]]:
    return [_entry(log_id, one, corrected_secondary_intents=two) for one, two in rows]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([("BookFlight", "bookflight")], "primary intent. Remove it"),
        ([("reminder", "Reminder")], "primary intent. Remove it"),
        ([("reminder", "status, Status")], "named twice"),
        ([("reminder", "status"), ("Reminder", "bookflight")], "BookFlight"),
    ],
)
async def test_intents_are_matched_with_the_catalogue_before_they_are_checked(
    rows: list[tuple[str, str]], problem: str
) -> None:
    store = InMemoryPromptStore([USER], ["reminder", "status", "BookFlight"])
    workflow = ImportReview(store, "grace")
    wrong, right = await _log(store), await _log(store, "other")
    file = _file(*_rows(wrong, *rows), _entry(right, "Status"))

    plan = await workflow.plan(read_review(file))

    (error,) = plan.errors
    assert problem in error.reason
    assert "Value error" not in error.reason
    assert await workflow.apply(plan) == (1, ())
    assert store.rows[wrong].correction is None
    assert store.rows[right].correction is not None


async def _plan_in_all_formats(
    store: InMemoryPromptStore, *typed: tuple[str, list[str]]
) -> list[Any]:
    """Return the plans of files in which several people decided one prompt."""
    log_id = await _log(store)
    cells = [(intent, ", ".join(secondary)) for intent, secondary in typed]
    csv_rows = "".join(f'{log_id},{one},"{two}"\n' for one, two in cells)
    choices = [{"intent": [intent], "secondary": secondary} for intent, secondary in typed]
    annotations = [
        {"result": [{"from_name": name, "type": "choices", "value": {"choices": chosen}}
                    for name, chosen in each.items() if chosen]}
        for each in choices
    ]  # fmt: skip
    files = (
        _file(*_rows(log_id, *cells)),
        f"id,corrected_intent,corrected_secondary_intents\n{csv_rows}",
        _file({"data": {"log_id": str(log_id), "prompt": "hm"}, "annotations": annotations}),
    )
    return [await ImportReview(store, "grace").plan(read_review(file)) for file in files]


@pytest.mark.parametrize(
    "typed",
    [
        [("Reminder", []), ("reminder", [])],
        [("reminder", ["Status"]), ("REMINDER", ["status"])],
        [("reminder", ["Re\u0301sume\u0301"]), ("reminder", ["r\u00e9sum\u00e9"])],
    ],
)
async def test_intents_that_differ_only_in_case_or_composition_are_no_disagreement(
    typed: list[tuple[str, list[str]]],
) -> None:
    store = InMemoryPromptStore([USER], ["reminder", "status", "r\u00e9sum\u00e9"])

    for plan in await _plan_in_all_formats(store, *typed):
        assert plan.errors == []
        assert [each.corrected_intent for each in plan.new] == ["reminder"]


async def test_one_annotator_may_choose_an_intent_in_two_cases() -> None:
    store = InMemoryPromptStore([USER], ["reminder", "status"])
    choices = {"from_name": "intent", "value": {"choices": ["reminder", "Reminder"]}}
    data = {"log_id": str(await _log(store)), "prompt": "hm"}
    file = _file({"data": data, "annotations": [{"result": [choices]}]})

    plan = await ImportReview(store, "grace").plan(read_review(file))

    assert [each.corrected_intent for each in plan.new] == ["reminder"]


@pytest.mark.parametrize("typed", ["none", "NONE", "no", "n/a", "-", "--", "status, none"])
async def test_a_word_for_no_secondary_intent_is_no_intent_in_another_case(typed: str) -> None:
    store = InMemoryPromptStore([USER], ["reminder", "status", "None", "No"])
    entry = _entry(await _log(store), "reminder", corrected_secondary_intents=typed)

    plan = await ImportReview(store, "grace").plan(read_review(_file(entry)))

    (error,) = plan.errors
    assert "write []" in error.reason


async def test_an_intent_named_none_is_a_secondary_intent_as_it_is_written() -> None:
    store = InMemoryPromptStore([USER], ["reminder", "None"])
    entry = _entry(await _log(store), "reminder", corrected_secondary_intents="None")

    plan = await ImportReview(store, "grace").plan(read_review(_file(entry)))

    assert [each.corrected_secondary_intents for each in plan.new] == [("None",)]


@pytest.mark.parametrize("fields", [{"id": "x"}, {"id": ""}, {"id": None}, {"id": 3}, {}])
def test_a_wrong_id_is_named_in_plain_words(fields: dict[str, Any]) -> None:
    review = read_review(_file({"id": str(uuid4()), "corrected_intent": None},
                               {**fields, "corrected_intent": "reminder"}))  # fmt: skip

    (error,) = review.errors
    assert error.reason == "id: it is missing, or no id of a prompt. Copy it from the export"


async def test_texts_that_moved_to_other_ids_are_errors_and_edited_ones_are_not(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    first, second, third = [await _log(store, text) for text in ("one", "two", "three")]
    review = read_review(
        _file(
            _entry(first, "reminder", prompt="Two "),
            _entry(second, "reminder", prompt="one"),
            _entry(third, "reminder", prompt="thr?e"),
        )
    )

    plan = await import_review.plan(review)

    assert [(error.entry, error.reason.partition(",")[0]) for error in plan.errors] == [
        (1, "prompt: this id has another prompt"),
        (2, "prompt: this id has another prompt"),
    ]
    assert [entry.id for entry in plan.new] == [third]


async def test_an_undecided_entry_shows_that_texts_have_moved(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    first, second = [await _log(store, text) for text in ("one", "two")]
    review = read_review(
        _file(_entry(first, "reminder", prompt="two"), _entry(second, None, prompt="one"))
    )

    plan = await import_review.plan(review)

    assert [error.entry for error in plan.errors] == [1]
    assert not plan.new


@pytest.mark.parametrize("form", ["json", "csv", "tasks"])
async def test_faulty_entries_show_that_texts_have_moved(
    store: InMemoryPromptStore, import_review: ImportReview, form: str
) -> None:
    """A cell that is inserted above the ids moves all of them, and the first entry has none."""
    first, second = [await _log(store, text) for text in ("one", "two")]
    content = {
        "json": _file(
            _entry(first, "status", prompt="one") | {"id": ""},
            _entry(first, "reminder", prompt="two"),
        ),
        "csv": f"id,prompt,corrected_intent\n,one,status\n{first},two,reminder\n{second},,\n",
        "tasks": _file({**_annotated(second, "one"), "annotations": [7]}, _annotated(first, "two")),
    }[form]

    plan = await import_review.plan(read_review(content))

    assert any(error.reason.startswith("prompt: this id has another") for error in plan.errors)
    assert not plan.new


@pytest.mark.parametrize("prompt", ["one, and more", "", "on..."])
@pytest.mark.parametrize("intent", ["reminder", None, "no such intent"])
async def test_the_text_of_a_copy_may_be_edited(
    store: InMemoryPromptStore, import_review: ImportReview, prompt: str, intent: str | None
) -> None:
    first, second = [await _log(store, "one") for _ in range(2)]
    content = _file(_entry(first, "reminder", prompt=prompt), _entry(second, intent, prompt="One"))

    plan = await import_review.plan(read_review(content))

    assert first in [entry.id for entry in plan.new]
    assert not any(error.reason.startswith("prompt:") for error in plan.errors)


async def test_an_id_that_was_copied_over_the_next_one_is_an_error(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    first = await _log(store, "one")
    content = _file(_entry(first, None, prompt="one"), _entry(first, "reminder", prompt="two"))

    plan = await import_review.plan(read_review(content))

    assert [error.entry for error in plan.errors] == [2]
    assert not plan.new


def _annotated(log_id: UUID, prompt: str) -> dict[str, Any]:
    """Return a task in Label Studio's JSON export, with an annotation."""
    result = {"from_name": "intent", "type": "choices", "value": {"choices": ["reminder"]}}
    data = {"prompt": prompt, "log_id": str(log_id)}
    return {"id": 1, "data": data, "annotations": [{"result": [result]}]}


def _flattened(log_id: UUID, prompt: str) -> dict[str, Any]:
    """Return an annotation in Label Studio's exports JSON-MIN and CSV."""
    fields = {"prompt": prompt, "log_id": str(log_id), "intent": "reminder"}
    return {"id": 1, "annotation_id": 3, "annotator": 1, **fields}


def _table(*entries: dict[str, Any]) -> str:
    rows = [",".join(map(str, entry.values())) for entry in entries]
    return "\n".join([",".join(entries[0]), *rows])


@pytest.mark.parametrize(
    ("write", "to_entry", "numbers"),
    [(_file, _annotated, [1, 2]), (_file, _flattened, [1, 2]), (_table, _flattened, [2, 3])],
    ids=["JSON", "JSON-MIN", "CSV"],
)
async def test_texts_of_label_studio_that_moved_to_other_ids_are_errors(
    store: InMemoryPromptStore,
    import_review: ImportReview,
    write: Callable[..., str],
    to_entry: Callable[[UUID, str], dict[str, Any]],
    numbers: list[int],
) -> None:
    first, second, third = [await _log(store, text) for text in ("one", "two", "three")]
    content = write(to_entry(first, "two"), to_entry(second, "one"), to_entry(third, "three"))

    plan = await import_review.plan(read_review(content))

    assert [error.entry for error in plan.errors] == numbers
    assert all("this id has another prompt" in error.reason for error in plan.errors)
    assert [entry.id for entry in plan.new] == [third]


_WRITE: Mapping[str, Callable[[list[dict[str, Any]]], str]] = {
    "json": json.dumps,
    "jsonl": lambda entries: "".join(f"{json.dumps(entry)}\n" for entry in entries),
    "csv": lambda entries: write_entries(entries, "csv").decode(),
    "tasks.json": lambda entries: json.dumps([{"data": entry} for entry in entries]),
}


@pytest.mark.parametrize("suffix", _WRITE)
async def test_a_changed_prediction_without_a_decision_is_a_fault(
    import_review: ImportReview, store: InMemoryPromptStore, suffix: str
) -> None:
    ids = [await _log(store, str(number)) for number in range(3)]
    entries = [_entry(log_id, None, prompt=str(number)) for number, log_id in enumerate(ids)]
    entries[1]["predicted_intent"] = "reminder"

    plan = await import_review.plan(read_review(_WRITE[suffix](entries)))

    assert plan.errors == [
        EntryError(
            3 if suffix == "csv" else 2,
            "predicted_intent: it was changed, and corrected_intent is empty. If it is the "
            "decision, write it into corrected_intent. If not, restore status",
        )
    ]
    assert (plan.new, plan.undecided) == ([], 2)


@pytest.mark.parametrize("written", ["remindr", 5, ["reminder"], "status?"])
async def test_any_changed_prediction_is_a_fault(
    import_review: ImportReview, store: InMemoryPromptStore, written: object
) -> None:
    entry = _entry(await _log(store), "", predicted_intent=written)

    plan = await import_review.plan(read_review(_file(entry)))

    assert [error.entry for error in plan.errors] == [1]
    assert plan.undecided == 0


@pytest.mark.parametrize("written", [" STATUS", "status", ["status"], "", None])
async def test_a_prediction_in_another_form_or_without_value_is_not_changed(
    import_review: ImportReview, store: InMemoryPromptStore, written: object
) -> None:
    entry = _entry(await _log(store), None, predicted_intent=written)

    plan = await import_review.plan(read_review(_file(entry)))

    assert (plan.errors, plan.undecided) == ([], 1)


@pytest.mark.parametrize("intent", [None, "reminder"])
@pytest.mark.parametrize("suffix", _WRITE)
async def test_changed_secondary_predictions_without_a_decision_about_them_are_a_fault(
    import_review: ImportReview, store: InMemoryPromptStore, suffix: str, intent: str | None
) -> None:
    ids = [await _log(store, str(number), "email") for number in range(3)]
    entries = [
        _entry(log_id, intent, prompt=str(number), predicted_secondary_intents=["email"])
        for number, log_id in enumerate(ids)
    ]
    entries[1]["predicted_secondary_intents"] = ["email", "reminder"]

    plan = await import_review.plan(read_review(_WRITE[suffix](entries)))

    assert plan.errors == [
        EntryError(
            3 if suffix == "csv" else 2,
            "predicted_secondary_intents: they were changed, and corrected_secondary_intents is "
            "empty. If they are the decision, write them there. If not, restore email",
        )
    ]
    assert (len(plan.new), plan.undecided) == ((2, 0) if intent else (0, 2))


@pytest.mark.parametrize(
    "written",
    ["EMAIL, status", ["status", "email"], " status;email ", "", None, [], '["email","status"]'],
)
async def test_secondary_predictions_in_another_form_or_without_value_are_not_changed(
    import_review: ImportReview, store: InMemoryPromptStore, written: object
) -> None:
    log_id = await _log(store, "hm", "email", "status")
    entry = _entry(log_id, "reminder", predicted_secondary_intents=written)

    plan = await import_review.plan(read_review(_file(entry)))

    assert (plan.errors, len(plan.new)) == ([], 1)


@pytest.mark.parametrize("written", ["[email", 5, ["email", 5], "none"])
async def test_any_changed_secondary_prediction_is_a_fault(
    import_review: ImportReview, store: InMemoryPromptStore, written: object
) -> None:
    entry = _entry(await _log(store), "reminder", predicted_secondary_intents=written)

    plan = await import_review.plan(read_review(_file(entry)))

    (error,) = plan.errors
    assert error.reason.endswith("restore an empty list")


async def test_a_repeated_decision_with_changed_predictions_is_not_counted_as_undecided(
    import_review: ImportReview, store: InMemoryPromptStore
) -> None:
    log_id, other = await _log(store), await _log(store, "other")
    entries = [
        _entry(log_id, "reminder"),
        _entry(log_id, "reminder", predicted_secondary_intents="email"),
        _entry(other, None, prompt="other"),
    ]

    plan = await import_review.plan(read_review(_file(*entries)))

    assert [error.entry for error in plan.errors] == [2]
    assert (len(plan.new), plan.undecided) == (1, 1)


async def test_changed_secondary_predictions_do_not_matter_beside_a_decision_about_them(
    import_review: ImportReview, store: InMemoryPromptStore
) -> None:
    entry = _entry(
        await _log(store),
        "reminder",
        predicted_secondary_intents="email",
        corrected_secondary_intents="status",
    )

    plan = await import_review.plan(read_review(_file(entry)))

    assert (plan.errors, len(plan.new)) == ([], 1)


async def test_changed_predictions_of_unknown_or_decided_prompts_are_no_faults(
    import_review: ImportReview, store: InMemoryPromptStore
) -> None:
    decided = _entry(await _log(store), "reminder", predicted_intent="reminder")
    erased = _entry(uuid4(), None, predicted_intent="reminder")
    without_id = _entry(uuid4(), None, predicted_intent="reminder", id=None)

    plan = await import_review.plan(read_review(_file(decided, erased, without_id)))

    assert (plan.errors, plan.undecided, len(plan.new)) == ([], 2, 1)


async def test_an_undecided_entry_whose_columns_moved_is_named_so(
    import_review: ImportReview, store: InMemoryPromptStore
) -> None:
    ids = [await _log(store, text) for text in ("one", "two")]
    entries = [
        _entry(ids[0], None, prompt="two", predicted_intent="reminder"),
        _entry(ids[1], None, prompt="one"),
    ]

    plan = await import_review.plan(read_review(_file(*entries)))

    (error,) = plan.errors
    assert error.reason.startswith("prompt: this id has another prompt")


def test_the_command_names_changed_predictions_with_their_line(
    store: InMemoryPromptStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log_id = asyncio.run(_log(store))
    file = tmp_path / "review.csv"
    file.write_bytes(write_entries([_entry(log_id, None, predicted_intent="reminder")], "csv"))
    monkeypatch.setattr(stores, "service_store", lambda: store)

    result = CliRunner().invoke(app, ["import-review", str(file), "--reviewer", "grace", "--apply"])

    assert result.exit_code == 1
    assert "0  without a corrected_intent" in result.stdout
    assert "line 2: predicted_intent: it was changed" in result.stdout


async def test_copies_of_a_text_that_are_decided_differently_are_faults(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    ids = [await _log(store, text) for text in ("hm", " HM ", "hm", "other")]
    intents = ("reminder", "status", "reminder", "status")
    review = read_review(_file(*map(_entry, ids, intents)))

    plan = await import_review.plan(review)

    assert [entry.id for entry in plan.new] == [ids[3]]
    assert [error.entry for error in plan.errors] == [1, 2, 3]
    assert plan.errors[0].reason == (
        "prompt: this entry decides the text as reminder, entry 2 has a copy of it and decides "
        "status. Nothing is recorded for the text. Delete the wrong decision"
    )
    assert "as status, entry 1 has" in plan.errors[1].reason
    assert await import_review.apply(plan) == (1, ())


async def test_a_copy_of_a_text_may_state_the_secondary_intents_of_all(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    ids = [await _log(store) for _ in range(3)]
    stated = (None, ["status"], None)
    entries = [
        _entry(log_id, "reminder", corrected_secondary_intents=secondary)
        for log_id, secondary in zip(ids, stated, strict=True)
    ]
    review = read_review(_file(*entries))

    assert await import_review.apply(await import_review.plan(review)) == (3, ())
    again = await import_review.plan(review)

    assert (again.new, again.overwrites, again.unchanged) == ([], [], 3)
    decision = Decision("reminder", ("status",))
    assert await store.get_decisions(ids) == dict.fromkeys(ids, decision)


async def test_a_faulty_copy_of_a_text_contradicts_nothing(
    store: InMemoryPromptStore, import_review: ImportReview
) -> None:
    ids = [await _log(store) for _ in range(2)]
    review = read_review(_file(*map(_entry, ids, ("reminder", "nonsense"))))

    plan = await import_review.plan(review)

    assert [entry.id for entry in plan.new] == [ids[0]]
    assert [error.entry for error in plan.errors] == [2]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("x" * 201, "more than 200 characters"), ("gr\udcffce", "not valid UTF-8")],
)
def test_a_reviewer_whose_name_cannot_be_stored_is_refused(
    tmp_path: Path, name: str, reason: str
) -> None:
    result = CliRunner().invoke(app, ["import-review", str(tmp_path / "f.csv"), "--reviewer", name])

    assert result.exit_code == 2
    assert reason in " ".join(result.stderr.split())
