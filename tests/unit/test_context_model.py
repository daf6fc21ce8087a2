"""The linear model finds secrets and numbers that no rule knows, in bounded time."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from prompt_capture.domain.entities import context_model
from prompt_capture.domain.entities.context_model import (
    WEIGHTS,
    ContextModel,
    context_of,
    describe_candidate,
    find_by_context,
    find_candidates,
)
from prompt_capture.domain.entities.searched import MASK, Searched
from prompt_capture.domain.entity_types import ENTITY_TYPES
from prompt_capture.domain.redaction import redact
from prompt_capture.domain.searchable_text import fold
from tests.unit.redaction_metrics import INDEPENDENT_SETS, read_independent
from training.data.redacted_texts import read_redacted_texts
from training.redaction import (
    fingerprint_of,
    fit,
    list_candidates,
    list_files,
    main,
    read_candidates,
)

FILES = list_files()


def candidates(text: str) -> list[str]:
    """Return the candidates of a text."""
    return [text[start:end] for start, end in find_candidates(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at 15:30 on 12 March, gate 7", []),
        ("the alarm is 4416, then wait", ["4416"]),
        ("code 902 417.", ["902 417"]),
        ("combination 38-11-64.", ["38-11-64"]),
        ("keyed 1 8 8 4 today", ["1 8 8 4"]),
        ("chapters 40 41 42 43 44 45 46", []),
        ("Sesam-Öffne-Dich!", ["Sesam-Offne-Dich!"]),
        ("the word is 'blue moon'", ["blue moon"]),
        ("**4471**", ["4471"]),
        ("user=ann;pw=hunter2;", ["hunter2"]),
        ('auth=("svc", "Lantern!Moth")', ["Lantern!Moth"]),
        ("it is teal-otter-fjord now", ["teal-otter-fjord"]),
        ("a follow-up, well-known", []),
        ("Wow!", []),
    ],
)
def test_candidates_are_numbers_and_tokens_with_digits_or_signs(
    text: str, expected: list[str]
) -> None:
    assert candidates(fold(text)) == expected


def test_what_touches_an_entity_is_no_candidate() -> None:
    assert candidates(f"4416{MASK} {MASK}4417 4418") == ["4418"]


@pytest.mark.parametrize("start", ["", f"{MASK * 4} ", "4711 "])
def test_an_entity_and_the_candidate_that_it_was_count_alike(start: str) -> None:
    count = context_model._MAX_CANDIDATES
    text = start + "x1234 " * (count + 5)
    assert len(candidates(text)) == (count - 1 if MASK in text else count)


def test_the_features_do_not_reach_beyond_another_entity() -> None:
    text = f"password {MASK * 5} gate 4711 open {MASK * 5} pin"
    start = text.index("4711")
    features = " ".join(describe_candidate(*context_of(text, text, start, start + 4)))
    assert "gate" in features
    assert "open" in features
    assert "password" not in features
    assert " pin" not in features


def test_the_type_with_the_highest_positive_sum_wins() -> None:
    model = ContextModel(("secret", "bank"), (-10, -10), {"x": (15, 30), "y": (20, 0)})
    assert model.classify(["x", "unknown"], ENTITY_TYPES) == "bank"
    assert model.classify(["x", "y"], ENTITY_TYPES) == "secret"
    assert model.classify(["x"], ENTITY_TYPES[1:2]) == "secret"
    assert model.classify(["unknown"], ENTITY_TYPES) is None


@pytest.mark.parametrize(
    "text",
    [
        "order no. 771244",
        "it lasts 4416 ms",
        "account $DB_PASSWORD",
        "card **** **** **** 48213",
        "tenant 43af726d-f497-4604-a986-d22ca268d29f",
    ],
)
def test_what_a_rule_knows_as_something_else_is_no_candidate_of_the_model(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = ContextModel(("bank",), (1,), {})
    monkeypatch.setattr(context_model, "load_model", lambda: everything)
    assert find_by_context(Searched(text), ENTITY_TYPES) == {}


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("remember: the burglar alarm is 4416", "remember: the burglar alarm is <SECRET>"),
        ("Der Tresor hat die Kombination 38-11-64", "Der Tresor hat die Kombination <SECRET>"),
        ("the key box at the side gate: code 4927", "the key box at the side gate: code <SECRET>"),
    ],
)  # fmt: skip
def test_secrets_in_words_that_no_rule_knows_are_found(text: str, redacted: str) -> None:
    assert redact(text) == redacted
    assert redact(text, ["email"]) == text


def test_the_model_was_fitted_to_the_texts_of_the_repository() -> None:
    fitted_to = json.loads(gzip.decompress(WEIGHTS.read_bytes()))["fitted_to"]
    assert fitted_to == fingerprint_of(read_candidates(FILES)), "Run `make model NAME=redaction`."


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_texts_of_the_model_are_redacted_well(file: Path) -> None:
    texts = read_redacted_texts([file])
    different = [each for each in texts if redact(each.text) != each.redacted]
    assert len(different) <= len(texts) / 5, different[:20]


def test_no_text_of_the_model_serves_as_a_test() -> None:
    tests = {each.text for name in INDEPENDENT_SETS for each in read_independent(name)}
    texts = Counter(each.text for each in read_redacted_texts(FILES))
    assert tests.isdisjoint(texts)
    assert [text for text, count in texts.items() if count > 1] == []


def test_a_model_learns_words_from_texts() -> None:
    texts = read_redacted_texts(FILES)[:300]
    model = fit([candidate for text in texts for candidate in list_candidates(text)])
    assert model.entity_types == ("secret", "national_id", "bank", "phone")
    assert all(any(weights) for weights in model.weights.values())


def test_a_file_can_be_held_out_to_measure_the_model(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {file: read_redacted_texts([file])[:60] for file in FILES}
    monkeypatch.setattr("training.redaction.read_redacted_texts", lambda files: few[files[0]])
    before = WEIGHTS.read_bytes()
    assert main(["--hold-out", FILES[0].stem]) == 0
    assert capsys.readouterr().out.startswith("entity type  marked  recall  precision\nsecret ")
    assert WEIGHTS.read_bytes() == before
