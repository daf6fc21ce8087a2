"""Corrections: the reviewer's name, the allowed intents, and retracted corrections."""

from uuid import UUID

import pytest
from psycopg import errors

from prompt_capture.domain.changes import ANONYMOUS_REVIEWERS, ERASED_PREFIX

from .actors import ALICE, BOB
from .rows import (
    CORRECTION,
    FAILED_OUTCOME,
    LONG_AGO,
    add_user,
    complete_captures,
    correct,
    edit_queue_item,
    insert,
    read,
    update,
    update_as_backend,
)
from .server import Connection


def retire(dashboard: Connection, intent: str, in_days: int = 0) -> None:
    """Retire an intent, now or in a number of days."""
    dashboard.execute(
        """update public.intent_catalogue set retired_at = now() + make_interval(days => %s)
           where intent = %s""",
        [in_days, intent],
    )


def read_reviewers(dashboard: Connection) -> list[object]:
    """Return the reviewers of all events, oldest first."""
    events = dashboard.execute("select reviewer from public.correction_events order by id")
    return [reviewer for (reviewer,) in events.fetchall()]


def test_an_edit_of_a_captured_row_is_signed_with_the_given_name(
    dashboard: Connection, log_id: UUID
) -> None:
    update(dashboard, log_id, **CORRECTION)
    assert read(dashboard, log_id, "corrected_by") == ("ann",)
    assert read_reviewers(dashboard) == ["ann"]


def test_an_edit_of_a_captured_row_without_a_name_is_signed_dashboard(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help")
    update(dashboard, log_id, corrected_intent="search")
    (corrected_at,) = read(dashboard, log_id, "corrected_at")
    assert corrected_at > LONG_AGO
    assert read_reviewers(dashboard) == ["ann", "dashboard"]


def test_a_reviewer_can_change_their_own_correction(dashboard: Connection, log_id: UUID) -> None:
    correct(dashboard, log_id, "help")
    correct(dashboard, log_id, "search")
    assert read(dashboard, log_id, "corrected_intent") == ("search",)
    assert read_reviewers(dashboard) == ["ann", "ann"]


@pytest.mark.parametrize(
    "name",
    [
        "legacy", "dashboard", " Dashboard ", "LEGACY", "", "  ", "\u00a0", "erased-0123456789ab",
        "Erased\u20100123456789ab", "erased\u2014a", "erased\u2212a",
    ],
)  # fmt: skip
def test_the_backend_cannot_use_a_reserved_or_empty_reviewer_name(
    dashboard: Connection, log_id: UUID, name: str
) -> None:
    with pytest.raises(errors.CheckViolation, match="reserved") as refused:
        correct(dashboard, log_id, "help", reviewer=name)
    assert "your own name" in str(refused.value.diag.message_hint)
    assert refused.value.diag.message_detail is None
    assert read_reviewers(dashboard) == []


@pytest.mark.parametrize("name", ["legacy", "erased-0123456789ab"])
def test_the_dashboard_cannot_use_a_reserved_reviewer_name(
    dashboard: Connection, log_id: UUID, name: str
) -> None:
    with pytest.raises(errors.CheckViolation, match="reserved"):
        edit_queue_item(
            dashboard, "push my dentist thing to friday", corrected_intent="help", reviewer=name
        )
    with pytest.raises(errors.CheckViolation, match="reserved"):
        dashboard.execute(
            """insert into public.correction_events (log_id, to_intent, reviewer)
               values (%s, 'help', %s)""",
            [log_id, name],
        )


def test_the_database_and_the_package_reserve_the_same_names(dashboard: Connection) -> None:
    names = dashboard.execute("select unnest(private.anonymous_reviewers())").fetchall()
    assert {name for (name,) in names} == ANONYMOUS_REVIEWERS
    reserved = dashboard.execute(
        "select private.is_reserved_reviewer(%s)", [f"{ERASED_PREFIX}x"]
    ).fetchone()
    assert reserved == (True,)


def test_a_reviewer_name_is_trimmed(dashboard: Connection, log_id: UUID) -> None:
    correct(dashboard, log_id, "help", reviewer=" ann ")
    assert read_reviewers(dashboard) == ["ann"]


@pytest.mark.parametrize(
    "name", ["Ann-Marie O\u2019Neill (2nd reviewer)", "dead\u2013beef", "urn:uuid:ann", f"x{ALICE}"]
)
def test_a_reviewer_name_that_is_no_id_stays_as_it_was_typed(
    dashboard: Connection, log_id: UUID, name: str
) -> None:
    correct(dashboard, log_id, "help", reviewer=name)
    assert read_reviewers(dashboard) == [name]


def test_the_backend_must_name_the_reviewer(dashboard: Connection, log_id: UUID) -> None:
    with pytest.raises(errors.CheckViolation, match="needs a reviewer") as refused:
        correct(dashboard, log_id, "help", reviewer=None)
    assert refused.value.diag.message_detail is None, "the detail would quote the row"


@pytest.mark.parametrize("column", ["correction_notes", "corrected_by"])
def test_notes_or_a_reviewer_without_an_intent_are_refused(
    dashboard: Connection, log_id: UUID, column: str
) -> None:
    with pytest.raises(errors.CheckViolation, match="needs an intent") as refused:
        update(dashboard, log_id, **{column: "x"})
    assert refused.value.diag.message_detail is None


def test_retracting_a_correction_clears_its_notes_and_time(
    dashboard: Connection, log_id: UUID
) -> None:
    update(dashboard, log_id, **CORRECTION)
    update(dashboard, log_id, corrected_intent=None)
    correction = read(dashboard, log_id, "corrected_intent", "correction_notes", "corrected_at")
    assert correction == (None, None, None)


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


def test_a_correction_to_an_intent_that_was_retired_later_can_still_be_edited(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help")
    retire(dashboard, "help")
    correct(dashboard, log_id, "help", notes="was right then")
    update_as_backend(dashboard, log_id, **FAILED_OUTCOME)
    assert read(dashboard, log_id, "corrected_intent") == ("help",)


def test_an_intent_can_be_used_until_its_retirement_date(
    dashboard: Connection, log_id: UUID
) -> None:
    retire(dashboard, "help", in_days=1)
    assert correct(dashboard, log_id, "help") == 1


def test_a_correction_is_not_shown_on_a_row_that_failed_after_it(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    failing = insert(dashboard, confidence=0.95)
    insert(dashboard, user_id=BOB)
    edit_queue_item(
        dashboard, "push my dentist thing to friday", corrected_intent="help", reviewer="ann"
    )
    update_as_backend(dashboard, failing, **FAILED_OUTCOME)
    dashboard.execute(
        """insert into private.incomplete_captures (log_id, text_key)
           select id, text_key from public.nlu_prompt_logs where id = %s""",
        [failing],
    )

    complete_captures(dashboard)

    assert read(dashboard, failing, "corrected_intent", "corrected_by") == (None, None)
