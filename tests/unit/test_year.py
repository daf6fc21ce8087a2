"""The year: its data, its months, its reviewers, its goals, its table and its picture."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from benchmarks.machine import describe_machine
from benchmarks.year.__main__ import year
from benchmarks.year.data import LATE_INTENT, YearData, file_data, own_data
from benchmarks.year.goals import check_year
from benchmarks.year.rendering import month_cells, render_markdown, write_picture
from benchmarks.year.results import MonthResult, YearReport, YearResult
from benchmarks.year.reviewers import (
    AGENCY,
    ERROR_RATE,
    MALICIOUS,
    REVIEWERS,
    Agreement,
    Panel,
    least_agreeing,
)
from benchmarks.year.scenario import YEAR, YearScenario, draw_months
from training.data.examples import Example, InvalidExamples, grouping_key

INTENTS = ("cancel", "email", "search", "unknown")


def small_data(texts: int = 400) -> YearData:
    examples = [Example(text=f"text {n}", label=INTENTS[n % 4]) for n in range(texts)]
    slang = [Example(text=f"slang {n}", label=INTENTS[n % 4]) for n in range(texts // 4)]
    return YearData("small", examples[:20], examples[20:], slang, "search", uses_rules=False)


def month(number: int, **changes: object) -> MonthResult:
    values = {
        "month": number,
        "events": (),
        "messages": 100,
        "frozen": 70,
        "loop": 80,
        "labels": 200,
        "verdicts": ("hold", "promote"),
        "promotions": (f"assistant-{number}",) if number < 3 else (),
        "rollbacks": 0,
        "served": ("first", f"assistant-{number - 1}"),
    }
    return MonthResult.model_validate(values | changes)


def played(months: tuple[MonthResult, ...], seed: int = 0) -> YearResult:
    return YearResult(seed=seed, months=months, worse=("worse-1",), bad_batch=("assistant-9",))


MACHINE = describe_machine()
GOOD = played(tuple(month(number) for number in range(1, 5)))


# Data


@pytest.fixture(scope="module")
def own() -> YearData:
    """The project's own data."""
    return own_data()


def test_the_first_model_knows_neither_the_late_intent_nor_any_message(own: YearData) -> None:
    seeds = {grouping_key(one.text) for one in own.seeds}
    messages = {grouping_key(one.text) for one in (*own.messages, *own.slang)}

    assert LATE_INTENT in own.labels
    assert LATE_INTENT not in {one.label for one in own.seeds}
    assert not seeds & messages
    assert len(messages) == len(own.messages) + len(own.slang)
    assert len(messages) >= YEAR.months * YEAR.messages * 0.99


