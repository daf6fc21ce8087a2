"""The audit is a uniform sample of all messages, and figures come from its complete part only."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import pytest
from psycopg import errors

from prompt_capture.domain.datasets.audits import estimate_share
from tests.audits import Audit, complete_before, sum_audits

from .actors import ALICE
from .rows import FAILED_OUTCOME, add_user, correct, insert, read, update, update_as_backend
from .server import Connection, Server
from .test_views import read_view

STATES: tuple[Literal["decided", "disputed", "waiting"], ...] = ("decided", "disputed", "waiting")
COLUMNS = ("has_review_reason", "is_audited", "audit_probability")

MESSAGES = """
insert into public.nlu_prompt_logs
  (id, user_id, prompt, predicted_intent, confidence, source, model_version)
select gen_random_uuid(), %s, n || '. of ' || now(),
  case when n %% 7 = 0 then 'unknown' else 'help' end,
  case when n %% 5 = 0 then 0.4 else 0.9 end, 'model', 'test-1'
from generate_series(1, %s) as numbers (n)
"""
# Predictions with low confidence are correct in half of the cases, the others in eight of nine.
DECISIONS = """
insert into public.correction_events (log_id, to_intent, reviewer, channel)
select id, case when split_part(prompt, '.', 1)::integer
    % case when confidence < 0.7 then 2 else 9 end > 0 then predicted_intent else 'search' end,
  'ann', 'api'
from public.nlu_prompt_logs
where is_audited or (has_review_reason and not {audits_only})
order by created_at, id
"""


@pytest.fixture
def audited(dashboard: Connection) -> Connection:
    """The dashboard's connection to a database in which every message is audited."""
    configure(dashboard, audit_rate=1, daily_cap=100_000)
    return dashboard


def configure(dashboard: Connection, **settings: float) -> None:
    """Change settings."""
    for name, value in settings.items():
        dashboard.execute(f"update private.settings set {name} = %s".encode(), [value])


def decide(dashboard: Connection, audits_only: bool = True) -> None:
    """Decide the audited messages, and those with a reason for review."""
    dashboard.execute(DECISIONS.format(audits_only=audits_only).encode())


def cutoff(dashboard: Connection) -> Any:
    """Return the cut-off of the audit."""
    row = dashboard.execute("select private.audits_complete_before()").fetchone()
    return row[0] if row else None


def test_the_audit_is_independent_of_the_prediction(dashboard: Connection) -> None:
    configure(dashboard, audit_rate=0.2, daily_cap=100_000)
    dashboard.execute("select setseed(0.4)")
    dashboard.execute(MESSAGES, [ALICE, 3000])
    shares = dashboard.execute(
        """select confidence < 0.7, predicted_intent = 'unknown', avg(is_audited::integer)
           from public.nlu_prompt_logs group by 1, 2"""
    ).fetchall()
    assert len(shares) == 4
    for is_unsure, is_unknown, share in shares:
        assert 0.1 < float(str(share)) < 0.3, (is_unsure, is_unknown)
    states = dashboard.execute(
        """select distinct audit_probability, has_review_reason = (confidence < 0.7)
           from public.nlu_prompt_logs"""
    )
    assert states.fetchall() == [(0.2, True)]
    unqueued = dashboard.execute(
        """select from public.nlu_prompt_logs where is_audited and not exists (
             select from public.review_queue queue
             where queue.text_key = nlu_prompt_logs.text_key and 'random_audit' = any (reasons)
           )"""
    )
    assert unqueued.rowcount == 0


def test_the_defaults_audit_one_message_in_twenty(dashboard: Connection) -> None:
    dashboard.execute("delete from private.settings")
    dashboard.execute("insert into private.settings default values")
    row = dashboard.execute(
        "select audit_rate, audit_wait_days, min_queue_items from private.settings"
    )
    assert row.fetchone() == (0.05, 14, 20)


def test_a_rate_of_0_audits_nothing_and_1_everything(dashboard: Connection) -> None:
    configure(dashboard, audit_rate=0)
    none = insert(dashboard, prompt="none", confidence=0.9)
    configure(dashboard, audit_rate=1)
    every = insert(dashboard, prompt="every", confidence=0.9)
    assert read(dashboard, none, *COLUMNS) == (False, False, 0)
    assert read(dashboard, every, *COLUMNS) == (False, True, 1)


