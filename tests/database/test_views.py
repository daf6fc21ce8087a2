"""The views for the weekly review return correct figures."""

from decimal import Decimal
from typing import Any

from .actors import ALICE
from .rows import FAILED_OUTCOME, correct, insert, update_as_backend
from .server import Connection


def read_view(dashboard: Connection, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
    """Return the rows of a view, read as the backend."""
    with dashboard.transaction():
        dashboard.execute("set local role service_role")
        return dashboard.execute(f"select {columns} from public.{name}".encode()).fetchall()


def test_reviewer_agreement_is_cohens_kappa(dashboard: Connection) -> None:
    # The textbook example: both yes 20 times, both no 15 times, 5 and 10 disagreements: 0.4.
    votes = [("help", "help")] * 20 + [("help", "search")] * 5
    votes += [("search", "help")] * 10 + [("search", "search")] * 15
    dashboard.execute("update private.settings set daily_cap = 1000")
    for number, (first, second) in enumerate(votes):
        log_id = insert(dashboard, prompt=f"text {number}")
        correct(dashboard, log_id, first, "ann")
        correct(dashboard, log_id, second, "bob")
    assert read_view(dashboard, "reviewer_agreement") == [
        ("ann", "bob", 50, Decimal("0.700"), Decimal("0.500"), Decimal("0.400"))
    ]
    assert len(read_view(dashboard, "disputed_texts")) == 15


def test_reviewer_agreement_counts_latest_votes_and_no_edits_without_a_reviewer(
    dashboard: Connection,
) -> None:
    log_id = insert(dashboard)
    for reviewer, intent in (("ann", "help"), ("bob", "help"), ("ann", "search")):
        correct(dashboard, log_id, intent, reviewer)
    dashboard.execute("update public.nlu_prompt_logs set corrected_intent = 'status'")
    pairs = read_view(dashboard, "reviewer_agreement", "reviewer_a, reviewer_b, agreed")
    assert pairs == [("ann", "bob", Decimal("0.000"))]


def test_a_disputed_text_shows_the_vote_of_each_reviewer(dashboard: Connection) -> None:
    log_id = insert(dashboard)
    correct(dashboard, log_id, "help", "ann")
    correct(dashboard, log_id, "search", "bob")
    assert read_view(dashboard, "disputed_texts", "text, latest_intents") == [
        ("push my dentist thing to friday", {"ann": "help", "bob": "search"})
    ]


def test_corrections_are_counted_by_reviewer_and_channel(dashboard: Connection) -> None:
    first, second = insert(dashboard), insert(dashboard, prompt="another")
    correct(dashboard, first, "reschedule", "ann")
    correct(dashboard, second, "help", "ann")
    correct(dashboard, second, "search", "bob", channel="import")
    columns = "reviewer, channel, corrections, confirmed, changed"
    assert read_view(dashboard, "corrections_by_reviewer", columns) == [
        ("ann", "api", 2, 1, 1),
        ("bob", "import", 1, 0, 1),
    ]


def test_failures_reviews_and_confidence_are_counted(dashboard: Connection) -> None:
    failed = insert(dashboard, prompt="one", confidence=1.0)
    update_as_backend(dashboard, failed, **FAILED_OUTCOME)
    correct(dashboard, insert(dashboard, prompt="two", confidence=0.55), "help")
    correct(dashboard, insert(dashboard, prompt="three", confidence=0.51), "reschedule")
    columns = "messages, failed, reviewed, changed, reviewed_accuracy"
    assert read_view(dashboard, "intent_health", columns) == [(3, 1, 2, 1, Decimal("0.500"))]
    assert read_view(dashboard, "failed_workflows", "id, execution_error") == [
        (failed, "no such event")
    ]
    columns = "confidence_bin, messages, reviewed, confirmed"
    assert read_view(dashboard, "confidence_distribution", columns) == [
        (0.5, 2, 2, 1),
        (0.9, 1, 0, 0),
    ]


MESSAGES = """
insert into public.nlu_prompt_logs
  (id, user_id, prompt, predicted_intent, confidence, source, model_version)
select gen_random_uuid(), %s, n || '. message', 'help', case when n %% 5 = 0 then 0.4 else 0.9 end,
  'model', 'test-1'
from generate_series(1, 1500) as numbers (n)
"""
# Predictions with low confidence are correct in half of the cases, the others in seven of eight.
CORRECTIONS = """
insert into public.correction_events (log_id, to_intent, reviewer, channel)
select id, case when case when confidence < 0.7 then right(split_part(prompt, '.', 1), 2)::integer
    %% 10 = 0 else right(split_part(prompt, '.', 1), 1) <> '3' end then 'help' else 'search' end,
  'ann', 'api'
from public.nlu_prompt_logs where sampling_probability is not null and {chosen}
"""


def test_live_accuracy_is_estimated_from_the_reviewed_sample(dashboard: Connection) -> None:
    dashboard.execute("update private.settings set daily_cap = 10000, audit_rate = 0.1")
    dashboard.execute("select setseed(0.2)")
    dashboard.execute(MESSAGES, [ALICE])
    assert read_view(dashboard, "live_accuracy", "accuracy, is_complete") == [(None, False)]
    review = CORRECTIONS.replace("%%", "%")
    dashboard.execute(review.format(chosen="true").encode())
    ((accuracy, low, high, messages, complete),) = read_view(
        dashboard, "live_accuracy", "accuracy, ci_lower, ci_upper, messages, is_complete"
    )
    # Of the 300 messages with low confidence 150 are correct, and of the other 1,200 1,050.
    truth = Decimal((150 + 1050) / 1500)
    assert low <= truth <= high
    assert high - low < Decimal("0.15")
    assert (messages, complete) == (1500, True)
    naive = read_view(dashboard, "intent_health", "reviewed_accuracy")
    assert naive[0][0] < low, "the reviewed messages are not a random sample"
    assert accuracy == compute_estimate(dashboard)


def compute_estimate(dashboard: Connection) -> Decimal:
    """Return the Horvitz-Thompson estimate by its definition: each row weighs 1 / probability."""
    rows = dashboard.execute(
        """select sampling_probability, corrected_intent = predicted_intent
           from public.nlu_prompt_logs where sampling_probability is not null"""
    ).fetchall()
    weights = [(1 / float(str(probability)), bool(correct)) for probability, correct in rows]
    estimate = sum(weight for weight, correct in weights if correct) / sum(w for w, _ in weights)
    return Decimal(f"{estimate:.4f}")
