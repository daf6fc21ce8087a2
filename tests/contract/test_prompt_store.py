"""What every store promises: held by the in-memory twin and by Supabase alike."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

import pytest

from prompt_capture.domain.erasures import UserDataCounts
from prompt_capture.domain.errors import (
    CaptureConflict,
    PromptLogNotFound,
    UnknownIntent,
    UnknownUser,
)
from prompt_capture.domain.log_ids import derived_log_id, new_log_id
from prompt_capture.domain.predictions import SecondaryIntent
from prompt_capture.domain.prompts import (
    Correction,
    Outcome,
    ReviewablePrompt,
)
from tests.contract.conftest import Stores

T = TypeVar("T")

STRANGER = "somebody else"

FAILURE = Outcome(was_successful=False, workflow_type="move", execution_error="It broke.")
SUCCESS = Outcome(was_successful=True, workflow_type="move")

ODD_TEXTS = [
    "emoji 👩‍💻 and ünïcode",
    "quotes \" and ' and ` and $$",
    "commas, (parentheses) and 100%",
    "line\nbreak\tand tab\r\n",
    "back\\slash \\u0041 {json: [1]}",
    "مرحبا שלום 你好",
    "'; drop table nlu_prompt_logs; --",
    " ",
    "x" * 4_000,
    "👩" * 4_000,
]


async def _all(stream: AsyncIterator[T]) -> list[T]:
    return [item async for item in stream]


async def _texts(stream: AsyncIterator[ReviewablePrompt]) -> list[str]:
    return [prompt.prompt async for prompt in stream]


async def test_a_logged_prompt_comes_back_as_it_went_in(stores: Stores) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    prompt = stores.prompt("move it", confidence=0.4)

    await stores.writer.log_prompt(prompt)

    (found,) = await _all(stores.exporter.get_low_confidence_prompts())
    assert found.id == prompt.id
    assert found.prompt == "move it"
    assert found.predicted_intent == "reschedule"
    assert found.confidence == 0.4
    assert before < found.created_at < datetime.now(UTC) + timedelta(seconds=5)


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
async def test_odd_texts_survive(stores: Stores, text: str) -> None:
    await stores.writer.log_prompt(stores.prompt(text, confidence=0.1))

    assert await _texts(stores.exporter.get_low_confidence_prompts()) == [text]


async def test_secondary_intents_and_missing_places_are_accepted(stores: Stores) -> None:
    second = SecondaryIntent(intent="reminder", confidence=0.7)
    prompt = stores.prompt().model_copy(
        update={
            "secondary_intents": (second,),
            "conversation_id": None,
            "message_index": None,
        }
    )

    await stores.writer.log_prompt(prompt)

    assert len(await _all(stores.exporter.get_prompts_for_retraining())) == 1


async def test_the_same_id_again_keeps_the_first(stores: Stores) -> None:
    prompt = stores.prompt("the first", confidence=0.1)

    await stores.writer.log_prompt(prompt)
    again = await stores.writer.log_prompt(
        prompt.model_copy(update={"predicted_intent": "help", "confidence": 0.2, "scope": 0.3})
    )

    assert again == prompt
    assert await _texts(stores.exporter.get_low_confidence_prompts()) == ["the first"]


@pytest.mark.parametrize(
    "changes",
    [{"prompt": "another"}, {"conversation_id": None}, {"message_index": 1}, {"user_id": STRANGER}],
    ids=lambda changes: next(iter(changes)),
)
async def test_the_same_id_for_another_message_is_a_conflict(
    stores: Stores, changes: dict[str, object]
) -> None:
    if "user_id" in changes:
        changes = {"user_id": await stores.another_user()}
    prompt = stores.prompt("the first", confidence=0.1)
    await stores.writer.log_prompt(prompt)

    with pytest.raises(CaptureConflict):
        await stores.writer.log_prompt(prompt.model_copy(update=changes))

    assert await _texts(stores.exporter.get_low_confidence_prompts()) == ["the first"]


async def test_a_batch_is_written_once_and_tells_what_collides(stores: Stores) -> None:
    first, second = stores.prompt("first", 0.1), stores.prompt("second", 0.1)
    await stores.writer.log_prompt(first)

    other = first.model_copy(update={"prompt": "another"})
    assert await stores.writer.log_prompts([second, other]) == {first.id}
    assert await stores.writer.log_prompts([second, first]) == frozenset()

    texts = await _texts(stores.exporter.get_low_confidence_prompts())
    assert sorted(texts) == ["first", "second"]


async def test_a_batch_with_an_unknown_user_writes_nothing(stores: Stores) -> None:
    nobodys = stores.prompt("nobody's", 0.1).model_copy(update={"user_id": uuid4()})

    with pytest.raises(UnknownUser):
        await stores.writer.log_prompts([stores.prompt("somebody's", 0.1), nobodys])

    assert await _texts(stores.exporter.get_low_confidence_prompts()) == []


GRACE = Correction(corrected_intent="reminder", corrected_by="grace", notes="why")
ALAN = Correction(corrected_intent="status", corrected_by="alan")


@pytest.mark.parametrize("arrival", range(5))
async def test_whenever_a_row_arrives_it_ends_up_as_in_order(stores: Stores, arrival: int) -> None:
    prompt = stores.prompt(confidence=0.1)
    changes: list[Outcome | Correction] = [FAILURE, GRACE, SUCCESS, ALAN]
    recorded = []

    for number, change in enumerate([*changes, None]):
        if number == arrival:
            await stores.writer.log_prompt(prompt)
        for _ in range(2):
            if isinstance(change, Outcome):
                recorded.append(await stores.service.update_prompt_log_outcome(prompt.id, change))
            elif change is not None:
                recorded.append(await stores.service.add_prompt_correction(prompt.id, change))

    assert recorded == ["pending"] * 2 * arrival + ["recorded"] * 2 * (4 - arrival)
    assert await _all(stores.service.get_failed_workflow_prompts()) == []
    assert await stores.service.get_corrected_intents([prompt.id]) == {prompt.id: None}
    assert await _all(stores.exporter.get_prompts_for_retraining()) == []  # they disagree


async def test_what_waits_for_a_prompt_that_will_not_come_is_let_go(stores: Stores) -> None:
    prompt = stores.prompt()
    await stores.service.update_prompt_log_outcome(prompt.id, FAILURE)

    await stores.writer.discard_deferred_changes([prompt.id])
    await stores.writer.log_prompt(prompt)

    assert await _all(stores.service.get_failed_workflow_prompts()) == []


async def test_a_change_is_held_for_a_derived_id_whose_age_nobody_knows(stores: Stores) -> None:
    derived = derived_log_id(b"secret", "backend", str(uuid4()))
    prompt = stores.prompt().model_copy(update={"id": derived})

    assert await stores.service.update_prompt_log_outcome(derived, FAILURE) == "pending"
    await stores.writer.log_prompt(prompt)

    assert len(await _all(stores.service.get_failed_workflow_prompts())) == 1


async def test_a_held_correction_names_an_intent_of_the_catalogue(stores: Stores) -> None:
    unknown = Correction(corrected_intent="remindr", corrected_by="grace")

    with pytest.raises(UnknownIntent) as refusal:
        await stores.service.add_prompt_correction(new_log_id(), unknown)

    assert refusal.value.suggestions[0] == "reminder"


async def test_an_unknown_user_is_refused(stores: Stores) -> None:
    prompt = stores.prompt().model_copy(update={"user_id": uuid4()})

    with pytest.raises(UnknownUser):
        await stores.writer.log_prompt(prompt)

    assert await _all(stores.exporter.get_prompts_for_retraining()) == []


async def test_what_belongs_to_no_row_is_not_found(stores: Stores) -> None:
    too_old = UUID("01936f2e-7c1a-7b2e-9a53-3f1f0e6f2c11")
    for log_id in (uuid4(), too_old):
        with pytest.raises(PromptLogNotFound):
            await stores.service.update_prompt_log_outcome(log_id, SUCCESS)
        with pytest.raises(PromptLogNotFound):
            await stores.service.add_prompt_correction(log_id, GRACE)


async def test_failed_workflows_are_found_until_they_succeed(stores: Stores) -> None:
    prompt = stores.prompt()
    await stores.writer.log_prompt(prompt)
    await stores.writer.log_prompt(stores.prompt("no outcome yet"))

    for _ in range(2):
        await stores.service.update_prompt_log_outcome(prompt.id, FAILURE)
    (failed,) = await _all(stores.service.get_failed_workflow_prompts())
    assert (failed.id, failed.workflow_type, failed.execution_error) == (
        prompt.id,
        "move",
        "It broke.",
    )

    await stores.service.update_prompt_log_outcome(prompt.id, SUCCESS)
    assert await _all(stores.service.get_failed_workflow_prompts()) == []


async def test_an_unknown_intent_is_answered_with_the_close_ones(stores: Stores) -> None:
    prompt = stores.prompt(confidence=0.1)
    await stores.writer.log_prompt(prompt)

    with pytest.raises(UnknownIntent) as refusal:
        await stores.service.add_prompt_correction(
            prompt.id, Correction(corrected_intent="remindr", corrected_by="grace")
        )

    assert refusal.value.suggestions[0] == "reminder"
    assert len(await _all(stores.exporter.get_low_confidence_prompts())) == 1


async def test_a_correction_gives_the_label_and_ends_the_wait_for_review(stores: Stores) -> None:
    prompt = stores.prompt(confidence=0.1)
    await stores.writer.log_prompt(prompt)

    for intent in ("status", "reminder"):
        await stores.service.add_prompt_correction(
            prompt.id, Correction(corrected_intent=intent, corrected_by="grace", notes="why")
        )

    assert await _all(stores.exporter.get_low_confidence_prompts()) == []
    (labelled,) = await _all(stores.exporter.get_prompts_for_retraining())
    assert labelled.label == "reminder"
    assert labelled.corrected_intent == "reminder"


async def test_confirming_a_prediction_is_a_correction_too(stores: Stores) -> None:
    prompt = stores.prompt(confidence=0.1)
    await stores.writer.log_prompt(prompt)

    await stores.service.add_prompt_correction(
        prompt.id, Correction(corrected_intent="reschedule", corrected_by="grace")
    )

    (labelled,) = await _all(stores.exporter.get_prompts_for_retraining())
    assert labelled.corrected_intent == "reschedule"


async def test_thresholds_exclude_their_own_value(stores: Stores) -> None:
    for confidence in (0.6999, 0.7, 0.85, 0.8501):
        await stores.writer.log_prompt(stores.prompt(str(confidence), confidence))

    assert await _texts(stores.exporter.get_low_confidence_prompts()) == ["0.6999"]
    assert await _texts(stores.exporter.get_prompts_for_retraining()) == ["0.8501"]
    assert await _texts(stores.exporter.get_low_confidence_prompts(0.85)) == ["0.6999", "0.7"]
    assert await _texts(stores.exporter.get_prompts_for_retraining(0.7)) == ["0.85", "0.8501"]


async def test_streams_are_in_order_over_many_pages(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prompt_capture.adapters.postgrest_calls.PAGE_SIZE", 3)
    texts = [f"message {number}" for number in range(10)]
    for text in texts:
        await stores.writer.log_prompt(stores.prompt(text, confidence=0.1))

    assert await _texts(stores.exporter.get_low_confidence_prompts()) == texts
    assert await _texts(stores.exporter.get_prompts_for_retraining(0)) == texts


async def test_a_stream_starts_where_it_is_asked_to(stores: Stores) -> None:
    for text in ("first", "second", "third"):
        await stores.writer.log_prompt(stores.prompt(text, confidence=0.1))
    second = (await _all(stores.exporter.get_low_confidence_prompts()))[1]

    found = await _texts(stores.exporter.get_low_confidence_prompts(since=second.created_at))
    none = await _texts(
        stores.exporter.get_low_confidence_prompts(since=datetime.now(UTC) + timedelta(hours=1))
    )

    assert found == ["second", "third"]
    assert none == []


async def test_corrections_can_be_looked_up(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prompt_capture.adapters.supabase_store.MAX_IDS_PER_REQUEST", 2)
    prompts = [stores.prompt(str(number)) for number in range(5)]
    for prompt in prompts:
        await stores.writer.log_prompt(prompt)
    correction = Correction(corrected_intent="reminder", corrected_by="grace", notes="why")
    await stores.service.add_prompt_correction(prompts[3].id, correction)

    log_ids = [*(prompt.id for prompt in prompts), new_log_id()]
    found = await stores.service.get_corrected_intents(log_ids)

    assert found == {prompt.id: None for prompt in prompts} | {prompts[3].id: "reminder"}
    assert await stores.service.get_corrected_intents([]) == {}


async def test_the_catalogue_can_be_read(stores: Stores) -> None:
    assert {"reminder", "reschedule", "unknown"} <= set(await stores.service.known_intents())


async def test_a_correction_reaches_every_copy_of_the_text(stores: Stores) -> None:
    prompts = [stores.prompt(text, confidence=0.1) for text in ("Move it", " move  it", "moved")]
    for prompt in prompts:
        await stores.writer.log_prompt(prompt)

    await stores.service.add_prompt_correction(
        prompts[0].id, Correction(corrected_intent="reminder", corrected_by="grace")
    )

    later = stores.prompt("MOVE it", confidence=0.1)
    await stores.writer.log_prompt(later)

    found = await stores.service.get_corrected_intents([p.id for p in (*prompts, later)])
    assert [found[p.id] for p in (*prompts, later)] == ["reminder", "reminder", None, "reminder"]
    waiting = await _texts(stores.exporter.get_low_confidence_prompts())
    assert waiting == ["moved"]
    labelled = await _all(stores.exporter.get_prompts_for_retraining())
    assert [prompt.label for prompt in labelled] == ["reminder"] * 3


async def test_a_label_that_reviewers_dispute_is_not_learnt_from_until_it_is_settled(
    stores: Stores,
) -> None:
    prompt = stores.prompt(confidence=0.1)
    await stores.writer.log_prompt(prompt)

    async def vote(reviewer: str, intent: str) -> list[str]:
        correction = Correction(corrected_intent=intent, corrected_by=reviewer, channel="import")
        await stores.service.add_prompt_correction(prompt.id, correction)
        labelled = await _all(stores.exporter.get_prompts_for_retraining())
        return [prompt.label for prompt in labelled]

    assert await vote("grace", "reminder") == ["reminder"]
    assert await vote("alan", "status") == []
    assert await vote("ada", "status") == ["status"]
    assert await vote("grace", "reminder") == []


async def test_an_erased_user_leaves_nothing_and_cannot_be_logged_again(stores: Stores) -> None:
    prompt = stores.prompt(confidence=0.1)
    await stores.writer.log_prompt(prompt)
    await stores.exports.register_rows("bucket", "exports/a.json", [str(prompt.id)])
    before = await stores.service.count_user_data(stores.user_id)
    assert before.prompts == 1

    receipt = await stores.service.erase_user(stores.user_id)

    assert receipt.counts_before == before
    assert receipt.counts_after == UserDataCounts()
    assert [(export.bucket, export.key) for export in receipt.remaining_objects] == [
        ("bucket", "exports/a.json")
    ]
    assert await stores.service.count_user_data(stores.user_id) == UserDataCounts()
    assert await _all(stores.exporter.get_low_confidence_prompts()) == []
    with pytest.raises(UnknownUser):
        await stores.writer.log_prompt(prompt)
