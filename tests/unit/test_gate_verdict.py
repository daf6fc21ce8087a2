"""The verdict: promote, hold or reject, its vetoes, and whom it rests on."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.gate_evidence import CANDIDATE, CHAMPION, join, make_evidence
from training.gate.description import describe_verdict
from training.gate.evidence import CapturedCounts, PairedEvidence
from training.gate.looks import Look
from training.gate.models import ModelFacts
from training.gate.settings import GateSettings
from training.gate.verdict import Verdict, decide, looks_of
from training.report.paired_tests import MIN_CALIBRATION_MESSAGES

NEEDED = ModelFacts("new", ("a", "b", "c", "unknown"), 1_000, np.zeros(0))
CATALOGUE = ("a", "b", "c", "unknown")


def _decide(evidence: PairedEvidence, candidate: ModelFacts = CANDIDATE) -> Verdict:
    return decide(evidence, candidate, CHAMPION)


def _vetoes(verdict: Verdict) -> list[tuple[str, str | None]]:
    return [(veto.measure, veto.intent) for veto in verdict.vetoes]


def _disagreements(won: int, lost: int, neither: int = 0, share: float = 0.08) -> PairedEvidence:
    """Return decided disagreements alone, on both sides of which one model is right, or none."""
    both = make_evidence(won, lost, neither)
    wrong = np.arange(len(both)) >= won + lost
    for answers in (both.candidate, both.champion):
        answers.is_correct[wrong] = False
    counts = CapturedCounts(10_000, round(10_000 * share), {"a": round(10_000 * (1 - share))})
    return replace(both, is_gold=np.zeros(len(both), bool), captured=counts)


def test_a_candidate_that_is_shown_to_be_better_is_promoted() -> None:
    verdict = _decide(make_evidence(won=110, lost=50, agreed=1_840))

    assert verdict.decision == "promote"
    assert verdict.difference == pytest.approx(0.03)
    assert 0 < verdict.ci_lower < 0.03 < verdict.ci_upper
    assert verdict.p_value <= verdict.level


def test_a_candidate_that_is_not_shown_to_be_better_is_held_with_what_is_missing() -> None:
    verdict = _decide(make_evidence(won=22, lost=18, agreed=460))

    assert verdict.decision == "hold"
    assert 0 < verdict.power < 0.5
    assert verdict.labels_missing
    assert verdict.labels + verdict.labels_missing > 1_500
    text = " ".join(describe_verdict(verdict))
    assert f"{verdict.labels_missing:,} more labels" in text
    assert f"{verdict.power:.0%}" in text


def test_an_equal_candidate_on_much_evidence_is_held_without_a_call_for_more_labels() -> None:
    verdict = _decide(make_evidence(won=200, lost=200, agreed=4_600))

    assert verdict.decision == "hold"
    assert verdict.labels_missing == 0
    assert "probably not 2 points better" in " ".join(describe_verdict(verdict))


def test_a_candidate_that_is_shown_to_be_worse_is_rejected() -> None:
    verdict = _decide(make_evidence(won=50, lost=110, agreed=1_840))

    assert verdict.decision == "reject"
    assert ("accuracy", None) in _vetoes(verdict)


def test_without_any_evidence_a_candidate_is_held() -> None:
    verdict = _decide(make_evidence())

    assert verdict.decision == "hold"
    assert (verdict.ci_lower, verdict.ci_upper) == (-1, 1)
    assert verdict.labels_missing is None


def test_disagreements_alone_decide_with_a_tenth_of_the_labels_of_a_plain_test_set() -> None:
    plain = _decide(make_evidence(won=110, lost=50, agreed=1_840))
    disagreements = _decide(_disagreements(won=110, lost=50))

    assert disagreements.labels == 160
    assert disagreements.messages == 2_000
    assert disagreements.decision == plain.decision == "promote"
    assert disagreements.difference == pytest.approx(plain.difference)
    assert disagreements.ci_lower == pytest.approx(plain.ci_lower, abs=0.002)


def test_a_disagreement_that_neither_model_gets_right_is_a_label_but_no_win() -> None:
    verdict = _decide(_disagreements(won=110, lost=50, neither=40))

    assert (verdict.labels, verdict.won, verdict.lost) == (200, 110, 50)
    assert verdict.messages == 2_500
    assert verdict.difference == pytest.approx(60 / 2_500)


def test_missing_labels_are_counted_in_disagreements_where_these_decide() -> None:
    verdict = _decide(_disagreements(won=12, lost=10))

    plain = _decide(make_evidence(won=12, lost=10, agreed=253))
    assert verdict.labels_missing
    assert plain.labels_missing
    assert verdict.labels_missing < plain.labels_missing / 8


def test_the_same_evidence_promotes_less_easily_at_a_later_look() -> None:
    evidence = make_evidence(won=103, lost=65, agreed=1_832)
    first = _decide(evidence)
    looks = [first.as_look] * 3

    later = decide(evidence, CANDIDATE, CHAMPION, looks)

    assert later.look == 4
    assert later.looks_left == 8
    assert later.level < 0.05
    assert looks_of([first]) == (Look(champion="old", discordant=168, spent=first.spent),)


def test_after_the_last_look_no_evidence_promotes_any_more() -> None:
    looks = [Look(champion="old", discordant=10, spent=0.004)] * 12

    verdict = decide(make_evidence(won=300, lost=10, agreed=900), CANDIDATE, CHAMPION, looks)

    assert verdict.decision == "hold"
    assert verdict.labels_missing is None
    assert "Train another one" in " ".join(describe_verdict(verdict))


def test_an_equal_candidate_is_promoted_only_where_it_is_smaller_faster_or_needed() -> None:
    evidence = make_evidence(won=20, lost=20, agreed=4_960)
    times = np.linspace(1, 2, 500)
    same, slow = replace(CANDIDATE, milliseconds=times), replace(CHAMPION, milliseconds=times)

    def grounds(candidate: ModelFacts, champion: ModelFacts = CHAMPION) -> tuple[str, ...]:
        verdict = decide(evidence, candidate, champion, catalogue=CATALOGUE)
        assert verdict.decision == ("promote" if verdict.non_inferiority else "hold")
        return verdict.non_inferiority.grounds if verdict.non_inferiority else ()

    assert grounds(CANDIDATE) == ()
    assert grounds(same, slow) == ()
    assert grounds(replace(CANDIDATE, size_bytes=800)) == ("smaller",)
    assert grounds(replace(CANDIDATE, milliseconds=times / 2), slow) == ("faster",)
    assert grounds(NEEDED) == ("needed",)


def test_non_inferiority_that_is_not_shown_is_held_with_its_power() -> None:
    verdict = decide(
        make_evidence(won=10, lost=10, agreed=230), NEEDED, CHAMPION, catalogue=CATALOGUE
    )

    assert verdict.decision == "hold"
    assert verdict.non_inferiority is not None
    assert 0 < verdict.non_inferiority.power < 0.5
    assert "power" in " ".join(describe_verdict(verdict))


def test_a_needed_candidate_that_is_worse_by_more_than_the_margin_is_rejected() -> None:
    verdict = decide(
        make_evidence(won=20, lost=200, agreed=4_780), NEEDED, CHAMPION, catalogue=CATALOGUE
    )

    assert verdict.decision == "reject"
    assert verdict.vetoes[0].margin == 0.01


def test_an_intent_that_is_shown_to_be_lost_is_a_veto_however_much_better_the_rest_is() -> None:
    lost = make_evidence(lost=20, agreed=20, intent="b")

    verdict = _decide(join(make_evidence(won=300, lost=20, agreed=1_000), lost))

    assert verdict.decision == "reject"
    assert _vetoes(verdict) == [("recall", "b")]


def test_a_loss_that_could_be_chance_is_no_veto() -> None:
    unproven = make_evidence(lost=3, agreed=5, intent="b")

    verdict = _decide(join(make_evidence(won=300, lost=20, agreed=1_000), unproven))

    assert verdict.decision == "promote"
    assert not verdict.vetoes


def test_a_loss_below_the_margin_is_no_veto_even_where_it_is_shown() -> None:
    small = make_evidence(lost=30, agreed=1_970, intent="b")

    verdict = _decide(join(make_evidence(won=300, agreed=1_000), small))

    assert verdict.decision == "promote"


def test_recalls_are_corrected_for_the_number_of_intents_that_could_show_a_loss() -> None:
    def verdict(others: int) -> Verdict:
        parts = [make_evidence(won=9, lost=1, agreed=40, intent=f"x{n:02}") for n in range(others)]
        return _decide(join(make_evidence(won=1, lost=9, agreed=30, intent="b"), *parts))

    assert _vetoes(verdict(others=1)) == [("recall", "b")]
    assert _vetoes(verdict(others=20)) == []


def test_disagreements_alone_show_that_an_intent_is_lost() -> None:
    lost = make_evidence(lost=25, intent="b")
    evidence = join(make_evidence(won=100, lost=10), lost)
    counts = CapturedCounts(2_000, 135, {"a": 1_800, "b": 65})
    evidence = replace(evidence, is_gold=np.zeros(len(evidence), bool), captured=counts)

    assert _vetoes(_decide(evidence)) == [("recall", "b")]


def test_worse_recall_of_out_of_scope_messages_is_a_veto() -> None:
    outside = make_evidence(agreed=100, intent="unknown")
    outside.champion.is_out_of_scope[:] = True
    outside.candidate.is_out_of_scope[:80] = True
    accepting = outside.candidate.is_accepted
    accepting[:] = False
    outside.champion.is_accepted[:] = False

    verdict = _decide(join(make_evidence(won=300, lost=20, agreed=1_000), outside))

    assert _vetoes(verdict) == [("out_of_scope_recall", None)]


def test_accepting_out_of_scope_messages_with_confidence_is_a_veto() -> None:
    outside = make_evidence(agreed=100, intent="unknown")
    for answers in (outside.candidate, outside.champion):
        answers.is_out_of_scope[:] = True
    outside.champion.is_accepted[:] = False
    outside.candidate.is_accepted[20:] = False

    verdict = _decide(join(make_evidence(won=300, lost=20, agreed=1_000), outside))

    assert _vetoes(verdict) == [("false_accept_rate", None)]


def test_worse_calibration_is_a_veto_where_it_is_shown() -> None:
    evidence = make_evidence(won=80, lost=20, agreed=1_000)
    evidence.candidate.confidences[:] = 0.6
    evidence.champion.confidences[:] = 0.92

    assert _vetoes(_decide(evidence)) == [("calibration", None)]


def test_few_gold_texts_show_nothing_about_calibration() -> None:
    evidence = make_evidence(won=20, lost=2, agreed=127)
    evidence.candidate.confidences[:] = 0.6
    evidence.champion.confidences[:] = 0.92

    verdict = _decide(evidence)

    assert verdict.gold == MIN_CALIBRATION_MESSAGES - 1
    assert verdict.decision == "promote"


def test_a_much_larger_or_slower_model_is_a_veto() -> None:
    times = np.linspace(1, 2, 500)
    evidence = make_evidence(won=110, lost=50, agreed=1_840)
    champion = replace(CHAMPION, milliseconds=times)
    slower = replace(CANDIDATE, size_bytes=2_000, milliseconds=times * 1.7)
    similar = replace(CANDIDATE, size_bytes=1_200, milliseconds=times * 1.2)

    assert _vetoes(decide(evidence, slower, champion)) == [("size", None), ("latency", None)]
    assert decide(evidence, similar, champion).decision == "promote"


def test_a_candidate_that_does_not_know_an_intent_in_use_is_rejected() -> None:
    forgetful = replace(CANDIDATE, labels=("a", "unknown"))
    evidence = make_evidence(won=110, lost=50, agreed=1_840)

    assert _vetoes(_decide(evidence, forgetful)) == [("intents", "b")]
    retired = decide(evidence, forgetful, CHAMPION, catalogue=("a", "unknown"))
    assert retired.decision == "promote"


def test_a_promotion_that_rests_on_one_reviewer_is_not_robust() -> None:
    reviewers = [0] * 100 + [1] * 60 + [2] * 1_840
    evidence = make_evidence(won=110, lost=50, agreed=1_840, reviewers=reviewers)

    verdict = _decide(evidence)

    assert verdict.robustness is not None
    assert (verdict.robustness.reviewers, verdict.robustness.senders) == (1, 0)
    assert not verdict.robustness.holds
    assert "depends on single persons" in " ".join(describe_verdict(verdict))


def test_a_promotion_that_rests_on_one_sender_is_not_robust() -> None:
    senders = [7] * 80 + list(range(10, 1_930))
    evidence = make_evidence(won=110, lost=50, agreed=1_840, senders=senders)

    verdict = _decide(evidence)

    assert verdict.robustness is not None
    assert (verdict.robustness.reviewers, verdict.robustness.senders) == (0, 1)


def test_a_promotion_that_rests_on_many_is_robust() -> None:
    rows = np.arange(2_000)
    evidence = make_evidence(
        won=130,
        lost=50,
        agreed=1_820,
        senders=(rows % 50).tolist(),
        reviewers=(rows % 5).tolist(),
    )

    verdict = _decide(evidence)

    assert verdict.robustness is not None
    assert verdict.robustness.holds


def test_a_loss_that_one_reviewer_hides_makes_a_promotion_depend_on_him() -> None:
    """He says of 30 texts that they have the intent that the candidate gives them."""
    honest = make_evidence(lost=14, agreed=60, intent="b", reviewers=[0] * 74)
    malicious = make_evidence(won=30, intent="b", reviewers=[1] * 30)
    rest = make_evidence(won=200, lost=20, agreed=500, reviewers=[2, 3] * 360)

    verdict = _decide(join(rest, honest, malicious))

    assert verdict.decision == "promote"
    assert verdict.robustness is not None
    assert verdict.robustness.reviewers == 1


def test_a_verdict_survives_the_ledger_and_holds_nothing_about_texts_or_people() -> None:
    verdict = _decide(make_evidence(won=110, lost=50, agreed=1_840, reviewers=[0, 1] * 1_000))

    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
    names = set(verdict.model_dump())
    assert not names & {"texts", "truth", "reviewers", "senders"}


def test_settings_change_what_is_allowed() -> None:
    evidence = make_evidence(won=110, lost=50, agreed=1_840)
    larger = replace(CANDIDATE, size_bytes=1_900)

    assert decide(evidence, larger, CHAMPION).decision == "reject"
    lenient = GateSettings(max_size_ratio=2)
    assert decide(evidence, larger, CHAMPION, settings=lenient).decision == "promote"
