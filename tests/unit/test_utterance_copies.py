"""Copies, near copies and wrong labels among utterances are found, and near misses are left."""

import pytest

from tests.unit.utterances import grades, said, unlike
from training.quality.copies import find_pairs
from training.quality.findings import Finding, check_copies, check_held_out, check_labels
from training.quality.reading import Utterance


def copies_in(*utterances: Utterance) -> list[Finding]:
    return list(check_copies(utterances, find_pairs(utterances)))


def held_out_in(*utterances: Utterance) -> list[Finding]:
    return list(check_held_out(utterances, find_pairs(utterances)))


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
def test_copies_and_near_copies_are_found(one: str, other: str) -> None:
    pair = said(one), said(other)

    assert find_pairs([said("quite another message"), *pair]) == [pair]


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
def test_messages_that_only_resemble_one_another_are_no_pair(one: str, other: str) -> None:
    assert find_pairs([said(one), said(other)]) == []


def test_pairs_are_found_across_the_blocks_in_which_they_are_sought() -> None:
    first, last = said("book the small lab for friday"), said("book the smal lab for friday")

    assert find_pairs([first, *unlike(1_500), last]) == [(first, last)]


def test_a_text_under_two_labels_is_an_error_and_says_where() -> None:
    (found,) = copies_in(said("send it", "email"), said("send it!", "confirm"))

    assert (found.grade, found.why) == ("error", "One text stands under two labels.")
    assert [line.text for line in found.lines] == ["send it", "send it!"]


def test_a_misspelt_copy_under_another_label_is_an_error() -> None:
    assert grades(copies_in(said("plan my thesis", "search"), said("plan my theiss"))) == ["error"]


def test_one_text_with_one_and_with_two_intents_is_an_error() -> None:
    two = said("mail bo and tell me", "email", "reminder")

    assert grades(copies_in(two, said("mail bo and tell me", "email"))) == ["error"]


@pytest.mark.parametrize(
    ("one", "other"), [("alright", "alright?"), ("let's drop it", "let's do it")]
)
def test_near_misses_between_labels_are_noted_only(one: str, other: str) -> None:
    assert grades(copies_in(said(one, "confirm"), said(other, "greeting"))) == ["note"]


def test_the_same_line_twice_is_an_error_in_either_part() -> None:
    for held_out in (False, True):
        one, other = (said(text, held_out=held_out) for text in ("mail bo", "Mail  bo"))
        found = [f for f in copies_in(*unlike(50), one, other) if f.grade == "error"]
        assert [f.why for f in found] == ["The same line stands twice."]


def test_a_few_copies_under_one_label_are_warnings_and_many_an_error() -> None:
    copies = [said("mail bo today"), said("today mail bo"), said("mail bo today!!")]

    assert set(grades(copies_in(*copies, *unlike(100)))) == {"warning"}
    many = [f for f in copies_in(*copies, *unlike(30)) if f.grade == "error"]
    assert [f.why for f in many] == ["2 of the 33 training lines of email copy others."]


def test_a_held_out_message_that_stands_in_training_is_an_error() -> None:
    (found,) = held_out_in(said("write to my tutor"), said("Write to my tutor.", held_out=True))

    assert (found.check, found.grade) == ("held-out", "error")
    assert "out of the training part" in found.advice
    assert len(found.lines) == 2


def test_a_held_out_message_with_another_label_in_training_is_an_error() -> None:
    found = held_out_in(said("evening", "greeting"), said("evening", "search", held_out=True))

    assert [(f.grade, f.why) for f in found] == [("error", "One text stands under two labels.")]


@pytest.mark.parametrize(
    ("text", "label"), [("sounds good to me", "confirm"), ("mail bo", "email"), ("3pm", "status")]
)
def test_bare_answers_may_stand_in_both_parts_and_that_is_said(text: str, label: str) -> None:
    (found,) = held_out_in(said(text, label), said(text, label, held_out=True))

    assert found.grade == "note"
    assert "1 held-out messages stand in the training part too" in found.why


def test_near_copies_of_held_out_messages_are_warnings_and_too_many_an_error() -> None:
    near = said("set my working hours to 9-5"), said("set my working hours 9-5", held_out=True)

    few = held_out_in(*near, *unlike(40, held_out=True))
    assert grades(few) == ["warning"]
    assert "nearly" in few[0].why
    assert grades(held_out_in(*near, *unlike(10, held_out=True))) == ["warning", "error"]


def test_a_label_without_training_messages_and_a_second_that_is_the_first_are_errors() -> None:
    found = list(
        check_labels(
            [
                said("mail bo", "email"),
                said("mail al", "emial", held_out=True),
                said("mail bo, mail al", "email", "email"),
            ]
        )
    )

    assert [f.lines[0].text for f in found] == ["mail al", "mail bo, mail al"]
    assert "emial" in found[0].why
    assert grades(found) == ["error", "error"]
