"""The retraining from the datasets to the promotion, and what decides it."""

from dataclasses import replace

import pytest

from prompt_capture.domain.errors import ClaimLost
from prompt_capture.domain.models import RegistryDecision
from prompt_capture.domain.splits import ServingModels
from tests.retraining.world import RetrainingWorld
from training.gate.ledger import RecordedVerdict


async def prepare(world: RetrainingWorld) -> None:
    """Label a week, and let the next week wait for review."""
    await world.label(world.week)
    await world.send(world.next_week)
    await world.export()


async def test_a_candidate_is_held_until_reviewers_decide_disagreements_and_then_serves(
    world: RetrainingWorld,
) -> None:
    await prepare(world)

    held = await world.retrain("one")
    assert (held.outcome, held.decision) == ("held", "hold")
    assert held.champion == world.first.version
    assert held.drawn == len(world.store.pool) > 20
    assert await world.ledger() == ["registered", "verdict"]

    assert (await world.retrain("two", "day")).outcome == "nothing_new"
    world.decide_pool()
    promoted = await world.retrain("three", "day")

    assert (promoted.outcome, promoted.candidate) == ("promoted", held.candidate)
    assert promoted.rescored > 0
    assert {version for version, _ in world.evaluation.scores.values()} == {promoted.candidate}
    assert await world.ledger() == ["registered", "verdict", "verdict", "promoted"]
    looks = [RecordedVerdict.of(event) for event in await world.registry.events()]
    assert [look.verdict.look for look in looks if look] == [2, 1]
    assert [subject.split(": ")[1] for subject, _ in world.notifications.sent] == [
        f"{held.candidate} needs more evidence",
        f"promoted {held.candidate}",
    ]


async def test_a_person_promotes_where_that_is_not_left_to_the_schedule(
    world: RetrainingWorld,
) -> None:
    await prepare(world)
    await world.retrain("one")
    world.decide_pool()

    report = await world.retrain("two", "day", auto_promotes=False)

    assert (report.outcome, report.decision) == ("waits_for_a_person", "promote")
    assert "autoPromote is off" in " ".join(report.messages)
    _, message = world.notifications.sent[-1]
    assert f"prompt-capture models promote {report.candidate}" in message
    assert "promoted" not in await world.ledger()


async def test_a_retraining_says_which_examples_have_no_intent_of_the_catalogue(
    world: RetrainingWorld,
) -> None:
    lines = "".join(f'{{"text": "hello {n}", "label": "Greeting"}}\n' for n in range(12))
    world.datasets.create_if_absent("seeds/more.jsonl", lines.encode(), "application/jsonl")
    await prepare(world)

    report = await world.retrain("one")

    (_, message) = world.notifications.sent[-1]
    for shown in (" ".join(report.messages), message):
        assert "12 examples were left out" in shown
        assert "Greeting" in shown


async def test_notifications_ledger_and_card_hold_no_message(world: RetrainingWorld) -> None:
    await prepare(world)
    report = await world.retrain("one")
    world.decide_pool()
    await world.retrain("two", "day")

    (card,) = (world.folder / key for key in world.files() if key.startswith("models/cards/"))
    shown = [*(f"{one} {two}" for one, two in world.notifications.sent), card.read_text("utf-8")]
    shown += [event.model_dump_json() for event in await world.registry.events()]
    shown.append(report.model_dump_json())
    texts = {each.text for each in (*world.week, *world.next_week) if len(each.text) > 15}
    assert len(texts) > 400
    assert not [text for text in texts for one in shown if text in one]


async def test_the_same_evidence_is_looked_at_once(world: RetrainingWorld) -> None:
    await prepare(world)
    first = await world.retrain("one")

    again = await world.retrain("two")

    assert (again.outcome, again.candidate) == ("unchanged", first.candidate)
    assert await world.ledger() == ["registered", "verdict"]


async def test_a_tick_runs_once(world: RetrainingWorld) -> None:
    await prepare(world)
    first = await world.retrain("one")
    files = world.files()

    again = await world.retrain("one")

    assert (first.outcome, again.outcome) == ("held", None)
    assert world.files() == files
    assert len(world.notifications.sent) == 1


async def test_of_two_at_once_the_second_is_told_so(world: RetrainingWorld) -> None:
    await prepare(world)
    publish = world.notifications.publish
    seen: list[str] = []

    class Meanwhile:
        """Retrains again while a retraining notifies."""

        def publish(self, subject: str, message: str) -> None:
            seen.append(subject)
            publish(subject, message)

    class InterruptingQueue:
        """Starts another retraining in the middle of one."""

        def __init__(self) -> None:
            self.errors: list[str] = []

        async def known_intents(self) -> list[str]:
            try:
                await world.retrain("other")
            except ClaimLost as error:
                self.errors.append(str(error))
            return await world.store.known_intents()

    queue = InterruptingQueue()
    report = await world.retrain(
        "one", ports=replace(world.ports, catalogue=queue, notifier=Meanwhile())
    )

    assert report.outcome == "held"
    assert queue.errors[0].startswith("Another retraining is under way")
    assert len(seen) == 1


