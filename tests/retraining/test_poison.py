"""Attacks on what the model learns and on the evidence: none of them promotes a model by itself."""

from collections.abc import Sequence

from prompt_capture.domain.changes import Correction
from prompt_capture.domain.text import canonical_text
from tests.retraining.world import REVIEWERS, USERS, RetrainingWorld
from training.data.examples import Example

MALLORY = "mallory"


def mislabel(examples: Sequence[Example]) -> list[str]:
    """Return wrong labels: each label is replaced by the next one in the alphabet."""
    names = sorted({each.label for each in examples})
    following = dict(zip(names, [*names[1:], names[0]], strict=True))
    return [following[each.label] for each in examples]


async def test_a_sender_who_repeats_himself_is_one_text_in_the_evidence(
    world: RetrainingWorld,
) -> None:
    await world.label(world.week[:200])
    repeated = world.next_week[0]
    copies = [
        Example(text=f"{repeated.text}{mark}", label=repeated.label)
        for mark in ("", "!", "!!", " !", "?", "??", ".", "..", "...", " .")
    ]
    sent = await world.send(copies, USERS[:1])
    await world.review(sent, mislabel([*copies, *world.week])[: len(copies)])
    await world.send(world.next_week[1:])
    await world.export()

    report = await world.retrain("one")

    assert report.decision == "hold"
    texts = {canonical_text(each.text) for each in copies}
    assert len([text for text in world.store.pool if text in texts]) <= 1


async def test_evidence_from_one_sender_alone_leaves_the_promotion_to_a_person(
    world: RetrainingWorld,
) -> None:
    await world.label(world.week)
    await world.send(world.next_week, USERS[:1])
    await world.export()
    await world.retrain("one")
    world.decide_pool()

    report = await world.retrain("two", "day")

    assert (report.outcome, report.decision) == ("waits_for_a_person", "promote")
    assert "rests on one reviewer or on one sender" in " ".join(report.messages)
    assert "promoted" not in await world.ledger()


async def test_evidence_from_one_reviewer_alone_leaves_the_promotion_to_a_person(
    world: RetrainingWorld,
) -> None:
    await world.label(world.week)
    await world.send(world.next_week)
    await world.export()
    await world.retrain("one")
    world.decide_pool([MALLORY])

    report = await world.retrain("two", "day")

    assert (report.outcome, report.decision) == ("waits_for_a_person", "promote")
    assert "promoted" not in await world.ledger()


async def test_a_model_that_only_its_own_mislabelling_reviewer_confirms_waits_for_a_person(
    world: RetrainingWorld,
) -> None:
    """The gold set repeats what the reviewer taught the model, and all of it rests on him."""
    sent = await world.send(world.week)
    await world.review(sent, mislabel(world.week), [MALLORY])
    await world.send(world.next_week)
    await world.export()

    report = await world.retrain("one")

    assert (report.outcome, report.decision) == ("waits_for_a_person", "promote")
    assert "rests on one reviewer or on one sender" in " ".join(report.messages)
    assert "promoted" not in await world.ledger()


async def test_a_reviewer_who_mislabels_half_of_the_messages_trains_a_model_that_is_refused(
    world: RetrainingWorld,
) -> None:
    half = len(world.week) // 2
    sent = await world.send(world.week[:half])
    await world.review(sent, mislabel(world.week[:half]), [MALLORY])
    await world.label(world.week[half:])
    await world.send(world.next_week)
    await world.export()
    first = await world.retrain("one")
    world.decide_pool(REVIEWERS)

    report = await world.retrain("two", "day")

    assert first.decision in {"hold", "reject"}
    assert report.decision in {None, "hold", "reject"}
    assert "promoted" not in await world.ledger()


async def test_a_reviewer_who_decides_every_disagreement_for_a_bad_model_promotes_nothing(
    world: RetrainingWorld,
) -> None:
    """The gold set of honest reviewers is evidence too, and no verdict rests on one reviewer."""
    wrong = world.week[: len(world.week) // 2]
    honest = world.week[len(world.week) // 2 :]
    sent = await world.send(wrong)
    await world.review(sent, mislabel(wrong), [MALLORY])
    await world.label(honest)
    await world.send(world.next_week)
    await world.export()
    held = await world.retrain("one")
    for pooled in world.store.pool.values():
        of_text = {
            canonical_text(world.store.rows[one.log_id].captured.prompt): one.candidate_intent
            for one in pooled.draw.disagreements
        }
        vote = Correction(corrected_intent=of_text[pooled.text], corrected_by=MALLORY)
        world.store.decide_blind(pooled.text, vote)

    report = await world.retrain("two", "day")

    assert held.decision in {"hold", "reject"}
    assert report.outcome in {"waits_for_a_person", "held", "rejected", "nothing_new"}
    assert "promoted" not in await world.ledger()


async def test_a_bad_import_of_labels_is_refused_by_the_gate(world: RetrainingWorld) -> None:
    """The labels of a file are shifted by one row; the gold set was labelled before."""
    half = len(world.week) // 2
    await world.label(world.week[:half])
    imported = world.week[half:]
    sent = await world.send(imported)
    labels = [each.label for each in imported]
    await world.review(sent, [*labels[1:], labels[0]], ["import"])
    await world.send(world.next_week)
    await world.export()
    first = await world.retrain("one")
    world.decide_pool()

    report = await world.retrain("two", "day")

    assert first.decision in {"hold", "reject"}
    assert report.outcome in {"held", "rejected", "nothing_new"}
    assert "promoted" not in await world.ledger()
