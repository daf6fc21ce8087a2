"""A short year on a stack of its own: two months with everything that can go wrong."""

import os

from benchmarks.loop.service import load_encoder
from benchmarks.year.data import own_data
from benchmarks.year.goals import MAX_LABELS
from benchmarks.year.play import STEPS, play_year
from benchmarks.year.reviewers import AGENCY
from benchmarks.year.scenario import SHORT_YEAR
from infra.local.paths import MODEL, STACKS


def test_a_short_year_keeps_its_promises() -> None:
    steps: list[str] = []

    *_, year = play_year(own_data(), SHORT_YEAR, 7, load_encoder(MODEL), steps.append)

    assert len(steps) == 1 + STEPS * SHORT_YEAR.months
    assert [month.messages for month in year.months] == [SHORT_YEAR.messages] * 2
    for month in year.months:
        assert 0 < month.labels <= MAX_LABELS
        assert month.verdicts
        assert 0 < month.loop <= month.messages
        assert 0 < month.frozen <= month.messages
    assert year.worse
    assert year.bad_batch
    assert not year.served.intersection(year.worse, year.bad_batch)
    assert not year.served.isdisjoint(year.months[0].served)
    assert not year.served - {*year.months[0].served, *year.months[-1].served}.union(
        *(month.promotions for month in year.months)
    )
    _assert_remarked(year.months[-1].remarks, "The promotion of the worse candidate is refused.")
    _assert_remarked(year.months[-1].remarks, f"decisions of {AGENCY}.")
    assert not (STACKS / f"stack-{os.getpid()}").exists()


def _assert_remarked(remarks: tuple[str, ...], expected: str) -> None:
    assert any(remark.endswith(expected) for remark in remarks), remarks
