"""Corrections: who made them, which intents they may name, how they are taken back."""

from uuid import UUID

import pytest
from psycopg import errors

from prompt_capture.domain.reviewers import ANONYMOUS_REVIEWERS, ERASED_PREFIX

from .rows import CORRECTED, FAILED, LONG_AGO, as_backend, correct, decide, read, update
from .server import Connection


def retire(dashboard: Connection, intent: str, in_days: int = 0) -> None:
    """Retire an intent, now or on a day to come."""
    dashboard.execute(
        """update public.intent_catalogue set retired_at = now() + make_interval(days => %s)
           where intent = %s""",
        [in_days, intent],
    )


def reviewers(dashboard: Connection) -> list[object]:
    """Name who corrected, oldest first."""
    events = dashboard.execute("select reviewer from public.correction_events order by id")
    return [reviewer for (reviewer,) in events.fetchall()]


def test_a_correction_of_a_log_row_in_the_dashboard_with_a_name_keeps_it(
    dashboard: Connection, log_id: UUID
) -> None:
    update(dashboard, log_id, **CORRECTED)
    assert read(dashboard, log_id, "corrected_by") == ("ann",)
    assert reviewers(dashboard) == ["ann"]


def test_a_correction_of_a_log_row_without_a_name_is_the_dashboards(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help")
    update(dashboard, log_id, corrected_intent="search")
    (at,) = read(dashboard, log_id, "corrected_at")
    assert at > LONG_AGO
    assert reviewers(dashboard) == ["ann", "dashboard"]


def test_a_reviewer_may_correct_themselves(dashboard: Connection, log_id: UUID) -> None:
    correct(dashboard, log_id, "help")
    correct(dashboard, log_id, "search")
    assert read(dashboard, log_id, "corrected_intent") == ("search",)
    assert reviewers(dashboard) == ["ann", "ann"]


@pytest.mark.parametrize(
    "name",
    ["legacy", "dashboard", " Dashboard ", "LEGACY", "", "  ", "\u00a0", "erased-0123456789ab"],
)
def test_nobody_signs_with_a_name_that_is_kept_or_with_none(
    dashboard: Connection, log_id: UUID, name: str
) -> None:
    with pytest.raises(errors.CheckViolation, match="name is reserved") as refused:
        correct(dashboard, log_id, "help", reviewer=name)
    assert "your own name" in str(refused.value.diag.message_hint)
    assert refused.value.diag.message_detail is None
    assert reviewers(dashboard) == []


@pytest.mark.parametrize("name", ["legacy", "erased-0123456789ab"])
def test_nor_does_anybody_in_the_dashboard(dashboard: Connection, log_id: UUID, name: str) -> None:
    with pytest.raises(errors.CheckViolation, match="name is reserved"):
        decide(dashboard, "push my dentist thing to friday", corrected_intent="help", reviewer=name)
    with pytest.raises(errors.CheckViolation, match="name is reserved"):
        dashboard.execute(
            """insert into public.correction_events (log_id, to_intent, reviewer)
               values (%s, 'help', %s)""",
            [log_id, name],
        )


def test_the_names_that_are_kept_are_the_packages(dashboard: Connection) -> None:
    kept = dashboard.execute("select unnest(private.anonymous_reviewers())").fetchall()
    assert {name for (name,) in kept} == ANONYMOUS_REVIEWERS
    reserved = dashboard.execute(
        "select private.is_reserved_reviewer(%s)", [f"{ERASED_PREFIX}x"]
    ).fetchone()
    assert reserved == (True,)


def test_a_name_is_the_same_with_white_space_around_it(dashboard: Connection, log_id: UUID) -> None:
    correct(dashboard, log_id, "help", reviewer=" ann ")
    assert reviewers(dashboard) == ["ann"]


def test_the_backend_must_name_the_reviewer(dashboard: Connection, log_id: UUID) -> None:
    with pytest.raises(errors.CheckViolation, match="needs a reviewer") as refused:
        correct(dashboard, log_id, "help", reviewer=None)
    assert refused.value.diag.message_detail is None, "the row, prompt included, stays unsaid"


@pytest.mark.parametrize("column", ["correction_notes", "corrected_by"])
def test_notes_and_reviewer_want_a_correction(
    dashboard: Connection, log_id: UUID, column: str
) -> None:
    with pytest.raises(errors.CheckViolation, match="needs an intent") as refused:
        update(dashboard, log_id, **{column: "x"})
    assert refused.value.diag.message_detail is None


def test_a_withdrawn_correction_takes_all_of_itself_along(
    dashboard: Connection, log_id: UUID
) -> None:
    update(dashboard, log_id, **CORRECTED)
    update(dashboard, log_id, corrected_intent=None)
    shown = read(dashboard, log_id, "corrected_intent", "correction_notes", "corrected_at")
    assert shown == (None, None, None)


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
