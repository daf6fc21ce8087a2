"""The benchmark's figures: how answers are scored, timed, and held against goals."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import goals
from benchmarks.data import Dataset
from benchmarks.grid import Cell, grid
from benchmarks.latency import WARM_UP, interleaved
from benchmarks.results import (
    DatasetResult,
    Latency,
    Machine,
    Measured,
    Options,
    Report,
    Scores,
)
from benchmarks.scores import average, score
from benchmarks.served.answer import Answer
from benchmarks.settings import SETTINGS, Setting
from training.examples import Example

DATA = Dataset(
    name="made up",
    train=[Example(text=f"text {n}", label="ab"[n % 2]) for n in range(40)],
    test=[Example(text=f"Text  {n}", label="ab"[n % 2]) for n in range(30, 50)],
    oos_train=[Example(text="nobody", label="oos")],
    oos_test=[Example(text=f"outside {n}", label="oos") for n in range(4)],
)
SOME = Scores(
    accuracy=0.9,
    standard_error=0.03,
    accuracy_unseen=0.9,
    ece=0.01,
    oos_found=None,
    oos_confident=None,
    seconds=2,
    seeds=1,
)


def test_a_draw_gives_so_many_labels_an_intent_and_the_other_texts_without_labels() -> None:
    drawn = Setting(per_intent=10).draw(DATA, 0)

    assert Counter(example.label for example in drawn.examples) == {"a": 10, "b": 10}
    texts = [example.text for example in drawn.examples]
    assert sorted(texts + drawn.unlabelled) == sorted(example.text for example in DATA.train)


def test_a_draw_repeats_itself_for_a_seed_and_differs_for_another() -> None:
    setting = Setting(in_all=7)

    assert setting.draw(DATA, 0) == setting.draw(DATA, 0)
    assert len(setting.draw(DATA, 0).examples) == 7
    assert setting.draw(DATA, 0).examples != setting.draw(DATA, 1).examples


def test_out_of_scope_examples_are_given_only_where_the_setting_says_so() -> None:
    assert DATA.oos_train[0] in SETTINGS["full+oos"].draw(DATA, 0).examples
    assert SETTINGS["full"].draw(DATA, 0).examples == DATA.train
    assert not SETTINGS["full+oos"].is_in(replace(DATA, oos_train=[]))


def test_few_texts_are_spread_over_a_file_that_is_sorted() -> None:
    few = DATA.shortened(3)

    assert [example.text for example in few.test] == ["Text  30", "Text  39", "Text  49"]
    assert len(few.oos_test) == 3
    assert few.train == DATA.train


def test_copies_are_known_by_their_normalised_text_in_any_case() -> None:
    assert DATA.unseen == [False] * 10 + [True] * 10


def test_answers_are_scored_against_labels_scope_and_confidence() -> None:
    answers = [Answer(example.label, 0.9, 10 + n) for n, example in enumerate(DATA.test)]
    answers[0] = Answer("b", 0.9, 0)
    oos = [
        Answer("a", 0.99, 10),
        Answer("a", 0.84, 2),
        Answer("oos", 0.99, 1),
        Answer(None, 0.0, 100),
    ]

    scores = score(DATA, answers, oos, 1.5)

    assert scores.accuracy == 0.95
    assert scores.accuracy_unseen == 1
    assert scores.standard_error == pytest.approx(np.sqrt(0.95 * 0.05 / 20))
    assert scores.ece == pytest.approx(0.05)
    # The lowest of the twenty is below the threshold, the second lowest (11) above.
    assert scores.oos_found == 0.75
    assert scores.oos_confident == 0.25


def test_the_standard_error_holds_that_of_the_texts_and_that_of_the_draw() -> None:
    runs = [SOME.model_copy(update={"accuracy": accuracy}) for accuracy in (0.88, 0.92)]

    both = average(runs)

    assert both.accuracy == pytest.approx(0.9)
    assert both.standard_error == pytest.approx(np.sqrt(0.03**2 + 0.0008 / 2))
    assert both.seeds == 2
    assert both.oos_found is None
    assert average([SOME]) == SOME


def test_models_take_turns_text_by_text_in_changing_order() -> None:
    calls: list[tuple[str, str]] = []
    names = ("one", "two", "three")
    models = {name: lambda text, name=name: calls.append((text, name)) for name in names}
    texts = [str(n) for n in range(50)]

    timed = interleaved(models, texts)

    turns = calls[WARM_UP * len(names) :]
    orders = set()
    for n, text in enumerate(texts):
        turn = turns[3 * n : 3 * n + 3]
        assert {called for called, _ in turn} == {text}
        assert {name for _, name in turn} == set(names)
        orders.add(tuple(name for _, name in turn))
    assert len(orders) == 6
    assert set(timed) == set(names)


def result(name: str, accuracy: float) -> Report:
    latency = Latency(p50=0.5, p99=2, mean=0.55)
    scores = SOME.model_copy(update={"accuracy": accuracy})
    models = {
        row: Measured(
            title=row,
            scores={"full": scores},
            latency=latency,
            megabytes=23,
            memory_megabytes=150,
        )
        for row in ("microresolve", "student", "full")
    }
    data = DatasetResult(
        name=name,
        served="full",
        intents=2,
        train=40,
        test=20,
        unseen=10,
        oos_test=0,
        tokenizer=Latency(p50=0.05, p99=0.1, mean=0.06),
        peer_at_20=Latency(p50=0.25, p99=0.3, mean=0.25),
        models=models,
    )
    machine = Machine(processor="x", cores=2, load=0, python="3.11", packages={})
    options = Options(rows=tuple(models), sizes=("full",), seeds=1, messages=1)
    return Report(machine=machine, options=options, datasets=[data])


def cells(report: Report, title: str) -> dict[str, Cell]:
    table = grid(report)
    (line,) = [line for line in table.sections[0].lines if line.title == title]
    return dict(zip(table.columns, line.cells, strict=True))


def test_goals_are_met_or_shown_with_their_distance_and_peers_have_none() -> None:
    found = cells(result("clinc150", 0.962), "accuracy %, all labels")

    assert found["student"] == Cell("96.2 ±3.0", met=True, distance="+0.2")
    assert found["full"] == Cell("96.2 ±3.0", met=False, distance="-0.3")
    assert found["microresolve"] == Cell("96.2 ±3.0")


def test_a_goal_missed_by_little_is_not_shown_as_missed_by_nothing() -> None:
    found = cells(result("hwu64", 0.92496), "accuracy %, all labels")

    assert found["full"] == Cell("92.5 ±3.0", met=False, distance="-0.004")


def test_times_are_held_against_the_peer_with_few_labels_and_against_the_tokenizer() -> None:
    report = result("clinc150", 0.97)

    title = "p50 in times microresolve with 20 labels an intent"
    assert cells(report, title)["student"] == Cell("2.0", met=True, distance="-1.0")
    title = "p50 in times the tokenizer alone"
    assert cells(report, title)["student"] == Cell("10.0", met=False, distance="+4.0")
    assert cells(report, "one message, ms, p99")["tokenizer alone"] == Cell("0.100")


def test_lines_without_a_figure_are_left_out_and_verdicts_count_the_goals() -> None:
    table = grid(result("made up", 0.97))

    titles = [line.title for line in table.sections[0].lines]
    assert not [title for title in titles if "out of scope" in title or "MiniLM" in title]
    assert table.verdicts == {"student": (5, 7), "full": (5, 6)}


def test_the_goals_hold_for_the_data_that_they_were_set_for() -> None:
    assert goals.accuracy("clinc150", "full")["student"].target == 96.0
    assert goals.accuracy("banking77", "full")["full"].target == 93.7
    assert goals.accuracy("hwu64", "10")["student"].target == 87.1
    assert goals.accuracy("elsewhere", "full") == {}