def test_messages_beyond_the_daily_cap_are_not_audited(audited: Connection) -> None:
    configure(audited, daily_cap=1)
    insert(audited)
    beyond = insert(audited, prompt="second")
    assert read(audited, beyond, *COLUMNS) == (False, False, None)


def test_a_confident_unknown_is_queued_for_the_audit_only(audited: Connection) -> None:
    insert(audited, predicted_intent="unknown", confidence=0.7, scope=0.1)
    reasons = audited.execute("select reasons from public.review_queue").fetchall()
    assert reasons == [(["random_audit"],)]


def test_a_failed_workflow_is_a_reason_and_changes_no_audit(dashboard: Connection) -> None:
    configure(dashboard, audit_rate=0.5)
    log_ids = [insert(dashboard, prompt=f"{n}", confidence=0.9) for n in range(20)]
    before = [read(dashboard, log_id, *COLUMNS)[1:] for log_id in log_ids]
    for log_id in log_ids:
        update_as_backend(dashboard, log_id, **FAILED_OUTCOME)
    assert [read(dashboard, log_id, *COLUMNS)[1:] for log_id in log_ids] == before
    assert {read(dashboard, log_id, "has_review_reason") for log_id in log_ids} == {(True,)}


@pytest.mark.parametrize("column", COLUMNS)
def test_nobody_can_change_the_audit_by_hand(
    dashboard: Connection, log_id: UUID, column: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        update(dashboard, log_id, **{column: 0.5 if column == "audit_probability" else None})


def test_an_audit_of_a_text_that_has_a_label_is_decided_at_once(dashboard: Connection) -> None:
    correct(dashboard, insert(dashboard), "reschedule")
    configure(dashboard, audit_rate=1)
    insert(dashboard)
    assert read_view(dashboard, "completed_audits", "is_correct") == [(True,)]


def test_the_cut_off_is_that_of_its_definition(audited: Connection) -> None:
    choose = random.Random(16)
    now = datetime.now(UTC)
    for round_number in range(6):
        audits, sender = [], uuid4()
        add_user(audited, sender)
        for number in range(40):
            captured_at = now - timedelta(days=20 - 5 * round_number / 6 - number / 4)
            state = choose.choices(STATES, (30, 1, round_number / 3))[0]
            log_id = insert(audited, prompt=f"{number}", created_at=captured_at, user_id=sender)
            if state != "waiting":
                correct(audited, log_id, "help", "ann")
            if state == "disputed":
                correct(audited, log_id, "search", "bob")
            audits.append(Audit(captured_at, state, decided_at=now))
        row = audited.execute("select private.audits_complete_before(), now()").fetchone()
        assert row is not None
        expected = complete_before(audits, now)
        assert row[0] == (row[1] if expected == now else expected), audits
        audited.execute("delete from auth.users")


def test_without_a_completed_audit_there_is_no_figure(audited: Connection) -> None:
    assert cutoff(audited) is None
    dashboard = audited
    dashboard.execute(MESSAGES, [ALICE, 50])
    columns = "messages, audited, accuracy, ci_lower, ci_upper, complete_before"
    assert read_view(dashboard, "live_accuracy", columns) == [(50, 0, None, None, None, None)]
    (results,) = read_audit_results(dashboard)
    assert results == {"complete_before": None, "results": []}
    first = dashboard.execute(
        "select id from public.nlu_prompt_logs order by created_at, id limit 20"
    ).fetchall()
    for (log_id,) in first:
        correct(dashboard, UUID(str(log_id)), "help")
    ((audits, accuracy),) = read_view(dashboard, "live_accuracy", "audited, accuracy")
    assert accuracy is None, "30 audits are needed"
    assert audits < 30


def read_audit_results(dashboard: Connection) -> tuple[Any, ...]:
    """Return what an export reads about audits."""
    row = dashboard.execute("select private.read_audit_results(0.85)").fetchone()
    assert row is not None
    return row


def test_live_accuracy_comes_from_completed_audits_alone(dashboard: Connection) -> None:
    configure(dashboard, daily_cap=100_000)
    dashboard.execute("select setseed(0.2)")
    for rate, messages in ((0.1, 1500), (0.3, 500)):
        configure(dashboard, audit_rate=rate)
        dashboard.execute(MESSAGES, [ALICE, messages])
    decide(dashboard, audits_only=False)
    ((accuracy, low, high, audited, complete),) = read_view(
        dashboard, "live_accuracy", "accuracy, ci_lower, ci_upper, audited, complete_before"
    )
    truth = 0.2 * 0.5 + 0.8 * 8 / 9
    assert low <= truth <= high
    assert high - low < 0.15
    assert complete is not None
    rows = dashboard.execute(
        """select audit_probability, (
             select queue.corrected_intent from public.review_queue queue
             where queue.text_key = logs.text_key
           ) = predicted_intent
           from public.nlu_prompt_logs logs where is_audited"""
    ).fetchall()
    assert {probability for probability, _ in rows} == {0.1, 0.3}
    assert len(rows) == audited
    estimate = estimate_share([sum_audits([(float(str(p)), bool(right)) for p, right in rows])])
    assert estimate is not None
    assert [float(value) for value in (accuracy, low, high)] == pytest.approx(estimate, abs=6e-5)
    ((naive,),) = read_view(dashboard, "intent_health", "min(reviewed_accuracy)")
    assert naive < low, "what the queue picked is no sample"


def test_a_tiers_precision_comes_from_the_audits_of_its_messages(audited: Connection) -> None:
    messages: list[tuple[str, dict[str, Any]]] = [
        ("rule", {"source": "rule"}), ("confident", {}), ("none", {"confidence": 0.5}),
        ("none", {"predicted_intent": "unknown"}), ("none", {"scope": 0.1}),
        ("failed rule", {"source": "rule"}), ("outcome", {}),
    ]  # fmt: skip
    for number, (tier, fields) in enumerate(messages):
        log_id = insert(audited, **({"prompt": f"{number}", "confidence": 0.9} | fields))
        if tier == "failed rule":
            update_as_backend(audited, log_id, **FAILED_OUTCOME)
        if tier == "outcome":
            update_as_backend(audited, log_id, was_successful=True, workflow_type="move")
        correct(audited, log_id, "help" if tier == "rule" else "reschedule")
    (audits,) = read_audit_results(audited)
    assert [result[:4] for result in audits["results"]] == [
        ["confident", "test-1", 1, 1], ["outcome", "test-1", 1, 1], ["rule", "test-1", 1, 0],
    ]  # fmt: skip
    assert audits["results"][0][4:] == [1, 1, 0, 0, 0, 0]


def test_a_decision_that_is_older_than_a_message_does_not_pass_it_over(
    audited: Connection, server: Server, database: str
) -> None:
    """The reviewers are away, while copies of a decided text go on to arrive."""
    now = datetime.now(UTC)
    for number in range(20):
        prompt = f"{number % 19}"
        captured_at = now - timedelta(days=40 if number < 19 else 1)
        log_id = insert(audited, prompt=prompt, created_at=captured_at)
        if number < 19:
            correct(audited, log_id, "help")
    waiting = insert(audited, prompt="waiting", created_at=now - timedelta(days=20))
    assert cutoff(audited) > now - timedelta(days=1), "it was decided later"
    with server.connect("supabase_admin", database) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(
            """update public.review_queue set decided_at = now() - interval '27 days'
               where decided_at is not null"""
        )
    assert cutoff(audited) == read(audited, waiting, "created_at")[0]


def test_a_dispute_about_a_popular_text_widens_the_interval_and_hides_no_figure(
    audited: Connection,
) -> None:
    popular = [insert(audited, prompt="thanks", confidence=0.9) for _ in range(40)]
    correct(audited, popular[0], "reschedule", "ann")
    for number in range(40):
        log_id = insert(audited, prompt=f"{number}", confidence=0.9)
        correct(audited, log_id, "reschedule" if number % 4 else "help")
    columns = "audited, accuracy, ci_lower, ci_upper"
    assert read_view(audited, "live_accuracy", columns)[0][0] == 80

    correct(audited, popular[1], "help", "bob")

    ((decided, *figures),) = read_view(audited, "live_accuracy", columns)
    rows: list[tuple[float, bool | None]] = [(1.0, number % 4 > 0) for number in range(40)]
    estimate = estimate_share([sum_audits([*rows, *[(1.0, None)] * 40])])
    assert estimate is not None
    assert decided == 40
    assert [float(value) for value in figures] == pytest.approx(estimate, abs=6e-5)
    assert estimate.lower < 30 / 80 < 70 / 80 < estimate.upper
    (audits,) = read_audit_results(audited)
    assert audits["results"] == [["confident", "test-1", 40, 30, 30, 30, 10, 10, 40, 40]]