def test_a_file_gives_seeds_messages_and_slang(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    verbs = {"order": "pizza", "play": "music", "call": "mother"}
    file.write_text(
        "".join(
            json.dumps({"text": f"{verb} {noun} number {n}", "label": verb}) + "\n"
            for n in range(200)
            for verb, noun in verbs.items()
        )
    )

    data = file_data(file, seed=1)

    assert data.late_intent in verbs
    assert data.late_intent not in {one.label for one in data.seeds}
    assert len(data.slang) == pytest.approx(0.25 * (len(data.slang) + len(data.messages)), abs=1)
    assert not any(noun in one.text for one in data.slang for noun in verbs.values())
    assert {one.label for one in data.slang} == set(verbs)
    assert file_data(file, seed=1) == data


def test_a_file_with_too_few_texts_says_so(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text('{"text": "a", "label": "b"}\n')

    with pytest.raises(InvalidExamples, match="at least 400 different texts"):
        file_data(file, seed=0)


# Months


def test_no_text_is_sent_twice_and_the_seed_decides_which() -> None:
    data, scenario = small_data(), replace(YEAR, messages=40, months=6)
    months = draw_months(data, scenario, seed=1)
    texts = [one.text for messages in months for one in messages]

    assert len(texts) == len(set(texts))
    assert months == draw_months(data, scenario, seed=1) != draw_months(data, scenario, seed=2)


def test_slang_and_the_late_intent_come_from_their_months_on() -> None:
    months = draw_months(small_data(), replace(YEAR, messages=40, months=6), seed=1)
    with_slang = [any("slang" in one.text for one in messages) for messages in months]
    with_late = [any(one.label == "search" for one in messages) for messages in months]

    assert with_slang == [False, False, True, True, True, True]
    assert with_late == [False, False, False, False, True, True]


def test_after_the_shift_some_intents_are_more_frequent() -> None:
    scenario = replace(YEAR, months=2, messages=60, shift=2, late_intent=1, slang=None)
    shares = np.zeros((2, 4))
    for seed in range(20):
        for number, messages in enumerate(draw_months(small_data(), scenario, seed)):
            counts = [sum(one.label == intent for one in messages) for intent in INTENTS]
            shares[number] += np.sort(counts) / len(messages) / 20

    assert np.ptp(shares[1]) > np.ptp(shares[0]) + 0.1


def test_too_few_messages_are_an_error_that_names_the_number() -> None:
    with pytest.raises(InvalidExamples, match="at least 40, so 480 different texts"):
        draw_months(small_data(40), YEAR, seed=0)


def test_each_event_is_named_in_its_month() -> None:
    named = [event for number in range(1, 13) for event in YEAR.events(number)]

    assert len(named) == len(set(named)) == 6
    assert YEAR.events(7) == ["a reviewer turns malicious"]
    assert YearScenario(malicious=None).events(7) == []


# Reviewers


def test_reviewers_err_in_five_of_a_hundred_cases() -> None:
    panel = Panel(np.random.default_rng(0))
    decisions = [panel.decide("grace", "email", INTENTS, 1) for _ in range(4_000)]
    wrong = [intent for intent in decisions if intent != "email"]

    assert len(wrong) / len(decisions) == pytest.approx(ERROR_RATE, abs=0.012)
    assert set(wrong) == {"cancel", "search", "unknown"}


def test_the_malicious_reviewer_is_honest_until_the_month() -> None:
    panel = Panel(np.random.default_rng(0), malicious_from=7)
    before = [panel.decide(MALICIOUS, "email", INTENTS, 6) for _ in range(100)]
    after = [panel.decide(MALICIOUS, "email", INTENTS, 7) for _ in range(100)]

    assert before.count("email") > 80
    assert set(after) == {"search"}
    assert panel.decide(AGENCY, "unknown", INTENTS, 1) == "cancel"


def test_reviewers_take_turns_until_they_are_dismissed() -> None:
    panel = Panel(np.random.default_rng(0))
    assert {panel.next_reviewer() for _ in REVIEWERS} == set(REVIEWERS)

    panel.dismiss(MALICIOUS)

    assert {panel.next_reviewer() for _ in REVIEWERS} == set(REVIEWERS) - {MALICIOUS}
    assert "grace" not in {panel.next_reviewer(["grace"]) for _ in REVIEWERS}


def test_who_agrees_least_is_found_and_careful_people_are_not() -> None:
    careful = {"grace": Agreement(10, 9), "hedy": Agreement(12, 9), "ida": Agreement(1, 0)}

    assert least_agreeing(careful) is None
    assert least_agreeing({}) is None
    suspicious = careful | {"joan": Agreement(8, 0), "agency": Agreement(9, 3)}
    assert least_agreeing(suspicious) == "joan"


# Goals and results


def test_a_good_year_reaches_every_goal() -> None:
    goals = list(check_year([GOOD, GOOD]))

    assert len(goals) == 5
    assert all(each.is_met for each in goals)
    assert goals[0].measured == "+10.0, +10.0"


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({"loop": 72}, "points above the first model"),
        ({"labels": 251}, "labels a month"),
        ({"promotions": ()}, "promotions"),
        ({"served": ("worse-1",)}, "the worse candidate never serves"),
        ({"promotions": ("assistant-9",)}, "the model of the bad batch never serves"),
    ],
)
def test_a_year_that_misses_a_goal_says_which(changes: dict[str, object], missed: str) -> None:
    bad = played(tuple(month(number, **changes) for number in range(1, 5)))
    unmet = [each.goal for each in check_year([GOOD, bad]) if not each.is_met]

    assert len(unmet) == 1
    assert missed in unmet[0]


