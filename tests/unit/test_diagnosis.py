"""What training says about labels that make a worse model than their author expects."""

import pytest

from training.data import diagnosis
from training.data.examples import Example, LocatedExample
from training.data.locations import Location


def _locate(*pairs: tuple[str, str]) -> list[LocatedExample]:
    return [
        LocatedExample(Example(text=text, label=label), Location("a.jsonl", "line", number))
        for number, (text, label) in enumerate(pairs, 1)
    ]


def _examples(**counts: int) -> list[Example]:
    return [
        Example(text=f"{label} {number}", label=label)
        for label, count in counts.items()
        for number in range(count)
    ]


def test_texts_with_several_labels_are_named_by_their_places() -> None:
    located = _locate(
        ("Move it", "plan"), ("hi", "greeting"), ("move  it", "email"), ("MOVE IT", "plan")
    )

    (sentence,) = diagnosis.describe_conflicts(located)

    assert sentence.startswith("1 text has more than one label.")
    assert "a.jsonl, line 1 (plan) and a.jsonl, line 3 (email)." in sentence
    assert "move" not in sentence.casefold()


def test_only_the_first_texts_with_several_labels_are_named_and_all_counted() -> None:
    located = _locate(*[(str(n), label) for n in range(10) for label in ("plan", "email")])

    (sentence,) = diagnosis.describe_conflicts(located)

    assert sentence.startswith("10 texts have more than one label.")
    assert sentence.count("(plan)") == 3
    assert sentence.endswith("; and 7 more.")


def test_labels_that_agree_are_no_conflict() -> None:
    assert list(diagnosis.describe_conflicts(_locate(("hi", "a"), ("HI", "a")))) == []


def test_labels_that_differ_only_in_their_writing_are_named() -> None:
    labels = ["Greeting", "greeting", "set plan", "set_plan", "SetPlan", "email", "e-mails"]

    sentences = list(diagnosis.describe_similar_labels(labels))

    assert [sentence.partition(" differ only")[0] for sentence in sentences] == [
        "The labels 'Greeting', 'greeting'",
        "The labels 'SetPlan', 'set plan', 'set_plan'",
    ]


def test_numbers_that_differ_in_their_sign_or_point_are_not_alike() -> None:
    assert list(diagnosis.describe_similar_labels(["-1", "1", "1.5", "15", "+2", "2"])) == []


def test_labels_that_differ_by_the_mark_of_a_copied_file_are_named() -> None:
    copies = ["greet", "greet (1)", "greet - Copy", "greet copy (2)", "greet.bak"]
    labels = [*copies, "level 2", "level (2) up"]

    (sentence,) = diagnosis.describe_similar_labels(labels)

    assert sentence.startswith(f"The labels {', '.join(map(repr, copies))} ")


@pytest.mark.parametrize(
    "copy",
    [
        *("Copy of greet", "Kopie von greet", "Copie de greet", "Copia de greet", "greet - Copy"),
        "greet (Ann's conflicted copy 2026-11-03)",
        "greet.sync-conflict-20261103-101500-ABCDEFG",
    ],
)
def test_a_label_from_a_file_that_a_program_copied_is_named(copy: str) -> None:
    (sentence,) = diagnosis.describe_similar_labels(["greet", copy, "copy of it"])

    assert "'greet'" in sentence
    assert f"'{copy}'" in sentence


def test_secondary_intents_that_are_no_label_are_named_by_their_places() -> None:
    located = [
        LocatedExample(
            Example(text=label, label=label, secondary=secondary), Location("a", "line", n)
        )
        for n, (label, secondary) in enumerate(
            [("plan", ("email",)), ("email", ("none",)), ("plan", ("Email", "none"))], 1
        )
    ]

    (sentence,) = diagnosis.describe_unknown_secondary(located)

    assert sentence.startswith("2 secondary intents are the label of no text: ")
    assert "a, line 2 (none); a, line 3 (Email)." in sentence
    assert list(diagnosis.describe_unknown_secondary(located[:1])) != []
    assert (
        list(diagnosis.describe_unknown_secondary([*located[:1], *_locate(("x", "email"))])) == []
    )


@pytest.mark.parametrize("joined", ["email#plan", "email, plan", "plan|email|plan", "plan + email"])
def test_labels_that_consist_of_others_are_named_with_the_remedy(joined: str) -> None:
    (sentence,) = diagnosis.describe_joined_labels(["plan", "email", joined])

    assert sentence.startswith(f"1 label consists of other labels: '{joined}'.")
    assert "secondary" in sentence


