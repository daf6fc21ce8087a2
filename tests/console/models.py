"""A registry of models with a history, for the screen of operators."""

import psycopg

from infra.local.stack import Stack
from tests.database.registry import build_model, call, promote, quarantine
from tests.unit.gate_evidence import CANDIDATE, CHAMPION, join, make_evidence
from training.gate.backtest import Backtest, IntentShare, ModelFigures
from training.gate.evidence import PairedEvidence
from training.gate.figures import ConfidenceBand, GoldConfusion, compare_intents
from training.gate.ledger import RecordedVerdict
from training.gate.verdict import decide

EVIDENCE = {
    "sample": "audited",
    "messages": 640,
    "difference": {"value": 0.012, "lower": 0.003, "upper": 0.021},
    "settings": {"level": 0.95, "decided_by": ["accuracy", "no intent is worse"]},
}
_USERS = """
insert into auth.users (id)
select md5('split ' || number)::uuid from generate_series(1, 800) as number
on conflict do nothing"""
_OUTCOMES = """
insert into public.nlu_prompt_logs
  (id, user_id, prompt, predicted_intent, confidence, source, model_version, text_key,
   was_successful, outcome_recorded_at)
select md5('message ' || number)::uuid, md5('split ' || number)::uuid, 'push it to friday',
  'reschedule', 0.9, 'model', 'test-1', decode(md5('text'), 'hex'),
  number <= 328 or number between 401 and 724, now()
from generate_series(1, 800) as number"""
_ARMS = """
insert into private.split_messages
  (log_id, split_id, arm, is_fallback, sender, was_successful)
select md5('message ' || number)::uuid, id,
  case when number <= 400 then 'champion' else 'challenger' end, number > 760, number,
  number <= 328 or number between 401 and 724
from generate_series(1, 800) as number, private.split"""
HOSTILE = "<img src=x onerror=alert(1)> \N{RIGHT-TO-LEFT OVERRIDE}nothing"
"""A reason that is no text where somebody forgets to escape it."""


def gold_answers() -> PairedEvidence:
    """Return the answers of both models to gold texts of four intents."""
    return join(
        make_evidence(won=24, lost=2, agreed=60, intent="email"),
        make_evidence(won=12, lost=3, agreed=70, intent="scheduling"),
        make_evidence(won=4, lost=5, agreed=40, intent="search"),
        make_evidence(agreed=40, intent="help"),
    )


def build_verdict(candidate: str, champion: str) -> RecordedVerdict:
    """Return a verdict as the retraining records it, whose candidate is better at e-mail."""
    evidence = gold_answers()
    verdict = decide(evidence, CANDIDATE, CHAMPION)
    names = {"candidate": candidate, "champion": champion}
    backtest = Backtest(
        candidate=_figures(
            candidate,
            bands=((5, 40, 26), (7, 60, 51), (9, 160, 156)),
            confusions=(
                ("search", "email", 5),
                ("scheduling", "help", 3),
                ("email", "search", 2),
            ),
        ),
        champion=_figures(
            champion,
            bands=((5, 40, 20), (7, 60, 38), (9, 160, 142)),
            confusions=(
                ("email", "search", 24),
                ("scheduling", "help", 12),
                ("search", "scheduling", 4),
            ),
        ),
        captured=2_000,
        left_out=40,
        disagreements=120,
        drawable=90,
        intents=(
            IntentShare(intent="email", candidate=700, champion=640, gained=80, given_up=20),
            IntentShare(intent="search", candidate=500, champion=560, gained=10, given_up=70),
        ),
        gold=evidence.gold,
        decided=0,
        learnt=3,
        repeated=1,
        outdated=0,
        changes=tuple(compare_intents(evidence)),
    )
    return RecordedVerdict(
        verdict=verdict.model_copy(update=names), backtest=backtest, evidence_sha256="0" * 64
    )


def _figures(
    version: str,
    bands: tuple[tuple[int, int, int], ...],
    confusions: tuple[tuple[str, str, int], ...],
) -> ModelFigures:
    """Return figures of a model. Each band has its number, its texts and those that are correct."""
    correct, texts = (sum(each[part] for each in bands) for part in (2, 1))
    return ModelFigures(
        version=version,
        size_bytes=7_400_000,
        accuracy=correct / texts,
        excess_calibration_error=0.013,
        out_of_scope=0.04,
        p50_ms=0.21,
        p99_ms=3.9,
        bands=tuple(
            ConfidenceBand(band=band, texts=texts, correct=correct)
            for band, texts, correct in bands
        ),
        confusions=tuple(
            GoldConfusion(intent=intent, predicted=predicted, texts=texts)
            for intent, predicted, texts in confusions
        ),
    )


def register_models(stack: Stack) -> None:
    """Register three models, of which the second one serves and the first one is quarantined."""
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as connection:
        connection.execute("set role model_registrar")
        for version, accuracy in (("first", 0.89), ("second", 0.91), ("third", 0.92)):
            model = build_model(
                f"assistant-{version}", metrics={"accuracy": accuracy, "macro_f1": accuracy - 0.02}
            )
            call(
                connection,
                "register_model",
                model=model,
                actor="grace",
                reason=f"Trained on the corrections of the {version} week.",
                evidence=EVIDENCE,
            )
        promote(connection, "assistant-first")
        promote(connection, "assistant-second")
        quarantine(connection, "assistant-first")


def record_verdict(stack: Stack, reason: str = "Promote assistant-third.") -> None:
    """Record that the third model is better than the second one, which serves."""
    recorded = build_verdict("assistant-third", "assistant-second")
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as connection:
        connection.execute("set role model_registrar")
        call(
            connection,
            "record_verdict",
            version="assistant-third",
            champion="assistant-second",
            decision=recorded.verdict.decision,
            looks_before=0,
            actor="retraining",
            reason=reason,
            evidence=recorded.model_dump(mode="json"),
        )


def start_split(stack: Stack, share: float = 0.4) -> None:
    """Start a split with the third model."""
    with psycopg.connect(stack.postgres_admin_dsn, autocommit=True) as connection:
        connection.execute("set role model_registrar")
        call(
            connection,
            "split_model",
            version="assistant-third",
            share=share,
            actor="grace",
            reason="As good on the gold texts.",
        )


def plant_outcomes(stack: Stack) -> None:
    """Record outcomes of 400 users of each arm: 328 succeeded with the champion, 324 without it."""
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        # Who has which arm is random, so the arms are planted. Triggers would refuse that.
        connection.execute("set session_replication_role = replica")
        connection.execute(_USERS)
        connection.execute(_OUTCOMES)
        connection.execute(_ARMS)
