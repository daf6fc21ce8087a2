"""The contract of prompt stores, for the in-memory store and for Supabase."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

import pytest

from prompt_capture.domain.changes import Correction, Decision, Outcome
from prompt_capture.domain.erasures import UserDataCounts
from prompt_capture.domain.errors import (
    CaptureConflict,
    PromptLogNotFound,
    RequestAborted,
    ReviewerErased,
    UnknownIntent,
    UnknownUser,
)
from prompt_capture.domain.log_ids import derived_log_id, new_log_id
from prompt_capture.domain.predictions import PredictedIntents, SecondaryIntent
from prompt_capture.domain.prompts import ReviewablePrompt
from tests.contract.conftest import Stores
from tests.erasures import erase_in_store

T = TypeVar("T")

OTHER_USER = "another user"

FAILURE = Outcome(was_successful=False, workflow_type="move", execution_error="It broke.")
SUCCESS = Outcome(was_successful=True, workflow_type="move")

UNUSUAL_TEXTS = [
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


async def test_a_logged_prompt_is_read_back_unchanged(stores: Stores) -> None:
    before = datetime.now(UTC) - timedelta(seconds=5)
    prompt = stores.make_prompt("move it", confidence=0.4)

    await stores.writer.log_prompt(prompt)

    (found,) = await _all(stores.exporter.get_low_confidence_prompts())
    assert found.id == prompt.id
    assert found.prompt == "move it"
    assert found.predicted_intent == "reschedule"
    assert found.confidence == 0.4
    assert before < found.created_at < datetime.now(UTC) + timedelta(seconds=5)


@pytest.mark.parametrize("text", UNUSUAL_TEXTS, ids=range(len(UNUSUAL_TEXTS)))
async def test_unusual_texts_are_stored_unchanged(stores: Stores, text: str) -> None:
    await stores.writer.log_prompt(stores.make_prompt(text, confidence=0.1))

    assert await _texts(stores.exporter.get_low_confidence_prompts()) == [text]


async def test_secondary_intents_and_missing_positions_are_accepted(stores: Stores) -> None:
    secondary = SecondaryIntent(intent="reminder", confidence=0.7)
    prompt = stores.make_prompt().model_copy(
        update={
            "secondary_intents": (secondary,),
            "conversation_id": None,
            "message_index": None,
        }
    )

    await stores.writer.log_prompt(prompt)

    assert len(await _all(stores.exporter.get_prompts_for_retraining())) == 1


async def test_a_repeated_id_returns_the_first_prompt(stores: Stores) -> None:
    prompt = stores.make_prompt("the first", confidence=0.1)

    await stores.writer.log_prompt(prompt)
    repeated = await stores.writer.log_prompt(
        prompt.model_copy(update={"predicted_intent": "help", "confidence": 0.2, "scope": 0.3})
    )

    assert repeated == prompt
    assert await _texts(stores.exporter.get_low_confidence_prompts()) == ["the first"]


@pytest.mark.parametrize(
    "changes",
    [
        {"prompt": "another"},
        {"conversation_id": None},
        {"message_index": 1},
        {"user_id": OTHER_USER},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_the_same_id_for_a_different_message_is_a_conflict(
    stores: Stores, changes: dict[str, object]
) -> None:
    if "user_id" in changes:
        changes = {"user_id": await stores.create_user()}
    prompt = stores.make_prompt("the first", confidence=0.1)
    await stores.writer.log_prompt(prompt)

    with pytest.raises(CaptureConflict):
        await stores.writer.log_prompt(prompt.model_copy(update=changes))

    assert await _texts(stores.exporter.get_low_confidence_prompts()) == ["the first"]


async def test_a_batch_is_written_once_and_returns_conflicting_ids(stores: Stores) -> None:
    first, second = stores.make_prompt("first", 0.1), stores.make_prompt("second", 0.1)
    await stores.writer.log_prompt(first)

    conflicting = first.model_copy(update={"prompt": "another"})
    assert await stores.writer.log_prompts([second, conflicting]) == {first.id}
    assert await stores.writer.log_prompts([second, first]) == frozenset()

    texts = await _texts(stores.exporter.get_low_confidence_prompts())
    assert sorted(texts) == ["first", "second"]


async def test_a_batch_with_an_unknown_user_writes_nothing(stores: Stores) -> None:
    unknown = stores.make_prompt("of an unknown user", 0.1).model_copy(update={"user_id": uuid4()})

    with pytest.raises(UnknownUser):
        await stores.writer.log_prompts([stores.make_prompt("of a user", 0.1), unknown])

    assert await _texts(stores.exporter.get_low_confidence_prompts()) == []


async def test_a_batch_with_a_row_that_takes_too_long_writes_nothing(stores: Stores) -> None:
    slow, quick = stores.make_prompt("a slow row", 0.1), stores.make_prompt("a quick row", 0.1)

    with stores.slow_rows(slow.prompt):
        with pytest.raises(RequestAborted):
            await stores.writer.log_prompts([quick, slow])
        with pytest.raises(RequestAborted):
            await stores.writer.log_prompt(slow)

    assert await _texts(stores.exporter.get_low_confidence_prompts()) == []


GRACE = Correction(corrected_intent="reminder", corrected_by="grace", notes="why")
ALAN = Correction(corrected_intent="status", corrected_by="alan")


@pytest.mark.parametrize("arrival", range(5))
async def test_a_row_has_the_same_final_state_whenever_it_arrives(
    stores: Stores, arrival: int
) -> None:
    prompt = stores.make_prompt(confidence=0.1)
    changes: list[Outcome | Correction] = [FAILURE, GRACE, SUCCESS, ALAN]
    statuses = []

    for number, change in enumerate([*changes, None]):
        if number == arrival:
            await stores.writer.log_prompt(prompt)
        for _ in range(2):
            if isinstance(change, Outcome):
                statuses.append(await stores.service.update_prompt_log_outcome(prompt.id, change))
            elif change is not None:
                statuses.append(await stores.service.add_prompt_correction(prompt.id, change))

    assert statuses == ["pending"] * 2 * arrival + ["recorded"] * 2 * (4 - arrival)
    assert await _all(stores.service.get_failed_workflow_prompts()) == []
    assert await stores.service.get_decisions([prompt.id]) == {prompt.id: None}
    assert await _all(stores.exporter.get_prompts_for_retraining()) == []  # the reviewers disagree


async def test_deferred_changes_can_be_discarded(stores: Stores) -> None:
    prompt = stores.make_prompt()
    await stores.service.update_prompt_log_outcome(prompt.id, FAILURE)

    await stores.writer.discard_deferred_changes([prompt.id])
    await stores.writer.log_prompt(prompt)

    assert await _all(stores.service.get_failed_workflow_prompts()) == []


async def test_a_change_to_a_derived_id_of_unknown_age_is_deferred(stores: Stores) -> None:
    derived = derived_log_id(b"secret", "backend", str(uuid4()))
    prompt = stores.make_prompt().model_copy(update={"id": derived})

    assert await stores.service.update_prompt_log_outcome(derived, FAILURE) == "pending"
    await stores.writer.log_prompt(prompt)

    assert len(await _all(stores.service.get_failed_workflow_prompts())) == 1


async def test_a_deferred_correction_requires_an_intent_of_the_catalogue(stores: Stores) -> None:
    unknown = Correction(corrected_intent="remindr", corrected_by="grace")

    with pytest.raises(UnknownIntent) as raised:
        await stores.service.add_prompt_correction(new_log_id(), unknown)

    assert raised.value.suggestions[0] == "reminder"


async def test_an_unknown_user_raises_an_error(stores: Stores) -> None:
    prompt = stores.make_prompt().model_copy(update={"user_id": uuid4()})

    with pytest.raises(UnknownUser):
        await stores.writer.log_prompt(prompt)

    assert await _all(stores.exporter.get_prompts_for_retraining()) == []


async def test_an_id_whose_prompt_cannot_arrive_is_not_found(stores: Stores) -> None:
    too_old = UUID("01936f2e-7c1a-7b2e-9a53-3f1f0e6f2c11")
    for log_id in (uuid4(), too_old):
        with pytest.raises(PromptLogNotFound):
            await stores.service.update_prompt_log_outcome(log_id, SUCCESS)
        with pytest.raises(PromptLogNotFound):
            await stores.service.add_prompt_correction(log_id, GRACE)


async def test_failed_workflows_are_listed_until_they_succeed(stores: Stores) -> None:
    prompt = stores.make_prompt()
    await stores.writer.log_prompt(prompt)
    await stores.writer.log_prompt(stores.make_prompt("no outcome yet"))

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


async def test_an_unknown_intent_raises_an_error_with_suggestions(stores: Stores) -> None:
    prompt = stores.make_prompt(confidence=0.1)
    await stores.writer.log_prompt(prompt)

    with pytest.raises(UnknownIntent) as raised:
        await stores.service.add_prompt_correction(
            prompt.id, Correction(corrected_intent="remindr", corrected_by="grace")
        )

    assert raised.value.suggestions[0] == "reminder"
    assert len(await _all(stores.exporter.get_low_confidence_prompts())) == 1


async def test_a_correction_sets_the_label_and_removes_the_prompt_from_review(
    stores: Stores,
) -> None:
    prompt = stores.make_prompt(confidence=0.1)
    await stores.writer.log_prompt(prompt)

    for intent in ("status", "reminder"):
        await stores.service.add_prompt_correction(
            prompt.id, Correction(corrected_intent=intent, corrected_by="grace", notes="why")
        )

    assert await _all(stores.exporter.get_low_confidence_prompts()) == []
    (labelled,) = await _all(stores.exporter.get_prompts_for_retraining())
    assert labelled.label == "reminder"
    assert labelled.corrected_intent == "reminder"


async def test_a_confirmed_prediction_is_a_correction_too(stores: Stores) -> None:
    prompt = stores.make_prompt(confidence=0.1)
    await stores.writer.log_prompt(prompt)

    await stores.service.add_prompt_correction(
        prompt.id, Correction(corrected_intent="reschedule", corrected_by="grace")
    )

    (labelled,) = await _all(stores.exporter.get_prompts_for_retraining())
    assert labelled.corrected_intent == "reschedule"


async def test_thresholds_are_exclusive(stores: Stores) -> None:
    for confidence in (0.6999, 0.7, 0.85, 0.8501):
        await stores.writer.log_prompt(stores.make_prompt(str(confidence), confidence))

    assert await _texts(stores.exporter.get_low_confidence_prompts()) == ["0.6999"]
    assert await _texts(stores.exporter.get_prompts_for_retraining()) == ["0.8501"]
    assert await _texts(stores.exporter.get_low_confidence_prompts(0.85)) == ["0.6999", "0.7"]
    assert await _texts(stores.exporter.get_prompts_for_retraining(0.7)) == ["0.85", "0.8501"]


async def test_streams_are_ordered_across_pages(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prompt_capture.adapters.supabase.prompt_store.PAGE_SIZE", 3)
    texts = [f"message {number}" for number in range(10)]
    for text in texts:
        await stores.writer.log_prompt(stores.make_prompt(text, confidence=0.1))

    assert await _texts(stores.exporter.get_low_confidence_prompts()) == texts
    assert await _texts(stores.exporter.get_prompts_for_retraining(0)) == texts


async def test_a_stream_starts_at_since(stores: Stores) -> None:
    for text in ("first", "second", "third"):
        await stores.writer.log_prompt(stores.make_prompt(text, confidence=0.1))
    second = (await _all(stores.exporter.get_low_confidence_prompts()))[1]

    texts = await _texts(stores.exporter.get_low_confidence_prompts(since=second.created_at))
    none = await _texts(
        stores.exporter.get_low_confidence_prompts(since=datetime.now(UTC) + timedelta(hours=1))
    )

    assert texts == ["second", "third"]
    assert none == []


async def test_decisions_can_be_read(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prompt_capture.adapters.supabase.postgrest.MAX_IDS_PER_REQUEST", 2)
    prompts = [stores.make_prompt(str(number)) for number in range(5)]
    for prompt in prompts:
        await stores.writer.log_prompt(prompt)
    correction = Correction(corrected_intent="reminder", corrected_by="grace", notes="why")
    await stores.service.add_prompt_correction(prompts[3].id, correction)
    stated = correction.model_copy(update={"corrected_secondary_intents": ("status", "email")})
    await stores.service.add_prompt_correction(prompts[4].id, stated)

    log_ids = [*(prompt.id for prompt in prompts), new_log_id()]
    decisions = await stores.service.get_decisions(log_ids)

    assert decisions == {prompt.id: None for prompt in prompts} | {
        prompts[3].id: Decision("reminder"),
        prompts[4].id: Decision("reminder", ("status", "email")),
    }
    assert await stores.service.get_decisions([]) == {}


async def test_the_votes_of_a_reviewer_are_found_by_their_texts(stores: Stores) -> None:
    prompts = [stores.make_prompt(text) for text in ("one", "One ", "two", "three")]
    for prompt in prompts:
        await stores.writer.log_prompt(prompt)
    for number, intent, reviewer in ((0, "status", "Grace"), (2, "reminder", "alan")):
        await stores.service.add_prompt_correction(prompts[number].id, _reviewed(intent, reviewer))

    log_ids = [*(prompt.id for prompt in prompts), new_log_id()]

    votes = await stores.service.find_votes(log_ids, " grace")
    assert votes == {prompts[0].id: "status", prompts[1].id: "status"}
    assert await stores.service.find_votes(log_ids, "nobody") == {}
    assert await stores.service.find_votes([], "grace") == {}


async def test_texts_can_be_read(stores: Stores) -> None:
    prompts = [stores.make_prompt(text) for text in ("one", "two")]
    for prompt in prompts:
        await stores.writer.log_prompt(prompt)

    texts = await stores.service.get_texts([*(prompt.id for prompt in prompts), new_log_id()])

    assert texts == {prompts[0].id: "one", prompts[1].id: "two"}


async def test_predictions_can_be_read_whatever_was_decided(stores: Stores) -> None:
    secondary = (
        SecondaryIntent(intent="reminder", confidence=0.7),
        SecondaryIntent(intent="Email", confidence=0.6),
    )
    other = stores.make_prompt("two").model_copy(
        update={"predicted_intent": "Status", "secondary_intents": secondary}
    )
    predicted = [stores.make_prompt("one"), other]
    for prompt in predicted:
        await stores.writer.log_prompt(prompt)
    await stores.service.add_prompt_correction(predicted[0].id, GRACE)

    log_ids = [*(prompt.id for prompt in predicted), new_log_id()]
    predictions = await stores.service.get_predictions(log_ids)

    assert predictions == {
        predicted[0].id: PredictedIntents("reschedule", ()),
        predicted[1].id: PredictedIntents("Status", ("reminder", "Email")),
    }
    assert await stores.service.get_predictions([]) == {}


@pytest.mark.parametrize("stated", [None, (), ("status", "email")])
@pytest.mark.parametrize("is_deferred", [False, True])
async def test_a_correction_states_secondary_intents(
    stores: Stores, stated: tuple[str, ...] | None, is_deferred: bool
) -> None:
    prompt = stores.make_prompt(confidence=0.1)
    correction = GRACE.model_copy(update={"corrected_secondary_intents": stated})
    if is_deferred:
        assert await stores.service.add_prompt_correction(prompt.id, correction) == "pending"
        await stores.writer.log_prompt(prompt)
    else:
        await stores.writer.log_prompt(prompt)
        assert await stores.service.add_prompt_correction(prompt.id, correction) == "recorded"

    decisions = await stores.service.get_decisions([prompt.id])
    assert decisions == {prompt.id: Decision("reminder", stated)}
    (labelled,) = await _all(stores.exporter.get_prompts_for_retraining())
    assert (labelled.corrected_intent, labelled.corrected_secondary_intents) == ("reminder", stated)


async def test_the_latest_correction_decides_the_secondary_intents_without_a_dispute(
    stores: Stores,
) -> None:
    prompt = stores.make_prompt(confidence=0.1)
    await stores.writer.log_prompt(prompt)
    for reviewer, stated in (("grace", ("email",)), ("ada", ("status", "email")), ("alan", None)):
        correction = Correction(
            corrected_intent="reminder", corrected_secondary_intents=stated, corrected_by=reviewer
        )
        await stores.service.add_prompt_correction(prompt.id, correction)

        decisions = await stores.service.get_decisions([prompt.id])
        assert decisions == {prompt.id: Decision("reminder", stated)}


@pytest.mark.parametrize("is_deferred", [False, True])
async def test_an_unknown_secondary_intent_raises_an_error_that_names_the_field(
    stores: Stores, is_deferred: bool
) -> None:
    prompt = stores.make_prompt(confidence=0.1)
    if not is_deferred:
        await stores.writer.log_prompt(prompt)
    correction = Correction(
        corrected_intent="status",
        corrected_secondary_intents=("email", "remindr"),
        corrected_by="grace",
    )

    with pytest.raises(UnknownIntent) as raised:
        await stores.service.add_prompt_correction(prompt.id, correction)

    assert raised.value.field == "corrected_secondary_intents"
    assert raised.value.suggestions[0] == "reminder"


async def test_the_intents_of_the_catalogue_can_be_read(stores: Stores) -> None:
    assert {"reminder", "reschedule", "unknown"} <= set(await stores.service.known_intents())


async def test_a_correction_applies_to_every_copy_of_the_text(stores: Stores) -> None:
    prompts = [
        stores.make_prompt(text, confidence=0.1) for text in ("Move it", " move  it", "moved")
    ]
    for prompt in prompts:
        await stores.writer.log_prompt(prompt)

    await stores.service.add_prompt_correction(
        prompts[0].id, Correction(corrected_intent="reminder", corrected_by="grace")
    )

    later = stores.make_prompt("MOVE it", confidence=0.1)
    await stores.writer.log_prompt(later)

    decisions = await stores.service.get_decisions([p.id for p in (*prompts, later)])
    reminder = Decision("reminder")
    assert [decisions[p.id] for p in (*prompts, later)] == [reminder, reminder, None, reminder]
    waiting = await _texts(stores.exporter.get_low_confidence_prompts())
    assert waiting == ["moved"]
    labelled = await _all(stores.exporter.get_prompts_for_retraining())
    assert [prompt.label for prompt in labelled] == ["reminder"] * 3


async def test_a_disputed_label_is_excluded_from_retraining_until_it_has_a_majority(
    stores: Stores,
) -> None:
    prompt = stores.make_prompt(confidence=0.1)
    await stores.writer.log_prompt(prompt)

    async def vote(reviewer: str, intent: str) -> list[str]:
        correction = Correction(corrected_intent=intent, corrected_by=reviewer, channel="import")
        await stores.service.add_prompt_correction(prompt.id, correction)
        labelled = await _all(stores.exporter.get_prompts_for_retraining())
        return [prompt.label for prompt in labelled]

    assert await vote("grace", "reminder") == ["reminder"]
    assert await vote("alan", "status") == []
    assert await vote("GRACE", "reminder") == [], "the same reviewer has one vote"
    assert await vote("ada", "status") == ["status"]
    assert await vote("grace", "reminder") == []


async def test_the_data_of_an_erased_user_is_deleted_and_new_prompts_are_rejected(
    stores: Stores,
) -> None:
    prompt = stores.make_prompt(confidence=0.1)
    await stores.writer.log_prompt(prompt)
    await stores.exports.register_rows("bucket", "exports/a.json", [str(prompt.id)])
    counts = await stores.service.count_user_data(stores.user_id)
    assert (counts.prompts, counts.erasable_items) == (1, 1)

    assert await stores.service.continue_erasure(stores.user_id) == 0
    with pytest.raises(UnknownUser):
        await stores.writer.log_prompt(stores.make_prompt("after the first step"))
    assert await stores.service.continue_erasure(stores.user_id) == 1
    for _ in range(2):
        finished = await erase_in_store(stores.service, stores.user_id)

        assert [(item.bucket, item.key) for item in finished.remaining_objects] == [
            ("bucket", "exports/a.json")
        ]
    assert await stores.service.count_user_data(stores.user_id) == UserDataCounts()
    assert await _all(stores.exporter.get_low_confidence_prompts()) == []
    with pytest.raises(UnknownUser):
        await stores.writer.log_prompt(prompt)


async def test_an_erased_reviewer_has_a_pseudonym_and_can_review_no_more(stores: Stores) -> None:
    reviewer = await stores.create_user()
    prompt = stores.make_prompt()
    await stores.writer.log_prompt(prompt)
    correction = Correction(corrected_intent="reminder", corrected_by=str(reviewer))
    await stores.service.add_prompt_correction(prompt.id, correction)
    assert (await stores.service.count_user_data(reviewer)).corrections == 1

    await erase_in_store(stores.service, reviewer)

    assert await stores.service.count_user_data(reviewer) == UserDataCounts()
    decisions = await stores.service.get_decisions([prompt.id])
    assert decisions == {prompt.id: Decision("reminder")}
    for log_id in (prompt.id, new_log_id()):
        with pytest.raises(ReviewerErased):
            await stores.service.add_prompt_correction(log_id, correction)
    with pytest.raises(ReviewerErased):
        await stores.service.record_review(prompt.id, correction, Decision("reminder"))


def _reviewed(
    intent: str, reviewer: str = "grace", stated: tuple[str, ...] | None = None
) -> Correction:
    return Correction(
        corrected_intent=intent,
        corrected_secondary_intents=stated,
        corrected_by=reviewer,
        channel="import",
    )


async def test_a_review_replaces_only_the_label_that_the_reviewer_saw(stores: Stores) -> None:
    prompt = stores.make_prompt()
    await stores.writer.log_prompt(prompt)

    async def review(intent: str, seen: str | None, reviewer: str = "grace") -> tuple[str, object]:
        seen_decision = Decision(seen) if seen else None
        status = await stores.service.record_review(
            prompt.id, _reviewed(intent, reviewer), seen_decision
        )
        decision = (await stores.service.get_decisions([prompt.id]))[prompt.id]
        return status, decision and decision.intent

    assert await review("reminder", "status") == ("changed", None)
    assert await review("reminder", None) == ("recorded", "reminder")
    assert await review("status", None, "alan") == ("changed", "reminder")
    assert await review("reminder", None, "alan") == ("recorded", "reminder"), "the same label"
    assert await review("status", "reminder", "ada") == ("recorded", None), "disputed"
    assert await review("status", "reminder", "ada") == ("recorded", None), "her own decision"
    assert await review("status", "reminder", "alan") == ("changed", None)


async def test_a_review_of_a_disputed_text_does_not_replace_a_later_vote_of_its_reviewer(
    stores: Stores,
) -> None:
    prompt = stores.make_prompt()
    await stores.writer.log_prompt(prompt)
    assert await stores.service.find_latest_correction() == 0
    for intent, reviewer in (("reminder", "grace"), ("status", "alan")):
        await stores.service.add_prompt_correction(prompt.id, _reviewed(intent, reviewer))
    before = await stores.service.find_latest_correction()
    await stores.service.add_prompt_correction(prompt.id, _reviewed("search", "Grace"))

    async def review(reviewer: str, seen_correction: int) -> str:
        assert await stores.service.get_decisions([prompt.id]) == {prompt.id: None}, "disputed"
        return await stores.service.record_review(
            prompt.id, _reviewed("status", reviewer), None, seen_correction
        )

    assert await review("grace", before) == "changed"
    assert await review("alan", before) == "recorded", "the votes of others do not matter"
    assert await review("grace", await stores.service.find_latest_correction()) == "recorded"


async def test_a_review_replaces_only_the_secondary_intents_that_the_reviewer_saw(
    stores: Stores,
) -> None:
    prompt = stores.make_prompt()
    await stores.writer.log_prompt(prompt)

    async def review(
        stated: tuple[str, ...] | None, seen: Decision | None, reviewer: str = "grace"
    ) -> tuple[str, object]:
        status = await stores.service.record_review(
            prompt.id, _reviewed("reminder", reviewer, stated), seen
        )
        decision = (await stores.service.get_decisions([prompt.id]))[prompt.id]
        return status, decision and decision.secondary_intents

    assert await review(("email",), None) == ("recorded", ("email",))
    assert await review(None, None) == ("recorded", ("email",)), "her own decision says more"
    assert await review((), None) == ("changed", ("email",))
    assert await review((), None, "alan") == ("changed", ("email",))
    assert await review(None, None, "alan") == ("changed", ("email",))
    assert await review(("email",), None, "alan") == ("recorded", ("email",)), "the same decision"
    assert await review((), Decision("reminder", ("email",)), "alan") == ("recorded", ())
    assert await review((), Decision("reminder"), "alan") == ("recorded", ()), "his own decision"


async def test_a_review_of_a_deleted_prompt_or_with_an_unknown_intent_is_not_recorded(
    stores: Stores,
) -> None:
    prompt = stores.make_prompt()
    await stores.writer.log_prompt(prompt)

    assert await stores.service.record_review(new_log_id(), _reviewed("status"), None) == "absent"
    with pytest.raises(UnknownIntent) as raised:
        await stores.service.record_review(prompt.id, _reviewed("remindr"), None)
    assert raised.value.suggestions[0] == "reminder"


async def test_copies_of_a_text_can_be_decided_alike_in_one_file(stores: Stores) -> None:
    prompts = [stores.make_prompt(text) for text in ("move it", "Move it")]
    for prompt in prompts:
        await stores.writer.log_prompt(prompt)
    await stores.service.add_prompt_correction(prompts[0].id, _reviewed("status", "alan"))

    for prompt in prompts:  # the first decision makes the text disputed
        status = await stores.service.record_review(
            prompt.id, _reviewed("reminder"), Decision("status")
        )
        assert status == "recorded"


async def test_an_erasure_is_unfinished_until_its_last_step(stores: Stores) -> None:
    await stores.writer.log_prompt(stores.make_prompt("one"))
    assert await stores.service.list_unfinished_erasures() == []
    await stores.service.continue_erasure(stores.user_id)
    assert await stores.service.list_unfinished_erasures() == [stores.user_id]

    await erase_in_store(stores.service, stores.user_id)

    assert await stores.service.list_unfinished_erasures() == []
