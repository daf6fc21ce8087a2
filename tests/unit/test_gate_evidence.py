"""Evidence that neither model learnt, and the backtest on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import numpy as np
import pytest

from prompt_capture.adapters.onnx.classifier import ModelOutput, OnnxClassifier
from prompt_capture.domain.evaluation import (
    CapturedText,
    DecidedDisagreement,
    DecidedText,
    Evidence,
)
from prompt_capture.domain.models import ModelEvent
from training.data.fingerprint import TrainingFingerprint
from training.gate.backtest import (
    BacktestedModel,
    BacktestOptions,
    BacktestResult,
    backtest,
    describe_backtest,
)
from training.gate.description import describe_reasons
from training.gate.evidence import NOBODY, LearntTexts, SelectedEvidence, select_evidence
from training.gate.ledger import RecordedVerdict, digest_evidence, recorded_verdicts
from training.gate.settings import GateSettings
from training.gate.verdict import decide

NO_EVIDENCE = Evidence((), ())
LABELS = ("a", "b", "unknown")
WORDS = tuple(
    f"{first}{second}{third}" for first in "bdfgk" for second in "aeiou" for third in "lmnrst"
)


@dataclass(frozen=True)
class ScriptedClassifier:
    """ModelAnswers with the intent that a function gives each text."""

    version: str
    answer: Callable[[str], str]
    labels: tuple[str, ...] = LABELS

    def predict(self, text: str) -> ModelOutput:
        probabilities = np.full(len(self.labels), 0.05)
        probabilities[self.labels.index(self.answer(text))] = 0.9
        return ModelOutput(probabilities, 0.9, "stage")


def _model(version: str, answer: Callable[[str], str], size: int = 1_000) -> BacktestedModel:
    return BacktestedModel(cast("OnnxClassifier", ScriptedClassifier(version, answer)), size)


def _texts(n: int, seed: int = 0) -> list[str]:
    """Return texts of ten words each, none of which is a near-duplicate of another one."""
    rows = np.random.default_rng(seed).integers(0, len(WORDS), (n, 10))
    return [" ".join(WORDS[word] for word in row) for row in rows.tolist()]


def _decided(text: str, intent: str = "a", **who: object) -> DecidedText:
    return DecidedText(
        text_id=text,
        text=text,
        intent=intent,
        reviewers=cast("tuple[int, ...]", who.get("reviewers", (0,))),
        sender=cast("int | None", who.get("sender")),
    )


def _drawn(
    decided: DecidedText, candidate: str = "new", champion: str = "old"
) -> DecidedDisagreement:
    return DecidedDisagreement(decided, candidate, champion, 0.5)


def _captured(texts: Sequence[str]) -> list[CapturedText]:
    return [
        CapturedText(UUID(int=n), f"{n:064x}", text, n % 4 != 0) for n, text in enumerate(texts)
    ]


def _select(
    evidence: Evidence, learnt: Sequence[str] = (), catalogue: Sequence[str] = ()
) -> SelectedEvidence:
    return select_evidence(evidence, "new", "old", LearntTexts(tuple(learnt)), catalogue)


def test_texts_that_either_model_learnt_and_their_near_duplicates_are_no_evidence() -> None:
    gold = [
        _decided(text) for text in ("move my dentist to friday", "call me at nine", "play jazz")
    ]
    drawn = _drawn(_decided("book a table for two people"))

    selected = _select(
        Evidence((drawn,), tuple(gold)),
        learnt=["Move my dentist to friday!", "book a table for two people  "],
    )

    assert [each.decided.text for each in selected.texts] == ["call me at nine", "play jazz"]
    assert (selected.learnt, selected.repeated, selected.outdated) == (2, 0, 0)


def test_texts_in_the_fingerprint_of_an_encoder_are_no_evidence() -> None:
    texts = _texts(40)
    fingerprint = TrainingFingerprint().with_texts(texts[:20])
    evidence = Evidence((), tuple(map(_decided, texts)))

    selected = select_evidence(evidence, "new", "old", LearntTexts((), (fingerprint,)))

    left = {each.decided.text for each in selected.texts}
    assert not left & set(texts[:20])
    assert len(left) > 10


def test_a_sender_who_repeats_himself_gives_one_piece_of_evidence() -> None:
    copies = [f"please cancel my order number {n} today at noon" for n in range(50)]
    evidence = Evidence(tuple(_drawn(_decided(text)) for text in copies), (_decided(copies[0]),))

    selected = _select(evidence)

    assert [(each.origin, each.decided.text) for each in selected.texts] == [("gold", copies[0])]
    assert selected.repeated == 50


def test_disagreements_that_were_drawn_for_other_models_are_no_evidence() -> None:
    first, second, third = _texts(3)
    evidence = Evidence(
        (
            _drawn(_decided(first)),
            _drawn(_decided(second), "newer"),
            _drawn(_decided(third), "new", "x"),
        ),
        (),
    )

    assert [each.decided.text for each in _select(evidence).texts] == [first]


def test_texts_with_an_intent_that_the_catalogue_no_longer_has_are_left_out_and_counted() -> None:
    kept, left = _texts(2)
    evidence = Evidence((), (_decided(kept), _decided(left, "retired")))

    selected = _select(evidence, catalogue=LABELS)

    assert [each.decided.text for each in selected.texts] == [kept]
    assert selected.outdated == 1


def test_the_digest_of_evidence_changes_with_each_text_and_each_intent() -> None:
    one, other = _texts(2)
    digests = {
        digest_evidence(_select(Evidence((), evidence)))
        for evidence in (
            (_decided(one),),
            (_decided(other),),
            (_decided(one, "b"),),
            (_decided(one), _decided(other)),
        )
    }

    assert len(digests) == 4
    both = (_decided(one), _decided(other))
    assert digest_evidence(_select(Evidence((), both))) == digest_evidence(
        _select(Evidence((), both[::-1]))
    )


def _backtest(
    captured: Sequence[str],
    evidence: Evidence = NO_EVIDENCE,
    learnt: Sequence[str] = (),
    disagreements: int = 250,
    seed: int = 0,
) -> BacktestResult:
    """Compare a candidate that gives one text in five another intent than the champion."""
    moved = set(captured[::5])
    new = _model("new", lambda text: "b" if text in moved else "a")
    return backtest(
        (new, _model("old", lambda _: "a")),
        _captured(captured),
        _select(evidence, learnt),
        LearntTexts(tuple(learnt)),
        BacktestOptions(GateSettings(disagreements=disagreements), seed),
    )


def test_a_backtest_reports_the_disagreements_and_the_intents_that_move() -> None:
    report = _backtest(_texts(200)).report

    assert (report.captured, report.left_out, report.disagreements) == (200, 0, 40)
    assert [each.model_dump() for each in report.intents] == [
        {"intent": "a", "candidate": 160, "champion": 200, "gained": 0, "given_up": 40},
        {"intent": "b", "candidate": 40, "champion": 0, "gained": 40, "given_up": 0},
    ]
    assert report.candidate.out_of_scope == 0
    assert report.candidate.p50_ms is not None
    assert "40 of 200 texts (20.0%)" in " ".join(describe_backtest(report))


def test_a_backtest_reports_how_well_each_intent_is_recognised_and_holds_no_text() -> None:
    captured, gold = _texts(50), _texts(6, seed=1)
    evidence = Evidence(
        (), tuple(_decided(text, "ab"[number % 2]) for number, text in enumerate(gold))
    )

    report = _backtest(captured, evidence).report

    assert [(each.intent, each.gold, each.candidate, each.champion) for each in report.changes] == [
        ("a", 3, 3, 3),
        ("b", 3, 0, 0),
    ]
    for model in (report.candidate, report.champion):
        assert [each.model_dump() for each in model.bands] == [
            {"band": 9, "texts": 6, "correct": 3}
        ]
        assert [each.model_dump() for each in model.confusions] == [
            {"intent": "b", "predicted": "a", "texts": 3}
        ]
    assert not any(text in report.model_dump_json() for text in (*captured, *gold))


def test_a_verdict_from_before_these_figures_is_still_a_look() -> None:
    result = _backtest(_texts(50), Evidence((), (_decided("hello there"),)))
    verdict = decide(result.evidence, result.candidate, result.champion)
    recorded = RecordedVerdict(verdict=verdict, backtest=result.report, evidence_sha256="0" * 64)
    content = recorded.model_dump(mode="json")
    assert content.pop("reasons") == list(describe_reasons(verdict))
    del content["backtest"]["changes"]
    for model in ("candidate", "champion"):
        del content["backtest"][model]["bands"], content["backtest"][model]["confusions"]

    [read] = recorded_verdicts([_event(0, "verdict", content)])

    assert read.verdict == verdict


def test_captured_texts_that_a_model_learnt_or_that_repeat_evidence_do_not_count() -> None:
    texts = _texts(100)
    evidence = Evidence((), (_decided(texts[1]),))

    result = _backtest(texts, evidence, learnt=texts[50:])

    assert result.report.left_out == 51
    assert result.evidence.captured is not None
    assert result.evidence.captured.texts == 49
    assert result.report.gold == 1


def test_the_draw_is_a_random_sample_of_the_disagreements_that_may_be_drawn() -> None:
    texts = _texts(400)

    result = _backtest(texts, disagreements=30)

    draw = result.draw
    assert draw is not None
    assert result.report.disagreements == 80
    assert result.report.drawable == 60
    assert (len(draw.disagreements), draw.probability) == (30, 0.5)
    assert {each.log_id.int % 5 for each in draw.disagreements} == {0}
    assert {each.log_id.int % 4 for each in draw.disagreements} == {1, 2, 3}
    assert {(each.candidate_intent, each.champion_intent) for each in draw.disagreements} == {
        ("b", "a")
    }
    assert _backtest(texts, disagreements=30).draw == draw
    assert _backtest(texts, disagreements=30, seed=1).draw != draw


def test_every_disagreement_that_may_be_drawn_is_as_likely_to_be_drawn() -> None:
    texts = _texts(100)
    counts: dict[int, int] = {}
    for seed in range(200):
        draw = _backtest(texts, disagreements=5, seed=seed).draw
        assert draw is not None
        for each in draw.disagreements:
            counts[each.log_id.int] = counts.get(each.log_id.int, 0) + 1

    assert len(counts) == 15
    assert min(counts.values()) > 40
    assert max(counts.values()) < 100


def test_without_disagreements_there_is_nothing_to_draw() -> None:
    result = _backtest([], Evidence((), (_decided("hello there"),)))

    assert result.draw is None
    assert result.report.candidate.out_of_scope is None
    assert decide(result.evidence, result.candidate, result.champion).decision == "hold"


def test_a_model_is_not_compared_with_itself() -> None:
    one = _model("same", lambda _: "a")

    with pytest.raises(ValueError, match="champion already"):
        backtest((one, one), [], _select(NO_EVIDENCE), LearntTexts())


def test_evidence_numbers_senders_and_reviewers_and_marks_where_there_is_none() -> None:
    first, second = _texts(2)
    decided = (
        _decided(first, reviewers=(3, 5), sender=7),
        _decided(second, "b", reviewers=(), sender=None),
    )

    evidence = _backtest([], Evidence((_drawn(decided[1]),), decided[:1])).evidence

    assert evidence.senders.tolist() == [7, NOBODY]
    assert evidence.reviewers.tolist() == [[3, 5], [NOBODY, NOBODY]]
    assert evidence.is_gold.tolist() == [True, False]
    assert [evidence.intents[each] for each in evidence.truth] == ["a", "b"]


@pytest.mark.parametrize("seed", range(5))
def test_a_candidate_that_memorised_its_labels_and_is_worse_elsewhere_is_never_promoted(
    seed: int,
) -> None:
    """It knows half of the decided texts by heart, or in nearly the same words."""
    texts = _texts(1_600, seed)
    random = np.random.default_rng(seed)
    truth = dict(zip(texts, random.choice(["a", "b"], len(texts)).tolist(), strict=True))
    known, new = texts[:800], texts[800:]
    copies = [f"{text} please" if n % 2 else text for n, text in enumerate(known)]
    truth |= {copy: truth[text] for copy, text in zip(copies, known, strict=True)}
    wrong = dict(zip(texts, random.random(len(texts)).tolist(), strict=True))
    wrong |= {copy: wrong[text] for copy, text in zip(copies, known, strict=True)}
    other = {"a": "b", "b": "a"}
    learnt = set(copies)

    def champion(text: str) -> str:
        return other[truth[text]] if wrong[text] < 0.1 else truth[text]

    def memorising(text: str) -> str:
        is_right = text in learnt or 0.04 < wrong[text] < 0.92
        return truth[text] if is_right else other[truth[text]]

    models = _model("new", memorising), _model("old", champion)
    decided = Evidence((), tuple(_decided(text, truth[text]) for text in [*copies, *new]))

    def verdict(learnt_texts: LearntTexts) -> str:
        evidence = select_evidence(decided, "new", "old", learnt_texts)
        result = backtest(models, _captured(new), evidence, learnt_texts)
        settings = GateSettings(calibration_margin=0.9)  # all answers have the same confidence
        facts = result.candidate, result.champion
        return decide(result.evidence, *facts, settings=settings).decision

    assert verdict(LearntTexts()) == "promote"
    assert verdict(LearntTexts(tuple(known))) != "promote"


def test_later_looks_read_the_verdicts_of_the_ledger_with_the_oldest_first() -> None:
    result = _backtest(_texts(50), Evidence((), (_decided("hello there"),)))
    verdict = decide(result.evidence, result.candidate, result.champion)
    second = decide(result.evidence, result.candidate, result.champion, [verdict.as_look])

    def event(number: int, recorded: RecordedVerdict) -> ModelEvent:
        evidence = recorded.model_dump(mode="json") | {"look": number, "decision": "hold"}
        return _event(number, "verdict", evidence)

    digest = digest_evidence(_select(NO_EVIDENCE))
    recorded = [
        RecordedVerdict(verdict=each, backtest=result.report, evidence_sha256=digest)
        for each in (verdict, second)
    ]
    events = [event(2, recorded[1]), _event(1, "verdict", {}), event(0, recorded[0])]

    assert recorded_verdicts([*events, _event(3, "promoted", {})]) == recorded


def _event(number: int, kind: str, evidence: dict[str, object]) -> ModelEvent:
    return ModelEvent.model_validate(
        {
            "id": number,
            "at": f"2026-11-0{number + 1}T00:00:00Z",
            "kind": kind,
            "version": "new",
            "replaced": None,
            "actor": "retraining",
            "reason": "A verdict.",
            "evidence": evidence,
        }
    )