def test_a_sign_in_a_label_is_none_between_labels() -> None:
    assert list(diagnosis.describe_joined_labels(["c#", "a/b", "a", "and/or"])) == []


def test_labels_with_letters_of_another_encoding_are_named() -> None:
    (sentence,) = diagnosis.describe_similar_labels(["caf\u00e9", "cafe\u0301", "cafe"])

    assert "'cafe\u0301', 'caf\u00e9' differ only in" in sentence


def test_labels_that_are_all_numbers_are_named() -> None:
    (sentence,) = diagnosis.describe_numbers(["0", "1", "0", "12"])

    assert sentence.startswith("All labels are numbers, such as 0 and 1. ")
    assert [*diagnosis.describe_numbers(["0"]), *diagnosis.describe_numbers(["0", "greet"])] == []


def test_labels_with_letters_that_look_like_others_are_named() -> None:
    labels = ["greet", "gr\u0435\u0435t", "gre\u200bet", "bye", "b\u0443\u0435"]

    sentences = list(diagnosis.describe_similar_labels(labels))

    assert len(sentences) == 2


def test_labels_of_other_scripts_and_of_signs_are_told_apart() -> None:
    labels = ["привет", "пока", "予定", "天気", "+", "-"]

    assert list(diagnosis.describe_similar_labels(labels)) == []


def test_labels_with_too_few_different_texts_are_named_with_their_counts() -> None:
    examples = [*_examples(plan=5, email=4, rare=1), Example(text="RARE 0", label="rare")]

    (sentence,) = diagnosis.describe_rare_labels(examples, 5)

    assert "2 labels have fewer than 5 different texts" in sentence
    assert "rare (1), email (4)" in sentence
    assert "plan" not in sentence


def test_copies_are_counted() -> None:
    examples = [Example(text=text, label="a") for text in ("hi", "HI", " hi ", "hello")]

    (sentence,) = diagnosis.describe_copies(examples)

    assert sentence.startswith("2 copies of texts are left out")


def test_the_meaning_of_unknown_is_explained_where_it_is_missing_or_rare() -> None:
    (missing,) = diagnosis.describe_scope(_examples(plan=30), 20)
    (rare,) = diagnosis.describe_scope(_examples(plan=30, unknown=19), 20)

    assert missing.startswith("No text has the label unknown, which means that no intent applies.")
    assert "unknown.txt" in missing
    assert rare.startswith("Only 19 texts have the label unknown")
    assert list(diagnosis.describe_scope(_examples(plan=30, unknown=20), 20)) == []


def test_the_names_that_other_tools_have_for_unknown_are_pointed_out() -> None:
    foreign = ("None", "Unknown", "nlu_fallback", "oos", "out_of_scope")
    sentences = list(diagnosis.describe_scope([Example(text=x, label=x) for x in foreign], 0))

    assert [sentence.partition(" counts")[0] for sentence in sentences] == [
        f"The label {label}" for label in foreign
    ]
    assert all("rename it to unknown" in sentence for sentence in sentences)


def test_splits_that_are_not_for_training_are_counted() -> None:
    splits = [None, "train", "dev", "gold", "gold"]
    located = [
        LocatedExample(Example(text="a", label="x", split=split), Location("a")) for split in splits
    ]

    assert list(diagnosis.describe_splits(located)) == [
        "1 text has the split dev: not for training.",
        "2 texts have the split gold: not for training.",
    ]


def test_texts_without_a_split_beside_others_with_one_are_named() -> None:
    located = [
        LocatedExample(Example(text=text, label="a", split=split), Location(file, "line", number))
        for number, (file, text, split) in enumerate(
            [
                ("a.csv", "hi", "test"), ("a.csv", "so", None), ("a.csv", "ho", None),
                ("b.csv", "hm", None), ("c.csv", "ha", "test"),
            ],
            2,
        )
    ]  # fmt: skip

    (sentence,) = diagnosis.describe_missing_splits(located)

    assert sentence == (
        "2 texts without a split, in files with splits, are measured, and `train` trains on them: "
        "a.csv, line 3 and a.csv, line 4. State the split."
    )
    assert list(diagnosis.describe_missing_splits(located[1:])) == []
