"""Checks for templates, and for labels that are too small or unlike real messages."""

from dataclasses import replace

import pytest

from tests.unit.utterances import make_utterance, random_utterances, severities
from training.data.balance import (
    LabelStatistics,
    check_balance,
    check_templates,
    compute_statistics,
)
from training.data.templates import count_distinct, find_families, mask_slots

VALID = LabelStatistics(
    group="email",
    lines=200,
    distinct=200,
    held_out=40,
    opening="write to",
    opening_share=0.05,
    lower_case_share=0.9,
    unpunctuated_share=0.9,
    long_share=0.1,
    short_share=0.1,
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
def test_numbers_days_and_months_are_masked(text: str, masked: str) -> None:
    assert " ".join(mask_slots(make_utterance(text))) == masked


EXPANDED = [
    f"remind me to {task} on {day} at {hour}"
    for task in ("call mum", "buy milk", "email bo")
    for day in ("monday", "friday")
    for hour in (4, 5)
]


def test_an_expanded_template_counts_as_one_utterance() -> None:
    assert count_distinct([make_utterance(text) for text in EXPANDED]) == 1
    assert (
        count_distinct([*random_utterances(7), *(make_utterance(text) for text in EXPANDED)]) == 8
    )


def test_messages_with_different_words_are_distinct() -> None:
    assert count_distinct([]) == 0
    assert count_distinct(random_utterances(50)) == 50
    assert (
        count_distinct(
            [
                make_utterance("3pm"),
                make_utterance("noon"),
                make_utterance("call mum"),
                make_utterance("call dad"),
            ]
        )
        == 4
    )


def test_a_template_is_one_family() -> None:
    members = tuple(make_utterance(text) for text in EXPANDED)

    (family,) = find_families([*random_utterances(20), *members], more_than=2)

    assert family.frame == "remind me to * on @ at #"
    assert family.members == members


def test_a_large_family_is_an_error_and_a_small_one_a_warning() -> None:
    days = [f"show me my {noun}" for noun in ("tasks", "week", "notes", "day", "labs", "exams")]
    small, large = (
        [make_utterance(text) for text in texts] for texts in (days, [*days, "show me my mail"])
    )

    assert severities(check_templates(small)) == ["warning"]
    (issue,) = check_templates(large)
    assert issue.severity == "error"
    assert "email has 7 messages of one frame: show me my *" in issue.message
    assert list(issue.utterances) == large


def test_the_statistics_of_a_label_are_computed() -> None:
    lines = ["Write to bo.", "write to al", "write to " + "x" * 9, "ok", "a " * 12]

    (statistics,) = compute_statistics(
        [*map(make_utterance, lines), make_utterance("mail", held_out=True)]
    )

    assert statistics == LabelStatistics(
        group="email",
        lines=5,
        distinct=5,
        held_out=1,
        opening="write to",
        opening_share=0.6,
        lower_case_share=0.8,
        unpunctuated_share=0.8,
        long_share=0.2,
        short_share=0.8,
    )


def test_valid_statistics_have_no_issue() -> None:
    assert list(check_balance([])) == []
    assert list(check_balance([VALID, replace(VALID, group="thanks", long_share=0)])) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lines": 149, "distinct": 149}, "149 distinct training utterances, at least 150"),
        ({"group": "unknown"}, "200 distinct training utterances, at least 1000"),
        ({"held_out": 29}, "29 held-out messages"),
        ({"opening_share": 0.16}, "16% of the lines start with 'write to'"),
        ({"lower_case_share": 0.54}, "54.0% of the lines are in lower case"),
        ({"unpunctuated_share": 0.2}, "20.0% of the lines end without punctuation"),
        ({"distinct": 168}, "84.0% of the lines differ in more than one slot"),
        ({"long_share": 0.0}, "0.0% of the lines have 12 words or more"),
        ({"short_share": 0.0}, "0.0% of the lines have 3 words or fewer"),
    ],
)
def test_each_balance_issue_is_found(change: dict[str, float], message: str) -> None:
    (issue,) = check_balance([replace(VALID, **change)])  # type: ignore[arg-type]

    assert issue.severity == "error"
    assert message in issue.message


def test_a_label_five_times_as_large_as_another_is_an_error() -> None:
    large = replace(VALID, group="search", lines=1001, distinct=1001)

    (issue,) = check_balance([VALID, large])

    assert issue.message == "search has 1001 utterances, but email only 200."
