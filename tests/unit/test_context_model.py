"""The context model finds secrets, numbers and dates of birth that no rule knows."""

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from prompt_capture.domain.entities.context import finder
from prompt_capture.domain.entities.context.candidates import (
    MAX_CANDIDATES,
    find_candidates,
    url_around,
)
from prompt_capture.domain.entities.context.features import (
    Part,
    context_of,
    features_of,
    parts_of,
)
from prompt_capture.domain.entities.context.finder import find_by_context
from prompt_capture.domain.entities.context.model import (
    OFFSET,
    WEIGHTS,
    ContextModel,
    PackedWeights,
    load_model,
)
from prompt_capture.domain.entities.searched import MASK, Searched
from prompt_capture.domain.entity_types import ENTITY_TYPES, EntityType
from prompt_capture.domain.redaction import redact
from prompt_capture.domain.searchable_text import fold
from tests.unit.redaction_metrics import INDEPENDENT_SETS, read_independent
from training.data.redacted_texts import read_redacted_texts
from training.fit.networks.context import fit
from training.redaction import (
    fingerprint_of,
    list_candidates,
    list_files,
    main,
    read_candidates,
)

FILES = list_files()


def candidates(text: str) -> list[str]:
    """Return the candidates of a text."""
    return [text[start:end] for start, end in find_candidates(Searched(text))]


def model_with(entity_types: tuple[EntityType, ...], weights: dict[str, list[int]]) -> ContextModel:
    """Return a model with two hidden units, of which the second one counts for the last type."""
    size = len(entity_types)
    features = [f"- {word}" for word in weights]
    rows = bytes(OFFSET + weight for row in weights.values() for weight in row)
    packed = PackedWeights(features, rows)
    output = [[0, 0]] * (size - 1) + [[0, 5]]
    return ContextModel(entity_types, [0, 0, *[-10] * size], output, 1, packed)


def words(*near: str) -> list[Part]:
    """Return parts of a description: words that stand far before a candidate."""
    return [("0-", 4, word) for word in near]


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
        ("12/03/1985 or 1978 / 04 / 21", ["12/03/1985", "1978 / 04 / 21"]),
        ("the 19th of August 1969", ["19th of August 1969"]),
        ("March 12th, 1974 in Bonn", ["March 12th, 1974"]),
        ("on 04/05/2026", []),
        ("born 1987年9月3日 in Osaka", ["1987年9月3日"]),
        ("it is three nine zero six, then hash", ["three nine zero six"]),
        ("one or two of three", []),
        ("codes 4821 0937 7745 1120 3390 6618", ["4821 0937 7745 1120 3390 6618"]),
        ("the pw duckpond is old", ["duckpond"]),
        ("answer with the word marzipan", ["marzipan"]),
        ("Wow!", []),
    ],
)
def test_candidates_are_numbers_and_tokens_with_digits_or_signs(
    text: str, expected: list[str]
) -> None:
    assert candidates(fold(text)) == expected


def test_a_candidate_in_a_url_belongs_to_all_of_it() -> None:
    searched = Searched("see https://files.example/share/r8wk3n7qz2?lang=en2. thanks r8wk3n7qz2")
    first, second, third = (url_around(searched, span) for span in find_candidates(searched))
    assert first == second == (4, 51)
    assert third is None


def test_what_touches_an_entity_is_no_candidate() -> None:
    assert candidates(f"4416{MASK} {MASK}4417 4418") == ["4418"]


@pytest.mark.parametrize("start", ["", f"{MASK * 4} ", "4711 "])
def test_an_entity_and_the_candidate_that_it_was_count_alike(start: str) -> None:
    count = MAX_CANDIDATES
    text = start + "x1234 " * (count + 5)
    assert len(candidates(text)) == (count - 1 if MASK in text else count)


def test_the_features_do_not_reach_beyond_another_entity() -> None:
    text = f"password {MASK * 5} gate 4711 open {MASK * 5} pin"
    start = text.index("4711")
    parts = parts_of(*context_of(text, text, start, start + 4))
    features = " ".join(feature for part in parts for feature in features_of(part))
    assert "gate" in features
    assert "open" in features
    assert "password" not in features
    assert " pin" not in features


def test_the_type_with_the_highest_positive_sum_wins() -> None:
    model = model_with(("secret", "bank"), {"x": [0, 0, 15, 30], "y": [0, 0, 20, 0]})
    assert model.classify(words("x", "unknown"), ENTITY_TYPES) == "bank"
    assert model.classify(words("x", "y"), ENTITY_TYPES) == "secret"
    assert model.classify(words("x"), ENTITY_TYPES[1:2]) == "secret"
    assert model.classify(words("unknown"), ENTITY_TYPES) is None


def test_hidden_units_count_only_above_zero() -> None:
    model = model_with(("bank",), {"x": [0, 40, 0], "y": [0, -50, 0]})
    assert model.score(words("x")) == [190]
    assert model.score(words("x", "y")) == [-10]
    assert model.score(words("x", "x")) == [390]


