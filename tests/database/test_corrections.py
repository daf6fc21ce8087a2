"""Corrections: who made them, which intents they may name, how they are taken back."""

from uuid import UUID

import pytest
from psycopg import errors

from .rows import CORRECTED, FAILED, LONG_AGO, as_backend, correct, read, update
from .server import Connection


def retire(dashboard: Connection, intent: str, in_days: int = 0) -> None:
    """Retire an intent, now or on a day to come."""
    dashboard.execute(
        """update public.intent_catalogue set retired_at = now() + make_interval(days => %s)
           where intent = %s""",
        [in_days, intent],
    )


def test_a_correction_in_the_dashboard_without_a_name_is_the_dashboards(
    dashboard: Connection, log_id: UUID
) -> None:
    update(dashboard, log_id, corrected_intent="help")
    by, at = read(dashboard, log_id, "corrected_by", "corrected_at")
    assert by == "dashboard"
    assert at > LONG_AGO


def test_a_correction_in_the_dashboard_with_a_name_keeps_it(
    dashboard: Connection, log_id: UUID
) -> None:
    update(dashboard, log_id, **CORRECTED)
    assert read(dashboard, log_id, "corrected_by") == ("ann",)


def test_an_edit_in_the_dashboard_does_not_go_by_the_last_reviewers_name(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help")
    update(dashboard, log_id, corrected_intent="search")
    assert read(dashboard, log_id, "corrected_intent", "corrected_by") == ("search", "dashboard")


def test_a_reviewer_may_correct_themselves(dashboard: Connection, log_id: UUID) -> None:
    correct(dashboard, log_id, "help")
    correct(dashboard, log_id, "search")
    assert read(dashboard, log_id, "corrected_intent", "corrected_by") == ("search", "ann")


def test_the_backend_must_name_the_reviewer(dashboard: Connection, log_id: UUID) -> None:
    with pytest.raises(errors.CheckViolation, match="names its reviewer") as refused:
        correct(dashboard, log_id, "help", reviewer=None)
    assert refused.value.diag.message_detail is None, "the row, prompt included, stays unsaid"


@pytest.mark.parametrize("column", ["correction_notes", "corrected_by"])
def test_notes_and_reviewer_want_a_correction(
    dashboard: Connection, log_id: UUID, column: str
) -> None:
    with pytest.raises(errors.CheckViolation, match="names an intent") as refused:
        update(dashboard, log_id, **{column: "x"})
    assert refused.value.diag.message_detail is None


def test_a_withdrawn_correction_takes_all_of_itself_along(
    dashboard: Connection, log_id: UUID
) -> None:
    update(dashboard, log_id, **CORRECTED)
    update(dashboard, log_id, corrected_intent=None)
    assert read(
        dashboard, log_id, "corrected_intent", "correction_notes", "corrected_by", "corrected_at"
    ) == (None, None, None, None)


def test_a_correction_to_an_intent_outside_the_catalogue_is_refused(
    dashboard: Connection, log_id: UUID
) -> None:
    with pytest.raises(errors.ForeignKeyViolation) as refused:
        correct(dashboard, log_id, "sheduling")
    assert refused.value.diag.constraint_name == "to_intent_is_in_the_catalogue"


def test_a_correction_to_a_retired_intent_is_refused(dashboard: Connection, log_id: UUID) -> None:
    retire(dashboard, "help")
    with pytest.raises(errors.ForeignKeyViolation, match="retired"):
        correct(dashboard, log_id, "help")
    with pytest.raises(errors.ForeignKeyViolation, match="retired"):
        update(dashboard, log_id, corrected_intent="help")


def test_what_was_corrected_to_an_intent_before_it_retired_can_still_be_changed(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help")
    retire(dashboard, "help")
    correct(dashboard, log_id, "help", notes="was right then")
    as_backend(dashboard, log_id, **FAILED)
    assert read(dashboard, log_id, "corrected_intent") == ("help",)


def test_an_intent_may_retire_on_a_day_to_come(dashboard: Connection, log_id: UUID) -> None:
    retire(dashboard, "help", in_days=1)
    assert correct(dashboard, log_id, "help") == 1
