"""The timestamps of a row, which only the database sets."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from .actors import SERVICE, connect_as
from .rows import (
    CORRECTION,
    FAILED_OUTCOME,
    LONG_AGO,
    correct,
    insert,
    read,
    update,
    update_as_backend,
)
from .server import Connection, Server

CORRECTION_AND_TIMES = (
    "outcome_recorded_at", "corrected_intent", "correction_notes", "corrected_by", "corrected_at",
    "created_at", "updated_at",
)  # fmt: skip


def test_a_new_row_has_only_the_time_of_capture(dashboard: Connection) -> None:
    log_id = insert(dashboard)
    recorded, corrected, created, updated = read(
        dashboard, log_id, "outcome_recorded_at", "corrected_at", "created_at", "updated_at"
    )
    assert (recorded, corrected) == (None, None)
    assert created == updated
    assert abs((datetime.now(UTC) - created).total_seconds()) < 60


def test_an_outcome_sets_its_time(dashboard: Connection, log_id: UUID) -> None:
    update_as_backend(dashboard, log_id, **FAILED_OUTCOME)
    recorded, corrected, created, updated = read(
        dashboard, log_id, "outcome_recorded_at", "corrected_at", "created_at", "updated_at"
    )
    assert recorded == updated > LONG_AGO
    assert (corrected, created) == (None, LONG_AGO)


def test_a_correction_sets_its_time(dashboard: Connection, log_id: UUID) -> None:
    correct(dashboard, log_id, "help")
    recorded, corrected, created, updated = read(
        dashboard, log_id, "outcome_recorded_at", "corrected_at", "created_at", "updated_at"
    )
    assert corrected == updated > LONG_AGO
    assert (recorded, created) == (None, LONG_AGO)


def test_repeating_an_outcome_or_a_correction_changes_no_time(
    dashboard: Connection, log_id: UUID
) -> None:
    update_as_backend(dashboard, log_id, **FAILED_OUTCOME)
    correct(dashboard, log_id, "help")
    before = read(dashboard, log_id, *CORRECTION_AND_TIMES)
    assert update_as_backend(dashboard, log_id, **FAILED_OUTCOME) == 1
    assert correct(dashboard, log_id, "help") == 0
    assert read(dashboard, log_id, *CORRECTION_AND_TIMES) == before


def test_a_new_outcome_sets_its_time_and_does_not_change_the_correction(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help")
    update_as_backend(dashboard, log_id, **FAILED_OUTCOME)
    corrected, recorded = read(dashboard, log_id, "corrected_at", "outcome_recorded_at")
    update_as_backend(dashboard, log_id, was_successful=True, execution_error=None)
    later_corrected, later = read(dashboard, log_id, "corrected_at", "outcome_recorded_at")
    assert later > recorded > corrected
    assert later_corrected == corrected


def test_retracting_an_outcome_clears_its_time(dashboard: Connection, log_id: UUID) -> None:
    update_as_backend(dashboard, log_id, **FAILED_OUTCOME)
    update_as_backend(
        dashboard, log_id, was_successful=None, workflow_type=None, execution_error=None
    )
    assert read(dashboard, log_id, "outcome_recorded_at") == (None,)


@pytest.mark.parametrize("column", ["outcome_recorded_at", "corrected_at", "updated_at"])
@pytest.mark.parametrize("value", [LONG_AGO, None])
def test_a_timestamp_cannot_be_set_by_hand(
    dashboard: Connection, log_id: UUID, column: str, value: datetime | None
) -> None:
    update(dashboard, log_id, **FAILED_OUTCOME, **CORRECTION)
    before = read(dashboard, log_id, *CORRECTION_AND_TIMES)
    update(dashboard, log_id, **{column: value})
    assert read(dashboard, log_id, *CORRECTION_AND_TIMES) == before


def test_inserting_a_row_with_outcome_and_correction_sets_their_times(
    dashboard: Connection,
) -> None:
    log_id = insert(dashboard, **FAILED_OUTCOME, **CORRECTION, corrected_at=LONG_AGO)
    corrected, recorded = read(dashboard, log_id, "corrected_at", "outcome_recorded_at")
    assert corrected == recorded > LONG_AGO


def test_outcomes_from_the_backend_have_the_time_of_the_transaction(
    server: Server, populated: str
) -> None:
    with connect_as(server, populated, SERVICE) as backend:
        updated = backend.execute(
            "update public.nlu_prompt_logs set was_successful = true, workflow_type = 'move'"
        )
        assert updated.rowcount == 5
        others = backend.execute(
            "select from public.nlu_prompt_logs where outcome_recorded_at is distinct from now()"
        )
        assert others.rowcount == 0