def test_the_most_features_with_the_largest_weights_fit_into_their_lanes() -> None:
    model = model_with(("bank",), {"x": [-128, -128, 127]})
    assert model.score(words(*"x" * 2000)) == [127 * 2000 - 10]


def test_the_words_of_the_model_are_kept_and_values_are_not() -> None:
    model = load_model()
    assert model.score(parts_of("Zebra-4416", "the password", "")) == model.score(
        parts_of("Zebra-4416", "the password", "")
    )
    assert any(word == "password" for _, _, word in model._sums)
    assert not any("4416" in word or "Zebra" in word for _, _, word in model._sums)


@pytest.mark.parametrize(
    "text",
    [
        "order no. 771244",
        "it lasts 4416 ms",
        "account $DB_PASSWORD",
        "card **** **** **** 48213",
        "tenant 43af726d-f497-4604-a986-d22ca268d29f",
        "4658 **** **** 2217",
        "background #1CE052",
        "status 0x80070057",
        "we sold 6,000 pieces",
        "in 2019 the gate was new",
        "vpn.brightline.example:44300",
    ],
)
def test_what_a_rule_knows_as_something_else_is_no_candidate_of_the_model(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = ContextModel(("bank",), (1,), ((),), 1, PackedWeights([], b""))
    monkeypatch.setattr(finder, "load_model", lambda: everything)
    assert find_by_context(Searched(text), ENTITY_TYPES) == {}


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("remember: the burglar alarm is 4416", "remember: the burglar alarm is <SECRET>"),
        ("Der Tresor hat die Kombination 38-11-64", "Der Tresor hat die Kombination <SECRET>"),
        ("the key box at the side gate: code 4927", "the key box at the side gate: code <SECRET>"),
        (
            "Agent: your date of birth, please? Customer: 19th of August 1969",
            "Agent: your date of birth, please? Customer: <BIRTH_DATE>",
        ),
    ],
)  # fmt: skip
def test_secrets_in_words_that_no_rule_knows_are_found(text: str, redacted: str) -> None:
    assert redact(text) == redacted
    assert redact(text, ["email"]) == text


@pytest.mark.parametrize(
    "redacted",
    [
        "2FA backup codes printed: <SECRET>, <SECRET>, <SECRET>. Are they used?",
        "vouchers for the guest wifi: 1. <SECRET> 2. <SECRET> 3. <SECRET>",
    ],
)
def test_neighbours_of_one_form_in_a_list_have_the_same_type(redacted: str) -> None:
    text = redacted
    for value in ("7731-kd42", "55c0-ax17", "z098-9v63"):
        text = text.replace("<SECRET>", value, 1)
    assert redact(text) == redacted


def test_a_link_with_a_token_goes_as_a_whole() -> None:
    text = "click to confirm https://mail.example/c/9a41e7c05b/confirm/Zx81LmQ now"
    assert redact(text) == "click to confirm <URL> now"
    assert redact(text, ["secret"]) == text


def test_the_model_was_fitted_to_the_texts_of_the_repository() -> None:
    header = gzip.decompress(WEIGHTS.read_bytes()).partition(b"\n")[0]
    fitted_to = json.loads(header)["fitted_to"]
    assert fitted_to == fingerprint_of(read_candidates(FILES)), "Run `make model NAME=redaction`."


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_texts_of_the_model_are_redacted_well(file: Path) -> None:
    texts = read_redacted_texts([file])
    different = [each for each in texts if redact(each.text) != each.redacted]
    assert len(different) <= len(texts) / 4, different[:20]


def test_no_text_of_the_model_serves_as_a_test() -> None:
    tests = {each.text for name in INDEPENDENT_SETS for each in read_independent(name)}
    texts = Counter(each.text for each in read_redacted_texts(FILES))
    assert tests.isdisjoint(texts)
    assert [text for text, count in texts.items() if count > 1] == []


def test_a_bounded_number_of_sums_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prompt_capture.domain.entities.context.model.MAX_KEPT", 3)
    model = model_with(("bank",), {word: [0, 0, 10] for word in "abcde"})
    for word in "abcdeabcde":
        assert model.score(words(word)) == [0]
        assert len(model._sums) <= 3


def test_a_model_learns_words_from_texts() -> None:
    texts = read_redacted_texts(FILES)[:300]
    model = fit([candidate for text in texts for candidate in list_candidates(text)])
    assert model.entity_types == ("secret", "national_id", "bank", "phone", "birth_date", "url")
    assert len(model.weights.features) > 100


def test_a_file_can_be_held_out_to_measure_the_model(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {file: read_redacted_texts([file])[:60] for file in FILES}
    monkeypatch.setattr("training.redaction.read_redacted_texts", lambda files: few[files[0]])
    before = WEIGHTS.read_bytes()
    assert main(["--hold-out", FILES[0].stem]) == 0
    assert capsys.readouterr().out.startswith("entity type  marked  recall  precision\nsecret ")
    assert WEIGHTS.read_bytes() == before
