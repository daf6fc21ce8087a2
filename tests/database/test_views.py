"""The views for the weekly review return correct figures."""

from decimal import Decimal
from typing import Any

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
