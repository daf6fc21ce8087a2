"""The contract of comparisons of models: the pool of disagreements, verdicts, runs and scores."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

import psycopg
import pytest

from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.supabase.access import SupabaseAccess
from prompt_capture.adapters.supabase.evaluation import SupabaseEvaluation
from prompt_capture.adapters.supabase.model_registry import SupabaseModelRegistry
from prompt_capture.domain.changes import Correction
from prompt_capture.domain.errors import (
    ClaimLost,
    ModelConflict,
    ModelNotFound,
    ModelQuarantined,
    ReviewerErased,
    VerdictMissing,
)
from prompt_capture.domain.evaluation import (
    SCHEDULE_ACTOR,
    CapturedText,
    DecidedText,
    Disagreement,
    Draw,
    DrawProgress,
    NewVerdict,
    QueueScore,
    VerdictDecision,
    WaitingText,
)
from prompt_capture.domain.models import ModelEvent, RegistryDecision
from prompt_capture.ports.evaluation import EvaluationStore, QueueScores, RetrainingRuns
from prompt_capture.ports.models import ModelRegistry
from tests.contract.conftest import Stores, settings_for
from tests.contract.test_model_registry import make_model
from tests.erasures import erase_in_store
from tests.fakes.evaluation import InMemoryEvaluation
from tests.fakes.model_registry import InMemoryModelRegistry
from tests.fakes.prompt_store import InMemoryPromptStore

ANN = RegistryDecision(actor="ann", reason="The evidence of May.")
PACKAGED = "packaged-1"
LEASE = timedelta(minutes=5)


@dataclass(frozen=True)
class EvaluationWorld:
    """A store of prompts, a registry with the candidates `a` and `b`, and what compares them.

    `decide` decides a text of the pool in the dashboard, and `end_lease` lets the lease of the
    claims that are held end.
    """

    stores: Stores
    evaluation: EvaluationStore
    runs: RetrainingRuns
    queue: QueueScores
    registry: ModelRegistry
    decide: Callable[[str, str, str], None]
    end_lease: Callable[[], None]
    create_erased_user: Callable[[], Awaitable[str]]

    async def log(self, *texts: str, confidence: float = 0.9) -> list[UUID]:
        prompts = [self.stores.make_prompt(text, confidence) for text in texts]
        for prompt in prompts:
            await self.stores.writer.log_prompt(prompt)
        return [prompt.id for prompt in prompts]

    async def draw(self, *log_ids: UUID, candidate: str = "a", probability: float = 0.5) -> int:
        disagreements = tuple(Disagreement(one, "search", "email") for one in log_ids)
        draw = Draw(
            candidate=candidate,
            champion=PACKAGED,
            probability=probability,
            disagreements=disagreements,
        )
        return await self.evaluation.draw_disagreements(draw)

    async def correct(self, log_id: UUID, intent: str, reviewer: str) -> None:
        correction = Correction(corrected_intent=intent, corrected_by=reviewer)
        await self.stores.service.add_prompt_correction(log_id, correction)

    async def captured(self, seed: int = 0, max_texts: int = 100) -> list[CapturedText]:
        pages = self.evaluation.captured_texts(30, seed, max_texts)
        return [text async for page in pages for text in page]

    async def waiting(self, max_texts: int = 100) -> list[WaitingText]:
        return [text async for page in self.queue.waiting_texts(max_texts) for text in page]

    async def decided(self) -> dict[str, DecidedText]:
        evidence = await self.evaluation.evidence()
        return {one.decided.text: one.decided for one in evidence.disagreements}

    async def count_looks(self, version: str) -> int:
        return sum(event.kind == "verdict" for event in await self.registry.events(version))

    async def verdict(
        self,
        decision: VerdictDecision = "promote",
        version: str = "a",
        champion: str | None = None,
        looks_before: int | None = None,
    ) -> ModelEvent:
        if looks_before is None:
            looks_before = await self.count_looks(version)
        new = NewVerdict(
            version=version,
            champion=champion,
            decision=decision,
            looks_before=looks_before,
            evidence={"p_value": 0.01},
        )
        return await self.evaluation.record_verdict(new, ANN)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prompt_capture.adapters.supabase.evaluation.PAGE_TEXTS", 2)


@pytest.fixture
async def world(stores: Stores, request: pytest.FixtureRequest) -> AsyncIterator[EvaluationWorld]:
    if isinstance(stores.writer, InMemoryPromptStore):
        yield await _in_memory(stores, stores.writer)
        return
    stack = request.getfixturevalue("stack")
    settings = settings_for(stack, "model_registrar")

    def run(query: str, *values: object) -> None:
        with psycopg.connect(stack.postgres_admin_dsn) as dashboard:
            dashboard.execute("set role postgres")
            dashboard.execute(query.encode(), values or None)

    def decide(text: str, intent: str, reviewer: str) -> None:
        run(
            """update public.model_disagreements set corrected_intent = %s, reviewer = %s
               where text = %s""",
            intent, reviewer, text,
        )  # fmt: skip

    def end_lease() -> None:
        with psycopg.connect(stack.postgres_admin_dsn) as admin:
            admin.execute("update private.retraining_runs set expires_at = now()")

    async def create_erased_user() -> str:
        user_id = await stores.create_user()
        await erase_in_store(stores.service, user_id)
        return str(user_id)

    async with create_http_client(5, SupabaseAccess(settings, "model_registrar")) as client:
        evaluation = SupabaseEvaluation(client, settings.rest_url)
        registry = SupabaseModelRegistry(client, settings.rest_url)
        for version in ("a", "b"):
            await registry.register(make_model(version), ANN)
        yield EvaluationWorld(
            stores, evaluation, evaluation, evaluation, registry, decide, end_lease,
            create_erased_user,
        )  # fmt: skip


async def _in_memory(stores: Stores, store: InMemoryPromptStore) -> EvaluationWorld:
    registry = InMemoryModelRegistry()
    for version in ("a", "b"):
        await registry.register(make_model(version), ANN)
    evaluation = InMemoryEvaluation(store, registry)

    def decide(text: str, intent: str, reviewer: str) -> None:
        store.decide_blind(text, Correction(corrected_intent=intent, corrected_by=reviewer))

    def end_lease() -> None:
        evaluation.elapsed += timedelta(days=1)

    async def create_erased_user() -> str:
        registry.erased.add(user_id := str(uuid4()))
        return user_id

    return EvaluationWorld(
        stores, evaluation, evaluation, evaluation, registry, decide, end_lease, create_erased_user
    )


# Captured texts -----------------------------------------------------------------------------


async def test_each_captured_text_comes_once_however_often_it_was_sent(
    world: EvaluationWorld,
) -> None:
    log_ids = await world.log("one", "One", "two", "three", "four", "five")

    texts = await world.captured()

    assert sorted(one.text.lower() for one in texts) == ["five", "four", "one", "three", "two"]
    assert {one.log_id for one in texts} <= set(log_ids)
    assert len({one.text_id for one in texts}) == 5
    assert all(one.may_be_drawn for one in texts)


@pytest.mark.parametrize("max_texts", [0, 1, 2, 3, 5])
async def test_no_more_texts_are_read_than_wanted(world: EvaluationWorld, max_texts: int) -> None:
    await world.log("one", "two", "three", "four")

    texts = await world.captured(max_texts=max_texts)

    assert len(texts) == min(max_texts, 4)


@pytest.mark.parametrize("seed", range(6))
async def test_every_seed_reads_all_texts_once_in_the_same_order_again(
    world: EvaluationWorld, seed: int
) -> None:
    await world.log(*(f"text {number}" for number in range(7)))

    texts = await world.captured(seed)

    assert sorted(one.text for one in texts) == [f"text {number}" for number in range(7)]
    assert await world.captured(seed) == texts


async def test_seeds_choose_different_texts(world: EvaluationWorld) -> None:
    await world.log(*(f"text {number}" for number in range(8)))

    firsts = [(await world.captured(seed, max_texts=1))[0].text for seed in range(20)]

    assert len(set(firsts)) > 2


async def test_a_text_with_a_vote_may_not_be_drawn(world: EvaluationWorld) -> None:
    voted, _ = await world.log("one", "two")
    await world.correct(voted, "email", "ben")

    assert {one.text: one.may_be_drawn for one in await world.captured()} == {
        "one": False,
        "two": True,
    }


# The pool -----------------------------------------------------------------------------------


async def test_a_disagreement_enters_the_pool_once(world: EvaluationWorld) -> None:
    one, copy, two = await world.log("one", "ONE", "two")

    assert await world.draw(one, two) == 2
    assert await world.draw(one, copy, two, candidate="b") == 0
    assert await world.evaluation.draw_progress("a", PACKAGED) == DrawProgress(2, 0)
    assert await world.evaluation.draw_progress("b", PACKAGED) == DrawProgress(0, 0)
    assert not any(text.may_be_drawn for text in await world.captured())


async def test_copies_of_a_text_in_one_draw_are_one_disagreement(world: EvaluationWorld) -> None:
    assert await world.draw(*await world.log("one", "ONE", "one")) == 1


async def test_a_text_with_a_vote_is_not_drawn(world: EvaluationWorld) -> None:
    voted, other = await world.log("one", "two")
    await world.correct(voted, "email", "ben")

    assert await world.draw(voted, other) == 1


async def test_a_message_that_does_not_exist_is_left_out_of_a_draw(world: EvaluationWorld) -> None:
    assert await world.draw(uuid4(), *await world.log("one")) == 1


async def test_nothing_is_drawn_for_a_model_that_is_not_registered(world: EvaluationWorld) -> None:
    (log_id,) = await world.log("one")

    with pytest.raises(ModelNotFound):
        await world.draw(log_id, candidate="c")


async def test_a_blind_decision_is_evidence(world: EvaluationWorld) -> None:
    one, two = await world.log("One thing", "two")
    await world.draw(one, two, probability=0.25)

    world.decide("one thing", "reminder", "ben")

    (evidence,) = (await world.evaluation.evidence()).disagreements
    assert (evidence.decided.text, evidence.decided.intent) == ("One thing", "reminder")
    assert (evidence.candidate, evidence.champion, evidence.probability) == ("a", PACKAGED, 0.25)
    assert await world.evaluation.draw_progress("a", PACKAGED) == DrawProgress(2, 1)


async def test_a_blind_decision_is_a_vote_on_the_text(world: EvaluationWorld) -> None:
    (log_id,) = await world.log("one")
    await world.draw(log_id)

    world.decide("one", "reminder", "ben")

    decisions = await world.stores.service.get_decisions([log_id])
    assert str(decisions[log_id]) == "reminder"


async def test_a_vote_that_was_not_blind_is_no_evidence(world: EvaluationWorld) -> None:
    (log_id,) = await world.log("one")
    await world.draw(log_id)

    await world.correct(log_id, "reminder", "ben")
    assert await world.decided() == {}

    world.decide("one", "reminder", "ann")
    assert (await world.decided())["one"].intent == "reminder"


async def test_a_disputed_disagreement_waits_again(world: EvaluationWorld) -> None:
    (log_id,) = await world.log("one")
    await world.draw(log_id)
    world.decide("one", "reminder", "ben")

    await world.correct(log_id, "email", "ann")
    assert await world.decided() == {}
    assert await world.evaluation.draw_progress("a", PACKAGED) == DrawProgress(1, 0)

    world.decide("one", "email", "cleo")
    assert (await world.decided())["one"].intent == "email"


async def test_a_reviewer_who_changes_a_blind_vote_elsewhere_withdraws_the_evidence(
    world: EvaluationWorld,
) -> None:
    (log_id,) = await world.log("one")
    await world.draw(log_id)
    world.decide("one", "reminder", "ben")

    await world.correct(log_id, "email", "ben")

    assert await world.decided() == {}


async def test_evidence_rests_on_those_without_whom_it_would_fall(world: EvaluationWorld) -> None:
    log_ids = await world.log("one", "two", "three")
    await world.draw(*log_ids)
    for text in ("one", "two"):
        world.decide(text, "email", "ben")
    world.decide("three", "email", "cleo")
    await world.correct(log_ids[1], "email", "ann")

    decided = await world.decided()

    (ben,), (cleo,) = decided["one"].reviewers, decided["three"].reviewers
    assert {ben, cleo} == {0, 1}
    assert decided["two"].reviewers == ()


async def test_evidence_that_one_vote_would_dispute_rests_on_each_who_agrees(
    world: EvaluationWorld,
) -> None:
    (log_id,) = await world.log("one")
    await world.draw(log_id)
    await world.correct(log_id, "status", "dora")
    await world.correct(log_id, "email", "ann")
    world.decide("one", "email", "ben")

    assert len((await world.decided())["one"].reviewers) == 2


async def test_evidence_names_the_only_sender_of_a_text(world: EvaluationWorld) -> None:
    log_ids = await world.log("one", "two", "three")
    other = world.stores.make_prompt("three").model_copy(
        update={"user_id": await world.stores.create_user()}
    )
    await world.stores.writer.log_prompt(other)
    await world.draw(*log_ids)
    for text in ("one", "two", "three"):
        world.decide(text, "email", "ben")

    decided = await world.decided()

    assert decided["one"].sender == decided["two"].sender == 0
    assert decided["three"].sender is None


async def test_gold_texts_are_returned_with_their_decisions_of_now(world: EvaluationWorld) -> None:
    one, two, _ = await world.log("one", "two", "three")
    for log_id in (one, two):
        await world.correct(log_id, "email", "ben")
    await world.correct(two, "status", "ann")
    ids = {text.text: text.text_id for text in await world.captured()}

    gold = (await world.evaluation.evidence([*ids.values(), "0" * 32])).gold

    assert [(text.text_id, text.text, text.intent) for text in gold] == [
        (ids["one"], "one", "email")
    ]
    assert gold[0].reviewers == (0,)


async def test_reviewers_and_senders_have_the_same_numbers_in_all_evidence(
    world: EvaluationWorld,
) -> None:
    one, two = await world.log("one", "two")
    await world.correct(one, "email", "ben")
    await world.draw(two)
    world.decide("two", "email", "Ben")
    ids = [text.text_id for text in await world.captured() if text.text == "one"]

    evidence = await world.evaluation.evidence(ids)

    (pooled,), (gold,) = evidence.disagreements, evidence.gold
    assert pooled.decided.reviewers == gold.reviewers
    assert pooled.decided.sender == gold.sender


async def test_an_erased_sender_leaves_no_disagreement(world: EvaluationWorld) -> None:
    (log_id,) = await world.log("one")
    await world.draw(log_id)
    world.decide("one", "email", "ben")

    await erase_in_store(world.stores.service, world.stores.user_id)

    assert await world.decided() == {}
    assert await world.evaluation.draw_progress("a", PACKAGED) == DrawProgress(0, 0)
    assert await world.stores.exports.held_out_texts() == []


# Exports ------------------------------------------------------------------------------------


async def test_exports_know_the_texts_of_the_pool_before_and_after_their_decision(
    world: EvaluationWorld,
) -> None:
    log_ids = await world.log("One", "two", "three", "four")
    await world.draw(*log_ids[:3])
    world.decide("one", "email", "ben")

    assert sorted(await world.stores.exports.held_out_texts()) == ["one", "three", "two"]


async def test_an_object_may_not_hold_a_text_of_the_pool(world: EvaluationWorld) -> None:
    drawn, other = map(str, await world.log("one", "two"))
    await world.draw(UUID(drawn))

    refused = await world.stores.exports.register_rows("b", "k", [drawn, other])

    assert refused == {drawn}


async def test_a_draw_invalidates_an_export_that_holds_the_text(world: EvaluationWorld) -> None:
    drawn, other = await world.log("one", "two")
    exports = world.stores.exports
    opened = await exports.open_export("s", False, 10)
    await exports.register_rows("b", "k", [str(drawn)])
    await exports.register_rows("b", "other", [str(other)])

    assert await exports.has_erasures_since("b", ["k"], opened.opened_at) is False
    await world.draw(drawn)

    assert await exports.has_erasures_since("b", ["k"], opened.opened_at) is True
    assert await exports.has_erasures_since("b", ["other"], opened.opened_at) is False
    later = await exports.open_export("s", False, 10)
    assert await exports.has_erasures_since("b", ["k"], later.opened_at) is False


async def test_prompts_for_retraining_leave_out_the_pool(world: EvaluationWorld) -> None:
    drawn, _ = await world.log("one", "two")
    await world.draw(drawn)

    for _ in range(2):
        prompts = world.stores.exporter.get_prompts_for_retraining()
        assert [prompt.prompt async for prompt in prompts] == ["two"]
        world.decide("one", "email", "ben")


# Verdicts -----------------------------------------------------------------------------------


async def test_a_verdict_is_an_event_of_the_ledger(world: EvaluationWorld) -> None:
    event = await world.verdict("hold")

    assert (event.kind, event.version, event.actor) == ("verdict", "a", "ann")
    assert event.evidence["p_value"] == 0.01
    assert (event.evidence["decision"], event.evidence["champion"]) == ("hold", None)
    assert event.evidence["look"] == 1
    assert (await world.registry.events("a"))[0] == event
    assert await world.count_looks("a") == 1
    assert await world.count_looks("b") == 0


async def test_two_verdicts_never_count_as_the_same_look(world: EvaluationWorld) -> None:
    await world.verdict("hold")

    with pytest.raises(ModelConflict):
        await world.verdict("promote", looks_before=0)

    assert await world.count_looks("a") == 1


@pytest.mark.parametrize(("version", "champion"), [("c", None), ("a", "c")])
async def test_a_verdict_names_registered_models(
    world: EvaluationWorld, version: str, champion: str | None
) -> None:
    with pytest.raises(ModelNotFound):
        await world.verdict(version=version, champion=champion)


async def test_an_erased_operator_records_no_verdict(world: EvaluationWorld) -> None:
    by_erased = ANN.model_copy(update={"actor": await world.create_erased_user()})
    new = NewVerdict(version="a", champion=None, decision="hold", looks_before=0, evidence={})

    with pytest.raises(ReviewerErased):
        await world.evaluation.record_verdict(new, by_erased)


async def test_a_verdict_promotes(world: EvaluationWorld) -> None:
    verdict = await world.verdict()

    event = await world.registry.promote("a", ANN)

    assert event is not None
    assert event.evidence["verdict"] == verdict.id
    assert not event.is_forced


@pytest.mark.parametrize("decisions", [(), ("hold",), ("reject",), ("promote", "hold")])
async def test_no_model_is_promoted_without_a_verdict_that_says_so(
    world: EvaluationWorld, decisions: tuple[VerdictDecision, ...]
) -> None:
    for decision in decisions:
        await world.verdict(decision)

    with pytest.raises(VerdictMissing):
        await world.registry.promote("a", ANN)

    events = await world.registry.events("a")
    assert events[0].kind != "promoted"


async def test_a_person_forces_a_promotion_and_the_ledger_says_so(world: EvaluationWorld) -> None:
    event = await world.registry.promote("a", ANN, force=True)

    assert event is not None
    assert event.is_forced
    assert event.reason == ANN.reason


async def test_a_schedule_cannot_force_a_promotion(world: EvaluationWorld) -> None:
    by_schedule = ANN.model_copy(update={"actor": SCHEDULE_ACTOR})

    with pytest.raises(VerdictMissing):
        await world.registry.promote("a", by_schedule, force=True)

    await world.verdict()
    assert await world.registry.promote("a", by_schedule)


async def test_a_schedule_promotes_nothing_while_a_split_is_under_way(
    world: EvaluationWorld,
) -> None:
    by_schedule = ANN.model_copy(update={"actor": SCHEDULE_ACTOR})
    await world.registry.split("b", 0.5, ANN)
    await world.verdict()

    with pytest.raises(VerdictMissing):
        await world.registry.promote("a", by_schedule)

    assert (await world.registry.events())[0].kind == "verdict"
    assert await world.registry.promote("a", ANN)


async def test_a_forced_promotion_that_a_verdict_supports_is_not_forced(
    world: EvaluationWorld,
) -> None:
    await world.verdict()

    event = await world.registry.promote("a", ANN, force=True)

    assert event is not None
    assert not event.is_forced


async def test_a_verdict_against_another_champion_promotes_nothing(world: EvaluationWorld) -> None:
    await world.verdict(version="b")
    await world.registry.promote("a", ANN, force=True)

    with pytest.raises(VerdictMissing):
        await world.registry.promote("b", ANN)
    await world.verdict(version="b")
    with pytest.raises(VerdictMissing):
        await world.registry.promote("b", ANN)
    await world.verdict(version="b", champion="a")
    assert await world.registry.promote("b", ANN)


async def test_a_verdict_does_not_outlive_a_rollback(world: EvaluationWorld) -> None:
    await world.verdict()
    await world.registry.promote("a", ANN)
    await world.registry.roll_back(ANN)

    with pytest.raises(VerdictMissing):
        await world.registry.promote("a", ANN)


async def test_a_quarantined_model_is_not_promoted_by_a_verdict(world: EvaluationWorld) -> None:
    await world.verdict()
    await world.registry.quarantine("a", ANN)

    for force in (False, True):
        with pytest.raises(ModelQuarantined):
            await world.registry.promote("a", ANN, force)


# Runs ---------------------------------------------------------------------------------------


async def test_a_tick_is_claimed_once(world: EvaluationWorld) -> None:
    claim = await world.runs.claim_run("2026-12", LEASE)

    assert claim is not None
    assert (claim.run.tick, claim.run.progress) == ("2026-12", {})
    assert claim.run.finished_at is None
    assert claim.expires_at > datetime.now(UTC) + LEASE / 2
    assert await world.runs.claim_run("2026-12", LEASE) is None


async def test_one_run_is_under_way_at_a_time(world: EvaluationWorld) -> None:
    claim = await world.runs.claim_run("2026-12", LEASE)
    assert claim is not None

    assert await world.runs.claim_run("2027-01", LEASE) is None
    await world.runs.finish_run(claim, "held")
    assert await world.runs.claim_run("2027-01", LEASE)


async def test_a_finished_tick_never_runs_again(world: EvaluationWorld) -> None:
    claim = await world.runs.claim_run("2026-12", LEASE)
    assert claim is not None
    await world.runs.finish_run(claim, "promoted")
    world.end_lease()

    assert await world.runs.claim_run("2026-12", LEASE) is None
    latest = await world.runs.latest_run()
    assert latest is not None
    assert (latest.tick, latest.outcome) == ("2026-12", "promoted")
    assert latest.finished_at is not None


async def test_a_run_that_was_killed_is_taken_over_with_its_progress(
    world: EvaluationWorld,
) -> None:
    killed = await world.runs.claim_run("2026-12", LEASE)
    assert killed is not None
    await world.runs.save_progress(killed, {"version": "a", "looks": 1}, LEASE)
    world.end_lease()

    claim = await world.runs.claim_run("2026-12", LEASE)

    assert claim is not None
    assert claim.token != killed.token
    assert claim.run.progress == {"version": "a", "looks": 1}
    assert claim.run.started_at == killed.run.started_at
    with pytest.raises(ClaimLost):
        await world.runs.save_progress(killed, {}, LEASE)
    with pytest.raises(ClaimLost):
        await world.runs.finish_run(killed, "held")
    assert await world.runs.latest_run() is None


async def test_a_run_that_saves_its_progress_keeps_its_claim(world: EvaluationWorld) -> None:
    claim = await world.runs.claim_run("2026-12", LEASE)
    assert claim is not None
    world.end_lease()

    kept = await world.runs.save_progress(claim, {"version": "a"}, LEASE)

    assert kept.token == claim.token
    assert kept.run.progress == {"version": "a"}
    assert await world.runs.claim_run("2026-12", LEASE) is None


async def test_a_run_may_be_finished_again_with_the_same_outcome(world: EvaluationWorld) -> None:
    claim = await world.runs.claim_run("2026-12", LEASE)
    assert claim is not None
    await world.runs.finish_run(claim, "held")

    await world.runs.finish_run(claim, "held")
    with pytest.raises(ClaimLost):
        await world.runs.finish_run(claim, "promoted")
    with pytest.raises(ClaimLost):
        await world.runs.save_progress(claim, {}, LEASE)


async def test_no_run_has_ended_at_first(world: EvaluationWorld) -> None:
    assert await world.runs.latest_run() is None


async def test_labels_since_a_time_are_counted_without_those_of_the_pool(
    world: EvaluationWorld,
) -> None:
    one, two, three = await world.log("one", "two", "three")
    await world.correct(one, "email", "ben")
    await world.draw(three)
    world.decide("three", "email", "ben")
    between = datetime.now(UTC)
    await world.correct(two, "email", "ben")

    assert await world.runs.count_new_labels(None) == 2
    assert await world.runs.count_new_labels(between) == 1
    assert await world.runs.count_new_labels(datetime.now(UTC) + timedelta(days=1)) == 0


# The scores of the queue --------------------------------------------------------------------


async def test_texts_that_wait_for_review_come_the_most_urgent_first(
    world: EvaluationWorld,
) -> None:
    numbers = count(1)
    for confidence in (0.5, 0.1, 0.3, 0.9):
        await world.log(f"Text {next(numbers)}", confidence=confidence)
    (decided,) = await world.log("decided", confidence=0.2)
    await world.correct(decided, "email", "ben")
    (pooled,) = await world.log("pooled", confidence=0.2)
    await world.draw(pooled)

    assert [one.text for one in await world.waiting()] == ["Text 2", "Text 3", "Text 1"]
    assert len(await world.waiting(max_texts=2)) == 2


async def test_the_scores_of_waiting_texts_alone_are_recorded(world: EvaluationWorld) -> None:
    await world.log("one", "two", "three", confidence=0.4)
    await world.log("sure", confidence=0.99)
    ids = {one.text: one.text_id for one in await world.captured()}
    scores = [QueueScore(text_id, 0.9, 0.8) for text_id in ids.values()]

    assert await world.queue.record_scores("a", scores) == 3
    assert await world.queue.record_scores("a", scores) == 3
    assert await world.queue.record_scores("a", []) == 0


async def test_scores_are_those_of_a_registered_model(world: EvaluationWorld) -> None:
    with pytest.raises(ModelNotFound):
        await world.queue.record_scores("c", [QueueScore("0" * 32, 0.9, 0.8)])