def test_a_year_without_a_worse_candidate_shows_nothing_about_it() -> None:
    goals = check_year([GOOD.model_copy(update={"worse": ()})])

    assert [each.measured for each in goals if not each.is_met] == ["no such model in 1 of 1 years"]


# Table and picture


def test_a_row_has_accuracies_labels_and_verdicts() -> None:
    cells = month_cells(month(2, events=("new slang",), rollbacks=1))

    assert cells == ("2", "new slang", "70.0%", "80.0%", "200", "hold, promote", "1", "1")


def test_the_markdown_has_a_table_for_each_year_and_the_goals() -> None:
    report = YearReport(title="t", machine=MACHINE, years=(GOOD, played(GOOD.months, 1)))

    lines = render_markdown(report).splitlines()

    assert [line for line in lines if line.startswith("**")] == [
        "**Seed 0: 400 messages, 800 labels**",
        "**Seed 1: 400 messages, 800 labels**",
    ]
    assert len([line for line in lines if line.startswith("| ")]) == 2 * (2 + 4)
    assert len([line for line in lines if line.startswith("- ✓")]) == 5


def test_the_picture_names_the_curves_and_the_events(tmp_path: Path) -> None:
    months = (*GOOD.months, month(5, events=("intents shift",)))
    report = YearReport(title="t", machine=MACHINE, years=(played(months), played(months, 1)))
    first, second = tmp_path / "a.svg", tmp_path / "b.svg"

    write_picture(report, first)
    write_picture(report, second)

    drawn = first.read_text()
    assert drawn == second.read_text()
    for text in ("first model", "loop", "intents", "shift"):
        assert text in drawn


# Command


def _run(*options: str) -> Result:
    app = typer.Typer()
    app.command()(year)
    return CliRunner().invoke(app, options)


@pytest.mark.parametrize(
    ("loop", "has_data", "expected"), [(80, False, 0), (72, False, 1), (72, True, 0)]
)
def test_a_missed_goal_is_the_exit_status_unless_the_data_is_somebody_elses(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    own: YearData,
    loop: int,
    has_data: bool,
    expected: int,
) -> None:
    months = [month(number, loop=loop) for number in range(1, 5)]

    def play(
        _data: object, _scenario: object, seed: int, _base: object, report: Callable[[str], None]
    ) -> Iterator[YearResult]:
        for number in range(1, 5):
            report(f"seed {seed}, month {number}")
            yield played(tuple(months[:number]), seed)

    monkeypatch.setattr("benchmarks.year.__main__.play_year", play)
    monkeypatch.setattr("benchmarks.year.__main__.load_encoder", lambda _model: None)
    monkeypatch.setattr("benchmarks.year.__main__.own_data", lambda: own)
    monkeypatch.setattr("benchmarks.year.__main__.file_data", lambda *_: small_data())
    mine = tmp_path / "mine.jsonl"
    mine.touch()
    data = ("--data", str(mine)) if has_data else ()

    result = _run("--seeds", "3,4", "--out", str(tmp_path / "out"), *data)

    assert result.exit_code == expected, result.output
    assert "seed 4, month 4" in result.stderr
    assert "Seed 3: 400 messages" in result.stdout
    assert ("✓" if loop == 80 else "✗") + " at the end, at least 3 points" in result.stdout
    written = YearReport.model_validate_json((tmp_path / "out" / "results.json").read_text())
    assert [year.seed for year in written.years] == [3, 4]
    assert (tmp_path / "out" / "table.md").is_file()
    assert (tmp_path / "out" / "year.svg").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--seeds", "one"), "must be numbers"),
        (("--data", "missing.jsonl"), "does not exist"),
    ],
)
def test_wrong_options_are_explained_before_anything_starts(
    options: tuple[str, ...], message: str
) -> None:
    result = _run(*options)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())
