"""Checks for duplicates, near-duplicates and wrong labels among utterances."""

import pytest

from tests.unit.utterances import make_utterance, random_utterances, severities
from training.data.duplicates import find_duplicates
from training.data.issues import DataIssue, check_duplicates, check_held_out, check_labels
from training.data.utterances import Utterance


def find_duplicate_issues(*utterances: Utterance) -> list[DataIssue]:
    return list(check_duplicates(utterances, find_duplicates(utterances)))


def find_held_out_issues(*utterances: Utterance) -> list[DataIssue]:
    return list(check_held_out(utterances, find_duplicates(utterances)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Move my GYM session!", "move my gym session"),
        ("please move gym", "move gym please"),
        ("whats due today", "what\u2019s due today"),
        ("remind me about the dentist", "remind me about the dentst"),
        ("remind me at 5 instead of 4", "remind me at 6 instead of 4"),
        ("no i dont think so", "i don't think so"),
        ("hi", "Hi \U0001f44b"),
        ("5:30", "5 30"),
        ("\U0001f44d", "\U0001f44d"),
    ],
)
def test_duplicates_and_near_duplicates_are_found(one: str, other: str) -> None:
    pair = make_utterance(one), make_utterance(other)

    assert find_duplicates([make_utterance("quite another message"), *pair]) == [pair]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("no", "now"),
        ("thank you", "thank u"),
        ("at 5", "at 6"),
        ("how are you", "how old are you"),
        ("that is correct", "that is not correct"),
        ("\U0001f44d", "\U0001f44e"),
    ],
)
def test_messages_that_are_only_similar_are_not_a_pair(one: str, other: str) -> None:
    assert find_duplicates([make_utterance(one), make_utterance(other)]) == []


def test_pairs_are_found_across_blocks() -> None:
    first, last = (
        make_utterance("book the small lab for friday"),
        make_utterance("book the smal lab for friday"),
    )

    assert find_duplicates([first, *random_utterances(1_500), last]) == [(first, last)]


def test_a_text_with_two_labels_is_an_error_with_both_lines() -> None:
    (issue,) = find_duplicate_issues(
        make_utterance("send it", "email"), make_utterance("send it!", "confirm")
    )

    assert (issue.severity, issue.message) == ("error", "The same text has two labels.")
    assert [line.text for line in issue.utterances] == ["send it", "send it!"]


def test_a_misspelt_duplicate_with_another_label_is_an_error() -> None:
    assert severities(
        find_duplicate_issues(
            make_utterance("plan my thesis", "search"), make_utterance("plan my theiss")
        )
    ) == ["error"]


def test_a_text_with_one_and_with_two_intents_is_an_error() -> None:
    two = make_utterance("mail bo and tell me", "email", "reminder")

    assert severities(
        find_duplicate_issues(two, make_utterance("mail bo and tell me", "email"))
    ) == ["error"]


@pytest.mark.parametrize(
    ("one", "other"), [("alright", "alright?"), ("let's drop it", "let's do it")]
)
def test_near_duplicates_with_different_labels_are_only_noted(one: str, other: str) -> None:
    assert severities(
        find_duplicate_issues(make_utterance(one, "confirm"), make_utterance(other, "greeting"))
    ) == ["note"]


def test_the_same_line_twice_is_an_error_in_either_split() -> None:
    for held_out in (False, True):
        one, other = (make_utterance(text, held_out=held_out) for text in ("mail bo", "Mail  bo"))
        errors = [
            f
            for f in find_duplicate_issues(*random_utterances(50), one, other)
            if f.severity == "error"
        ]
        assert [f.message for f in errors] == ["The same line exists twice."]


def test_few_duplicates_in_a_label_are_warnings_and_many_are_an_error() -> None:
    duplicates = [
        make_utterance("mail bo today"),
        make_utterance("today mail bo"),
        make_utterance("mail bo today!!"),
    ]

    assert set(severities(find_duplicate_issues(*duplicates, *random_utterances(100)))) == {
        "warning"
    }
    many = [
        f
        for f in find_duplicate_issues(*duplicates, *random_utterances(30))
        if f.severity == "error"
    ]
    assert [f.message for f in many] == ["2 of the 33 training lines of email are duplicates."]


def test_a_held_out_message_that_is_in_training_too_is_an_error() -> None:
    (issue,) = find_held_out_issues(
        make_utterance("write to my tutor"), make_utterance("Write to my tutor.", held_out=True)
    )

    assert (issue.check, issue.severity) == ("held-out", "error")
    assert "from the training split" in issue.advice
    assert len(issue.utterances) == 2


def test_a_held_out_message_with_another_label_in_training_is_an_error() -> None:
    issues = find_held_out_issues(
        make_utterance("evening", "greeting"), make_utterance("evening", "search", held_out=True)
    )

    assert [(f.severity, f.message) for f in issues] == [("error", "The same text has two labels.")]


@pytest.mark.parametrize(
    ("text", "label"), [("sounds good to me", "confirm"), ("mail bo", "email"), ("3pm", "status")]
)
def test_short_messages_may_be_in_both_splits_and_are_noted(text: str, label: str) -> None:
    (issue,) = find_held_out_issues(
        make_utterance(text, label), make_utterance(text, label, held_out=True)
    )

    assert issue.severity == "note"
    assert "1 held-out messages have duplicates or near-duplicates" in issue.message


def test_few_near_duplicates_of_held_out_messages_are_warnings_and_many_are_an_error() -> None:
    near = (
        make_utterance("set my working hours to 9-5"),
        make_utterance("set my working hours 9-5", held_out=True),
    )

    few = find_held_out_issues(*near, *random_utterances(40, held_out=True))
    assert severities(few) == ["warning"]
    assert "near-duplicate" in few[0].message
    assert severities(find_held_out_issues(*near, *random_utterances(10, held_out=True))) == [
        "warning",
        "error",
    ]


def test_unknown_and_repeated_labels_are_errors() -> None:
    issues = list(
        check_labels(
            [
                make_utterance("mail bo", "email"),
                make_utterance("mail al", "emial", held_out=True),
                make_utterance("mail bo, mail al", "email", "email"),
            ]
        )
    )

    assert [f.utterances[0].text for f in issues] == ["mail al", "mail bo, mail al"]
    assert "emial" in issues[0].message
    assert severities(issues) == ["error", "error"]
