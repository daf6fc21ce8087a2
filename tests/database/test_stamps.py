"""What the database itself writes into a row, and refuses to let others write."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from .actors import SERVICE, connect_as
from .rows import CORRECTION, FAILED_OUTCOME, LONG_AGO, update_as_backend, correct, insert, read, update
from .server import Connection, Server

ALL = (
    "outcome_recorded_at", "corrected_intent", "correction_notes", "corrected_by", "corrected_at",
    "created_at", "updated_at",
)  # fmt: skip


def test_a_captured_row_has_its_times_and_no_others(dashboard: Connection) -> None:
    log_id = insert(dashboard)
    recorded, corrected, created, updated = read(
        dashboard, log_id, "outcome_recorded_at", "corrected_at", "created_at", "updated_at"
    )
    assert (recorded, corrected) == (None, None)
    assert created == updated
    assert abs((datetime.now(UTC) - created).total_seconds()) < 60


def test_an_outcome_is_stamped(dashboard: Connection, log_id: UUID) -> None:
    update_as_backend(dashboard, log_id, **FAILED_OUTCOME)
    recorded, corrected, created, updated = read(
        dashboard, log_id, "outcome_recorded_at", "corrected_at", "created_at", "updated_at"
    )
    assert recorded == updated > LONG_AGO
    assert (corrected, created) == (None, LONG_AGO)


def test_a_correction_is_stamped(dashboard: Connection, log_id: UUID) -> None:
    correct(dashboard, log_id, "help")
    recorded, corrected, created, updated = read(
        dashboard, log_id, "outcome_recorded_at", "corrected_at", "created_at", "updated_at"
    )
    assert corrected == updated > LONG_AGO
    assert (recorded, created) == (None, LONG_AGO)


def test_saying_the_same_again_moves_no_time_but_finds_the_row(
    dashboard: Connection, log_id: UUID
) -> None:
    update_as_backend(dashboard, log_id, **FAILED_OUTCOME)
    correct(dashboard, log_id, "help")
    before = read(dashboard, log_id, *ALL)
    assert update_as_backend(dashboard, log_id, **FAILED_OUTCOME) == 1
    assert correct(dashboard, log_id, "help") == 0
    assert read(dashboard, log_id, *ALL) == before


def test_another_outcome_is_stamped_anew_and_leaves_the_correction_alone(
    dashboard: Connection, log_id: UUID
) -> None:
    correct(dashboard, log_id, "help")
    update_as_backend(dashboard, log_id, **FAILED_OUTCOME)
    corrected, recorded = read(dashboard, log_id, "corrected_at", "outcome_recorded_at")
    update_as_backend(dashboard, log_id, was_successful=True, execution_error=None)
    later_corrected, later = read(dashboard, log_id, "corrected_at", "outcome_recorded_at")
    assert later > recorded > corrected
    assert later_corrected == corrected


def test_an_outcome_taken_back_takes_its_time_back(dashboard: Connection, log_id: UUID) -> None:
    update_as_backend(dashboard, log_id, **FAILED_OUTCOME)
    update_as_backend(dashboard, log_id, was_successful=None, workflow_type=None, execution_error=None)
    assert read(dashboard, log_id, "outcome_recorded_at") == (None,)


@pytest.mark.parametrize("stamp", ["outcome_recorded_at", "corrected_at", "updated_at"])
@pytest.mark.parametrize("value", [LONG_AGO, None])
def test_nobody_sets_a_stamp_by_hand_not_even_in_the_dashboard(
    dashboard: Connection, log_id: UUID, stamp: str, value: datetime | None
) -> None:
    update(dashboard, log_id, **FAILED_OUTCOME, **CORRECTION)
    before = read(dashboard, log_id, *ALL)
    update(dashboard, log_id, **{stamp: value})
    assert read(dashboard, log_id, *ALL) == before


def test_a_row_added_in_the_dashboard_is_stamped_too(dashboard: Connection) -> None:
    log_id = insert(dashboard, **FAILED_OUTCOME, **CORRECTION, corrected_at=LONG_AGO)
    corrected, recorded = read(dashboard, log_id, "corrected_at", "outcome_recorded_at")
    assert corrected == recorded > LONG_AGO


def test_outcomes_pass_through_the_api_as_they_do_here(server: Server, populated: str) -> None:
    with connect_as(server, populated, SERVICE) as backend:
        reached = backend.execute(
            "update public.nlu_prompt_logs set was_successful = true, workflow_type = 'move'"
        )
        assert reached.rowcount == 5
        late = backend.execute(
            "select from public.nlu_prompt_logs where outcome_recorded_at is distinct from now()"
        )
        assert late.rowcount == 0