async def test_without_a_dataset_the_message_says_what_to_do(world: RetrainingWorld) -> None:
    report = await world.retrain("one")

    assert report.outcome == "not_ready"
    assert "prompt-capture export --mode retraining --policy audited" in report.messages[0]
    assert world.notifications.sent[0][0].endswith("the retraining cannot run yet")
    assert await world.ledger() == []


async def test_a_day_without_enough_new_labels_trains_nothing(world: RetrainingWorld) -> None:
    await world.label(world.week[:60])
    await world.export()

    few = await world.retrain("one", "day", min_new_labels=61)
    enough = await world.retrain("two", "day", min_new_labels=60)

    assert (few.outcome, few.candidate) == ("nothing_new", None)
    assert enough.candidate is not None
    assert len(world.notifications.sent) == 1


async def test_a_packaged_model_that_is_not_published_is_asked_for(
    world: RetrainingWorld, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await prepare(world)
    manifest = world.options.packaged / "manifest.json"
    folder = tmp_path_factory.mktemp("packaged")
    (folder / "manifest.json").write_bytes(manifest.read_bytes())

    report = await world.retrain("one", packaged=folder)

    assert report.outcome == "not_ready"
    assert "prompt-capture models publish" in report.messages[0]


async def test_a_catalogue_that_changes_meanwhile_leaves_the_decision_to_a_person(
    world: RetrainingWorld,
) -> None:
    await prepare(world)
    await world.retrain("one")
    world.decide_pool()

    class Changing:
        """Has another intent from its second answer on."""

        answers = 0

        async def known_intents(self) -> list[str]:
            self.answers += 1
            known = await world.store.known_intents()
            return known if self.answers == 1 else [*known, "room_booking"]

    report = await world.retrain("two", "day", replace(world.ports, catalogue=Changing()))

    assert report.outcome == "waits_for_a_person"
    assert "catalogue changed" in " ".join(report.messages)


async def test_a_candidate_that_lost_an_intent_in_use_is_rejected(world: RetrainingWorld) -> None:
    await world.label([each for each in world.week if each.label != "thanks"])
    await world.export()
    seeds = world.folder / "seeds" / "seeds.jsonl"
    lines = seeds.read_text("utf-8").splitlines(keepends=True)
    seeds.write_text("".join(line for line in lines if '"thanks"' not in line), "utf-8")

    report = await world.retrain("one")

    assert (report.outcome, report.decision) == ("rejected", "reject")
    assert "does not know the intent thanks" in " ".join(report.messages)


async def test_examples_of_a_retired_intent_are_left_out(world: RetrainingWorld) -> None:
    await prepare(world)

    class Smaller:
        """A catalogue without one intent."""

        async def known_intents(self) -> list[str]:
            return [one for one in await world.store.known_intents() if one != "thanks"]

    report = await world.retrain("one", ports=replace(world.ports, catalogue=Smaller()))

    assert report.candidate is not None
    model = await world.registry.model(report.candidate)
    assert "thanks" not in model.labels


async def test_a_champion_that_a_person_promoted_meanwhile_is_not_replaced(
    world: RetrainingWorld,
) -> None:
    await prepare(world)
    held = await world.retrain("one")
    assert held.candidate is not None
    world.decide_pool()

    class Replaced:
        """Says from its second answer on that another model serves."""

        answers = 0

        async def serving(self) -> ServingModels:
            self.answers += 1
            model = await world.registry.model(held.candidate or "")
            other = model.address.model_copy(update={"version": "by-a-person"})
            return ServingModels(champion=None if self.answers == 1 else other)

    report = await world.retrain(
        "two",
        "day",
        replace(world.ports, serving=Replaced()),
    )

    assert report.outcome == "waits_for_a_person"
    assert "another model" in " ".join(report.messages)


async def test_a_split_that_is_under_way_is_not_ended_by_a_schedule(
    world: RetrainingWorld,
) -> None:
    await prepare(world)
    held = await world.retrain("one")
    assert held.candidate is not None
    world.decide_pool()
    decision = RegistryDecision(actor="ann", reason="It is as good on the gold set.")
    await world.registry.split(held.candidate, 0.1, decision)

    report = await world.retrain("two", "day")

    assert (report.outcome, report.decision) == ("waits_for_a_person", "promote")
    assert "a split is under way" in " ".join(report.messages)
    assert (await world.registry.serving()).split is not None
    assert "promoted" not in await world.ledger()


async def test_after_a_persons_promotion_the_next_day_rescores_the_queue_once(
    world: RetrainingWorld,
) -> None:
    await prepare(world)
    held = await world.retrain("one")
    assert held.candidate is not None
    decision = RegistryDecision(actor="ann", reason="It knows the new words.")
    await world.registry.promote(held.candidate, decision, force=True)

    first = await world.retrain("two", "day")
    second = await world.retrain("three", "day")

    assert (first.outcome, second.outcome) == ("nothing_new", "nothing_new")
    assert first.rescored > 0
    assert second.rescored == 0
