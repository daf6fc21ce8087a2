"""Templates among utterances are found, and labels that are small or unlike people's messages."""

from dataclasses import replace

import pytest

from tests.unit.utterances import grades, said, unlike
from training.quality.balance import Figures, check_balance, check_templates, describe
from training.quality.templates import count_skeletons, find_families, skeleton

HEALTHY = Figures(
    group="email",
    lines=200,
    effective=200,
    held_out=40,
    opening="write to",
    opening_share=0.05,
    lower=0.9,
    unpunctuated=0.9,
    long=0.1,
    short=0.1,
)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Dentist on Tuesday at 10:30 am", "dentist on @ at #"),
        ("exam 3 May, cs101", "exam # % #"),
        ("half past seven", "half past #"),
        ("tmrw 5pm", "tmrw 5pm"),
        ("no no no", "no no no"),
    ],
)
def test_a_skeleton_has_no_numbers_days_and_months(text: str, masked: str) -> None:
    assert " ".join(skeleton(said(text))) == masked


EXPANDED = [
    f"remind me to {task} on {day} at {hour}"
    for task in ("call mum", "buy milk", "email bo")
    for day in ("monday", "friday")
    for hour in (4, 5)
]


def test_an_expanded_template_counts_as_one_utterance() -> None:
    assert count_skeletons([said(text) for text in EXPANDED]) == 1
    assert count_skeletons([*unlike(7), *(said(text) for text in EXPANDED)]) == 8


def test_messages_in_other_words_count_each() -> None:
    assert count_skeletons([]) == 0
    assert count_skeletons(unlike(50)) == 50
    assert count_skeletons([said("3pm"), said("noon"), said("call mum"), said("call dad")]) == 4


def test_a_template_is_found_as_one_family() -> None:
    members = tuple(said(text) for text in EXPANDED)

    (family,) = find_families([*unlike(20), *members], more_than=2)

    assert family.frame == "remind me to * on @ at #"
    assert family.members == members


def test_a_large_family_is_an_error_and_a_small_one_a_warning() -> None:
    days = [f"show me my {what}" for what in ("tasks", "week", "notes", "day", "labs", "exams")]
    small, large = ([said(text) for text in texts] for texts in (days, [*days, "show me my mail"]))

    assert grades(check_templates(small)) == ["warning"]
    (found,) = check_templates(large)
    assert found.grade == "error"
    assert "email has 7 messages in one frame: show me my *" in found.why
    assert list(found.lines) == large


def test_the_figures_of_a_label_are_counted() -> None:
    lines = ["Write to bo.", "write to al", "write to " + "x" * 9, "ok", "a " * 12]

    (figures,) = describe([*map(said, lines), said("mail", held_out=True)])

    assert figures == Figures(
        group="email",
        lines=5,
        effective=5,
        held_out=1,
        opening="write to",
        opening_share=0.6,
        lower=0.8,
        unpunctuated=0.8,
        long=0.2,
        short=0.8,
    )


def test_healthy_figures_have_no_fault() -> None:
    assert list(check_balance([])) == []
    assert list(check_balance([HEALTHY, replace(HEALTHY, group="thanks", long=0)])) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"lines": 149, "effective": 149}, "149 utterances to train on, at least 150"),
        ({"group": "unknown"}, "200 utterances to train on, at least 1000"),
        ({"held_out": 29}, "29 held-out messages"),
        ({"opening_share": 0.16}, "16% of the lines start with 'write to'"),
        ({"lower": 0.69}, "69.0% of the lines are in lower case"),
        ({"unpunctuated": 0.2}, "20.0% of the lines end without punctuation"),
        ({"effective": 170}, "85.0% of the lines are more than a slot apart"),
        ({"long": 0.0}, "0.0% of the lines have 12 words or more"),
        ({"short": 0.0}, "0.0% of the lines have 3 words or fewer"),
    ],
)
def test_each_fault_of_balance_is_found(change: dict[str, float], why: str) -> None:
    (found,) = check_balance([replace(HEALTHY, **change)])  # type: ignore[arg-type]

    assert found.grade == "error"
    assert why in found.why


def test_a_label_three_times_as_large_as_another_is_an_error() -> None:
    large = replace(HEALTHY, group="search", lines=601, effective=601)

    (found,) = check_balance([HEALTHY, large])

    assert found.why == "search has 601 utterances, email 200."
