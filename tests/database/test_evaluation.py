"""The pool of disagreements, verdicts, runs and scores: what reviewers see, and what is kept."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors, sql

from .actors import ALICE, BOB
from .registry import call, connect_registrar, promote, register, roll_back
from .rows import (
    LONG_AGO,
    add_user,
    complete_captures,
    correct,
    erase,
    insert,
    read,
    refresh_queue,
)
from .server import Connection, Server
from .test_model_races import waits

CANDIDATE, CHAMPION = "candidate-1", "champion-1"
MARK = "a text that no table may keep"
"""A word in the texts of the pool, by which tests search all tables."""


@pytest.fixture
def registrar(server: Server, database: str, dashboard: Connection) -> Iterator[Connection]:
    """The registrar's connection, with a registered candidate."""
    add_user(dashboard, BOB)
    with connect_registrar(server, database) as connection:
        register(connection, CANDIDATE, CHAMPION)
        yield connection


def draw(registrar: Connection, *log_ids: UUID, probability: float = 0.5) -> int:
    """Draw texts of which the candidate says `search` and the champion `email`."""
    disagreements = [
        {"log_id": str(log_id), "candidate_intent": "search", "champion_intent": "email"}
        for log_id in log_ids
    ]
    added: int = call(
        registrar,
        "draw_disagreements",
        candidate=CANDIDATE,
        champion=CHAMPION,
        probability=probability,
        disagreements=json.dumps(disagreements),
    )
    return added


def draw_text(
    dashboard: Connection, registrar: Connection, text: str = MARK, **columns: Any
) -> UUID:
    """Capture a text and draw it; return the id of its row."""
    log_id = insert(dashboard, prompt=text, **columns)
    assert draw(registrar, log_id) == 1
    return log_id


def decide(dashboard: Connection, text: str = MARK, /, **changes: Any) -> int:
    """Edit a disagreement in the dashboard; return the number of rows updated."""
    changes = changes or {"corrected_intent": "email", "reviewer": "ben"}
    query = sql.SQL("update public.model_disagreements set {} where text = %s").format(
        sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in changes)
    )
    return dashboard.execute(query, [*changes.values(), text]).rowcount


def show(dashboard: Connection, text: str = MARK) -> tuple[object, ...]:
    """Return intent, reviewer and notes of a disagreement, and whether it is decided."""
    row = dashboard.execute(
        """select corrected_intent, reviewer, notes, decided_at is not null
           from public.model_disagreements where text = %s""",
        [text],
    ).fetchone()
    assert row is not None, "the text is not in the pool"
    return row


def count(dashboard: Connection, table: str, condition: str = "true") -> int:
    """Return how many rows of a table meet a condition."""
    query = f"select count(*)::int from {table} where {condition}"
    row = dashboard.execute(query.encode()).fetchone()
    return int(str(row[0])) if row else 0


def find_text(dashboard: Connection, text: str = MARK) -> list[str]:
    """Return the tables that hold a text."""
    tables = dashboard.execute(
        """select oid::regclass::text from pg_class
           where relkind = 'r'
             and relnamespace in ('public'::regnamespace, 'private'::regnamespace)"""
    ).fetchall()
    return [
        str(table)
        for (table,) in tables
        if count(dashboard, f"{table} t", f"to_jsonb(t)::text like '%{text}%'")
    ]


# What reviewers see -------------------------------------------------------------------------


def test_the_pool_shows_nothing_that_tells_the_models_apart(
    dashboard: Connection, registrar: Connection
) -> None:
    draw_text(dashboard, registrar, confidence=0.123456)

    cursor = dashboard.execute("select * from public.model_disagreements")
    (row,) = cursor.fetchall()

    assert [column.name for column in cursor.description or ()] == [
        *("rank", "text", "first_intent", "second_intent", "corrected_intent"),
        *("corrected_secondary_intents", "reviewer", "notes", "decided_at", "drawn_at"),
        *("id", "text_key"),
    ]
    shown = str(row)
    assert {row[2], row[3]} == {"email", "search"}
    for hidden in (CANDIDATE, CHAMPION, "reschedule", "0.123456", "test-1"):
        assert hidden not in shown


def test_intents_and_rows_of_the_pool_are_in_random_order(
    dashboard: Connection, registrar: Connection
) -> None:
    dashboard.execute("update private.settings set daily_cap = 1000")
    log_ids = [insert(dashboard, prompt=f"text {number:03}") for number in range(200)]
    assert draw(registrar, *log_ids) == 200

    rows = dashboard.execute(
        "select text, first_intent from public.model_disagreements order by rank, id"
    ).fetchall()

    # Either limit is missed once in a hundred million times.
    assert 60 < sum(first == "search" for _, first in rows) < 140
    texts = [str(text) for text, _ in rows]
    assert texts not in (sorted(texts), sorted(texts, reverse=True))
    in_order = sum(first < second for first, second in pairwise(texts))
    assert 60 < in_order < 140


def test_the_latest_draw_comes_first(dashboard: Connection, registrar: Connection) -> None:
    first = [insert(dashboard, prompt=f"first {number}") for number in range(3)]
    draw(registrar, *first)
    register(registrar, "candidate-2")
    second = insert(dashboard, prompt="second")
    disagreement = {
        "log_id": str(second), "candidate_intent": "search", "champion_intent": "email"
    }  # fmt: skip
    call(
        registrar, "draw_disagreements", candidate="candidate-2", champion=CHAMPION,
        probability=1, disagreements=json.dumps([disagreement]),
    )  # fmt: skip

    rows = dashboard.execute("select text from public.model_disagreements order by rank, id")
    assert rows.fetchall()[0] == ("second",)


def test_the_queue_does_not_offer_a_text_of_the_pool(
    dashboard: Connection, registrar: Connection
) -> None:
    draw_text(dashboard, registrar, confidence=0.1)
    insert(dashboard, prompt="other", confidence=0.6)
    dashboard.execute("update private.settings set min_queue_items = 1")

    rows = dashboard.execute(
        "select text, rank, reasons from public.review_queue order by rank, id"
    ).fetchall()

    assert [row[0] for row in rows] == ["other", MARK]
    assert rows[1][1:] == (1_000_000, ["low_confidence", "model_disagreement"])
    assert call(registrar, "read_waiting_texts", after_rank=-1, after_id=0, page_size=9)[0][3] == (
        "other"
    )
    refresh_queue(dashboard)
    with pytest.raises(errors.InsufficientPrivilege, match="reviewed blind") as refused:
        dashboard.execute(
            """update public.review_queue set corrected_intent = 'email', reviewer = 'ben'
               where text = %s""",
            [MARK],
        )
    assert "model_disagreements" in str(refused.value.diag.message_hint)


def test_a_text_of_the_pool_does_not_count_as_waiting_in_the_queue(
    dashboard: Connection, registrar: Connection
) -> None:
    draw_text(dashboard, registrar, confidence=0.1)
    insert(dashboard, prompt="sure", confidence=0.99)
    dashboard.execute("update private.settings set min_queue_items = 1")

    assert dashboard.execute("select private.fill_queue()").fetchone() == (1,)
    assert count(dashboard, "public.review_queue", "'random_fill' = any (reasons)") == 1


def test_a_dispute_about_a_text_of_the_pool_stays_blind(
    dashboard: Connection, registrar: Connection
) -> None:
    log_id = draw_text(dashboard, registrar)
    decide(dashboard)
    correct(dashboard, log_id, "search", "ann")

    assert show(dashboard) == (None, None, None, False)
    assert count(dashboard, "public.disputed_texts") == 0
    assert count(dashboard, "public.review_queue", "rank < 1000000") == 0


# Decisions ----------------------------------------------------------------------------------


def test_a_decision_in_the_pool_is_a_vote_that_labels_the_text(
    dashboard: Connection, registrar: Connection
) -> None:
    log_id = draw_text(dashboard, registrar)

    assert decide(dashboard, corrected_intent=" Email", reviewer=" ben ", notes="asks so") == 1

    assert show(dashboard) == ("email", "ben", "asks so", True)
    events = dashboard.execute(
        "select log_id, to_intent, reviewer, notes, channel from public.correction_events"
    ).fetchall()
    assert events == [(log_id, "email", "ben", "asks so", "dashboard")]
    assert count(dashboard, "public.labelled_prompts", "corrected_intent = 'email'") == 1
    assert read(dashboard, log_id, "corrected_intent") == ("email",)


def test_a_third_intent_may_be_chosen(dashboard: Connection, registrar: Connection) -> None:
    draw_text(dashboard, registrar)

    decide(dashboard, corrected_intent="status", reviewer="ben")

    assert show(dashboard)[0] == "status"


def test_cells_may_be_saved_one_by_one(dashboard: Connection, registrar: Connection) -> None:
    draw_text(dashboard, registrar)
    decide(dashboard, reviewer="ben")
    assert show(dashboard) == (None, "ben", None, False)

    decide(dashboard, corrected_intent="email")

    assert show(dashboard) == ("email", "ben", None, True)
    assert count(dashboard, "public.reviewer_votes", "reviewer = 'ben'") == 1


def test_a_decision_that_names_nobody_rests_on_one_reviewer(
    dashboard: Connection, registrar: Connection
) -> None:
    draw_text(dashboard, registrar)

    decide(dashboard, corrected_intent="email")

    assert show(dashboard) == ("email", "dashboard", None, True)
    assert count(dashboard, "public.reviewer_votes") == 0
    (evidence,) = call(registrar, "read_decided_disagreements", after_id=0, page_size=9, salt="s")
    assert len(evidence[4]["reviewers"]) == 1


def test_a_cleared_decision_withdraws_its_vote(
    dashboard: Connection, registrar: Connection
) -> None:
    draw_text(dashboard, registrar)
    decide(dashboard)

    decide(dashboard, corrected_intent=None)

    assert show(dashboard) == (None, None, None, False)
    assert count(dashboard, "public.reviewer_votes") == 0
    assert count(dashboard, "public.review_queue", "decided_at is not null") == 0


def test_two_reviewers_who_agree_blind_leave_the_text_decided(
    dashboard: Connection, registrar: Connection
) -> None:
    draw_text(dashboard, registrar)
    decide(dashboard)

    decide(dashboard, reviewer="ann")

    assert show(dashboard) == ("email", "ann", None, True)
    assert count(dashboard, "public.reviewer_votes") == 2


def test_a_vote_from_elsewhere_that_is_repeated_blind_becomes_a_blind_decision(
    dashboard: Connection, registrar: Connection
) -> None:
    log_id = draw_text(dashboard, registrar)
    correct(dashboard, log_id, "email", "ben")
    assert show(dashboard) == (None, None, None, False)

    decide(dashboard)

    assert show(dashboard) == ("email", "ben", None, True)
    assert count(dashboard, "public.correction_events") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "other"},
        {"first_intent": "help"},
        {"rank": 1},
        {"decided_at": LONG_AGO},
        {"drawn_at": LONG_AGO},
    ],
    ids=str,
)
def test_only_the_decision_can_be_edited(
    dashboard: Connection, registrar: Connection, changes: dict[str, object]
) -> None:
    draw_text(dashboard, registrar)

    with pytest.raises(errors.InsufficientPrivilege):
        decide(dashboard, **changes)


@pytest.mark.parametrize("intent", ["no such intent", "retired"])
def test_a_decision_names_an_intent_in_use(
    dashboard: Connection, registrar: Connection, intent: str
) -> None:
    dashboard.execute(
        """insert into public.intent_catalogue (intent, domain, description, retired_at)
           values ('retired', 'x', 'No more.', now())"""
    )
    draw_text(dashboard, registrar)

    with pytest.raises(errors.ForeignKeyViolation):
        decide(dashboard, corrected_intent=intent, reviewer="ben")
    assert show(dashboard) == (None, None, None, False)


def test_an_edit_of_a_row_that_has_moved_is_refused(
    dashboard: Connection, registrar: Connection
) -> None:
    draw_text(dashboard, registrar)

    with pytest.raises(errors.NoDataFound, match="has moved"):
        decide(dashboard, "another text", corrected_intent="email")


def test_decided_disagreements_move_to_the_end_at_night(
    dashboard: Connection, registrar: Connection
) -> None:
    log_id = draw_text(dashboard, registrar)
    decide(dashboard)
    assert count(dashboard, "public.model_disagreements", "rank < 1000000") == 1

    refresh_queue(dashboard)
    assert count(dashboard, "public.model_disagreements", "rank = 1000000") == 1
    assert show(dashboard)[0] == "email"

    correct(dashboard, log_id, "search", "ann")
    assert count(dashboard, "public.model_disagreements", "rank < 1000000") == 1


# Datasets -----------------------------------------------------------------------------------


def test_no_dataset_may_hold_a_text_of_the_pool_before_or_after_its_decision(
    dashboard: Connection, registrar: Connection
) -> None:
    log_id = draw_text(dashboard, registrar, confidence=0.99)
    insert(dashboard, prompt="other", confidence=0.99)

    for _ in range(2):
        prompts = dashboard.execute("select prompt from public.exportable_prompts").fetchall()
        assert prompts == [("other",)]
        refused = dashboard.execute(
            "select private.register_rows('b', 'k', array[%s]::uuid[])", [log_id]
        ).fetchone()
        assert refused == ([str(log_id)],)
        decide(dashboard)
    assert count(dashboard, "public.exported_rows") == 0


def test_a_retained_text_of_the_pool_enters_no_dataset_and_neither_do_later_copies(
    dashboard: Connection, registrar: Connection
) -> None:
    draw_text(dashboard, registrar, created_at=LONG_AGO)
    decide(dashboard)
    dashboard.execute("select private.delete_expired_rows()")
    retained = dashboard.execute(
        "select encode(text_key, 'hex')::uuid from public.labelled_texts"
    ).fetchone()
    assert retained is not None

    refused = dashboard.execute(
        "select private.register_rows('b', 'k', array[%s]::uuid[])", [retained[0]]
    ).fetchone()
    assert refused == ([str(retained[0])],)

    insert(dashboard, prompt=MARK, user_id=BOB, confidence=0.99)
    assert count(dashboard, "public.exportable_prompts") == 0
    assert count(dashboard, "public.review_queue", "'model_disagreement' = any (reasons)") == 1


def test_the_window_after_a_draw_lists_the_text_so_that_older_lines_are_withdrawn(
    dashboard: Connection, registrar: Connection
) -> None:
    log_id = insert(dashboard, prompt=MARK)
    row = dashboard.execute("select private.peek_change_number()").fetchone()
    assert row is not None

    draw(registrar, log_id)

    columns = dashboard.execute(
        """select private.read_export(%s, private.complete_change_numbers(), '', 0,
             '00000000-0000-0000-0000-000000000000', false, 10, '', null, null)""",
        [row[0]],
    ).fetchone()
    assert columns is not None
    assert columns[0][0] == [str(log_id)]  # type: ignore[index]


def test_a_draw_waits_for_an_export_that_registers_the_text_and_then_invalidates_it(
    server: Server, database: str, dashboard: Connection, registrar: Connection
) -> None:
    log_id = insert(dashboard, prompt=MARK)
    with (
        ThreadPoolExecutor(1) as threads,
        server.connect("postgres", database, autocommit=False) as export,
    ):
        opened = dashboard.execute("select clock_timestamp()").fetchone()
        export.execute("select private.register_rows('b', 'k', array[%s]::uuid[])", [log_id])
        drawing = threads.submit(draw, registrar, log_id)
        assert waits(drawing, registrar, dashboard)
        export.commit()
        assert drawing.result() == 1
    assert opened is not None
    invalid = dashboard.execute(
        "select private.has_erasures_since('b', array['k'], %s)", [opened[0]]
    )
    assert invalid.fetchone() == (True,)


def test_an_export_waits_for_a_draw_and_then_leaves_the_text_out(
    server: Server, database: str, dashboard: Connection, registrar: Connection
) -> None:
    log_id = insert(dashboard, prompt=MARK)
    with (
        ThreadPoolExecutor(1) as threads,
        server.connect("authenticator", database, autocommit=False) as drawing,
        server.connect("postgres", database) as export,
    ):
        drawing.execute("set local role model_registrar")
        assert draw(drawing, log_id) == 1
        registering = threads.submit(
            lambda: export.execute(
                "select private.register_rows('b', 'k', array[%s]::uuid[])", [log_id]
            ).fetchone()
        )
        assert waits(registering, export, dashboard)
        drawing.commit()
        assert registering.result() == ([str(log_id)],)


def test_a_text_that_is_being_corrected_is_left_out_of_a_draw(
    server: Server, database: str, dashboard: Connection, registrar: Connection
) -> None:
    corrected, other = (insert(dashboard, prompt=text) for text in ("one", "two"))
    with server.connect("authenticator", database, autocommit=False) as backend:
        backend.execute("set local role service_role")
        backend.execute(
            "select public.record_correction(%s, 'email', 'ben', null, 'api')", [corrected]
        )
        assert draw(registrar, corrected, other) == 1
        backend.commit()
    assert draw(registrar, corrected, other) == 0


INVALID_DRAWS = {
    "no probability": {"probability": None},
    "an impossible probability": {"probability": 1.5},
    "agreement": {"champion_intent": "search"},
    "no intent": {"candidate_intent": None},
    "a long intent": {"candidate_intent": "x" * 101},
    "no row": {"log_id": None},
}


@pytest.mark.parametrize("changes", INVALID_DRAWS.values(), ids=INVALID_DRAWS)
def test_what_is_no_disagreement_is_not_drawn(
    dashboard: Connection, registrar: Connection, changes: dict[str, object]
) -> None:
    log_id = insert(dashboard, prompt=MARK)
    probability = changes.get("probability", 0.5) if "probability" in changes else 0.5
    disagreement = {
        "log_id": str(log_id), "candidate_intent": "search", "champion_intent": "email"
    } | {name: value for name, value in changes.items() if name != "probability"}  # fmt: skip

    with pytest.raises(errors.CheckViolation):
        call(
            registrar, "draw_disagreements", candidate=CANDIDATE, champion=CHAMPION,
            probability=probability, disagreements=json.dumps([disagreement]),
        )  # fmt: skip
    assert count(dashboard, "public.model_disagreements") == 0


# Erasure and retention ----------------------------------------------------------------------


@pytest.mark.parametrize("is_decided", [False, True])
def test_a_text_of_the_pool_goes_with_its_last_sender(
    dashboard: Connection, registrar: Connection, is_decided: bool
) -> None:
    draw_text(dashboard, registrar)
    insert(dashboard, prompt=MARK, user_id=BOB)
    if is_decided:
        decide(dashboard, corrected_intent="email", reviewer="ben", notes=f"quotes {MARK}")

    erase(dashboard, ALICE)
    assert count(dashboard, "public.model_disagreements") == 1
    assert show(dashboard)[2] is None, "the notes were about an erased row"

    receipt = erase(dashboard, BOB)
    assert not any(receipt["counts_after"].values())
    assert find_text(dashboard) == []
    assert count(dashboard, "private.disagreement_draws") == 0


def test_a_text_of_the_pool_goes_with_the_account_of_its_sender(
    dashboard: Connection, registrar: Connection
) -> None:
    draw_text(dashboard, registrar)

    dashboard.execute("delete from auth.users where id = %s", [ALICE])

    assert find_text(dashboard) == []


def test_an_undecided_disagreement_goes_with_its_last_row(
    dashboard: Connection, registrar: Connection
) -> None:
    draw_text(dashboard, registrar, created_at=LONG_AGO)

    dashboard.execute("select private.delete_expired_rows()")

    assert find_text(dashboard) == []


def test_a_decided_disagreement_stays_evidence_as_long_as_its_retained_text(
    dashboard: Connection, registrar: Connection
) -> None:
    draw_text(dashboard, registrar, created_at=LONG_AGO)
    decide(dashboard)
    dashboard.execute("select private.delete_expired_rows()")

    (evidence,) = call(registrar, "read_decided_disagreements", after_id=0, page_size=9, salt="s")
    assert evidence[2:4] == [MARK, "email"]
    assert evidence[4]["sender"] is not None

    dashboard.execute(
        "update private.settings set row_retention_days = 1, label_retention_days = 1"
    )
    _age_retained_texts(dashboard)
    dashboard.execute("select private.delete_expired_texts()")
    assert find_text(dashboard) == []


def _age_retained_texts(dashboard: Connection) -> None:
    with dashboard.transaction():
        dashboard.execute("alter table public.labelled_texts disable trigger user")
        dashboard.execute("update public.labelled_texts set retained_at = '2001-01-01'")
        dashboard.execute("alter table public.labelled_texts enable trigger user")


def test_a_disagreement_goes_with_a_retained_text_that_is_deleted_by_hand(
    dashboard: Connection, registrar: Connection
) -> None:
    draw_text(dashboard, registrar, created_at=LONG_AGO)
    decide(dashboard)
    dashboard.execute("select private.delete_expired_rows()")

    assert dashboard.execute("delete from public.labelled_texts").rowcount == 1

    assert find_text(dashboard) == []
    assert count(dashboard, "public.correction_events") == 0


def test_an_erased_reviewer_leaves_a_pseudonym_in_the_pool(
    dashboard: Connection, registrar: Connection
) -> None:
    for text in ("decided", "typed"):
        draw_text(dashboard, registrar, text)
    decide(dashboard, "decided", corrected_intent="email", reviewer=str(BOB))
    decide(dashboard, "typed", reviewer=str(BOB), notes="unsure")

    receipt = erase(dashboard, BOB)

    assert receipt["counts_before"]["queue_items"] == 2
    assert not any(receipt["counts_after"].values())
    intent, reviewer, _, is_decided = show(dashboard, "decided")
    assert (intent, is_decided) == ("email", True)
    assert str(reviewer).startswith("erased-")
    assert show(dashboard, "typed") == (None, None, None, False)
    assert find_text(dashboard, str(BOB)) == []


def test_no_estimate_of_the_planner_reveals_a_text_or_a_name(
    dashboard: Connection, registrar: Connection
) -> None:
    for number in range(3):
        draw_text(dashboard, registrar, f"{MARK} {number}")
        decide(dashboard, f"{MARK} {number}")
    dashboard.execute("analyze public.model_disagreements, private.disagreement_draws")

    columns = dashboard.execute(
        """select attname from pg_stats where tablename = 'model_disagreements'
             and attname in ('text', 'reviewer', 'notes')"""
    ).fetchall()
    assert columns == []


# Verdicts -----------------------------------------------------------------------------------


def record_verdict(registrar: Connection, version: str = CANDIDATE, **changes: Any) -> Any:
    """Record a verdict to promote, against the packaged model."""
    verdicts = [
        one
        for one in call(registrar, "list_model_events", version=version)
        if one["kind"] == "verdict"
    ]
    arguments = {
        "version": version, "champion": None, "decision": "promote", "looks_before": len(verdicts),
        "actor": "ann", "reason": "evidence",
    }  # fmt: skip
    return call(registrar, "record_verdict", **(arguments | changes))


@pytest.mark.parametrize("decision", ["maybe", None])
def test_a_verdict_is_one_of_three(registrar: Connection, decision: str | None) -> None:
    with pytest.raises(errors.CheckViolation):
        record_verdict(registrar, decision=decision)


@pytest.mark.parametrize("actor", ["", "dashboard", "erased-1"])
def test_a_verdict_has_an_author(registrar: Connection, actor: str) -> None:
    with pytest.raises(errors.CheckViolation):
        record_verdict(registrar, actor=actor)


def test_the_evidence_of_a_verdict_cannot_forge_what_the_database_sets(
    registrar: Connection,
) -> None:
    event = record_verdict(
        registrar, decision="hold",
        evidence={"decision": "promote", "champion": CHAMPION, "look": 9, "catalogue_version": "x"},
    )  # fmt: skip

    assert (event["evidence"]["decision"], event["evidence"]["look"]) == ("hold", 1)
    assert event["evidence"]["champion"] is None
    assert len(event["evidence"]["catalogue_version"]) == 64
    with pytest.raises(errors.DatabaseError, match="No verdict"):
        call(
            registrar, "promote_model", version=CANDIDATE, actor="ann", reason="so",
            evidence={"verdict": 1, "forced": True},
        )  # fmt: skip


def test_a_change_of_the_catalogue_outdates_a_verdict(
    dashboard: Connection, registrar: Connection
) -> None:
    record_verdict(registrar)
    dashboard.execute(
        """insert into public.intent_catalogue (intent, domain, description)
           values ('payment', 'x', 'Pay.')"""
    )

    with pytest.raises(errors.DatabaseError, match="No verdict") as refused:
        call(registrar, "promote_model", version=CANDIDATE, actor="ann", reason="so")
    assert refused.value.sqlstate == "PT412"

    record_verdict(registrar)
    assert call(registrar, "promote_model", version=CANDIDATE, actor="ann", reason="so")


@pytest.mark.parametrize("actor", ["retraining", "Retraining", " retraining "])
def test_no_spelling_of_the_schedule_can_force(registrar: Connection, actor: str) -> None:
    with pytest.raises(errors.DatabaseError, match="schedule cannot force") as refused:
        call(registrar, "promote_model", version=CANDIDATE, actor=actor, reason="so", force=True)
    assert refused.value.sqlstate == "PT412"


@pytest.mark.parametrize("reason", ["", None])
def test_a_forced_promotion_needs_a_reason(registrar: Connection, reason: str | None) -> None:
    with pytest.raises((errors.CheckViolation, errors.NotNullViolation)):
        call(registrar, "promote_model", version=CANDIDATE, actor="ann", reason=reason, force=True)


def test_the_ledger_keeps_that_a_promotion_was_forced_and_on_which_verdict_another_rests(
    registrar: Connection,
) -> None:
    forced = call(
        registrar, "promote_model", version=CHAMPION, actor="ann", reason="urgent", force=True,
        evidence={"forced": False},
    )  # fmt: skip
    verdict = record_verdict(registrar, champion=CHAMPION)
    promoted = call(registrar, "promote_model", version=CANDIDATE, actor="ann", reason="better")

    assert forced["evidence"] == {"forced": True}
    assert promoted["evidence"] == {"verdict": verdict["id"]}


def test_one_of_two_verdicts_that_know_the_same_looks_is_refused(
    server: Server, database: str, dashboard: Connection, registrar: Connection
) -> None:
    with (
        ThreadPoolExecutor(1) as threads,
        server.connect("authenticator", database, autocommit=False) as first,
    ):
        first.execute("set local role model_registrar")
        record_verdict(first, looks_before=0)
        second = threads.submit(record_verdict, registrar, looks_before=0)
        assert waits(second, registrar, dashboard)
        first.commit()
        with pytest.raises(errors.DatabaseError, match="Another verdict"):
            second.result()


# Runs ---------------------------------------------------------------------------------------


def claim(connection: Connection, tick: str = "2026-12") -> Any:
    """Claim the run of a tick for a minute."""
    return call(connection, "claim_retraining", tick=tick, lease_seconds=60)


@pytest.mark.parametrize("ticks", [["2026-12"] * 8, [f"manual-{n}" for n in range(8)]], ids=len)
def test_one_of_many_callers_at_once_gets_the_run(
    server: Server, database: str, ticks: list[str]
) -> None:
    def claim_in_own_connection(tick: str) -> Any:
        with connect_registrar(server, database) as connection:
            return claim(connection, tick)

    with ThreadPoolExecutor(len(ticks)) as threads:
        claims = list(threads.map(claim_in_own_connection, ticks))

    assert len([one for one in claims if one]) == 1


def test_a_caller_who_dies_in_its_claim_leaves_none(
    server: Server, database: str, registrar: Connection
) -> None:
    with server.connect("authenticator", database, autocommit=False) as killed:
        killed.execute("set local role model_registrar")
        assert claim(killed)

    assert claim(registrar)


def test_one_of_two_callers_takes_over_a_run_that_was_given_up(
    server: Server, database: str, dashboard: Connection, registrar: Connection
) -> None:
    killed = claim(registrar)
    dashboard.execute("update private.retraining_runs set expires_at = now()")
    with (
        ThreadPoolExecutor(1) as threads,
        server.connect("authenticator", database, autocommit=False) as first,
    ):
        first.execute("set local role model_registrar")
        taken = claim(first)
        second = threads.submit(claim, registrar)
        assert waits(second, registrar, dashboard)
        first.commit()
        assert second.result() is None
    assert taken["claim"] != killed["claim"]
    with pytest.raises(errors.DatabaseError, match="lost") as refused:
        call(registrar, "finish_retraining", claim=killed["claim"], outcome="held")
    assert refused.value.sqlstate == "PT409"


# Scores -------------------------------------------------------------------------------------


def list_queue(dashboard: Connection) -> list[object]:
    """Return the texts of the queue in its order."""
    rows = dashboard.execute("select text from public.review_queue order by rank, id")
    return [text for (text,) in rows.fetchall()]


def score(registrar: Connection, version: str, **margins: float) -> int:
    """Record scores of waiting texts, given by their margins."""
    waiting = call(registrar, "read_waiting_texts", after_rank=-1, after_id=0, page_size=100)
    ids = {text: text_id for _, _, text_id, text in waiting}
    scores = [[ids[text], 0.9, margin] for text, margin in margins.items() if text in ids]
    return int(call(registrar, "record_queue_scores", version=version, scores=json.dumps(scores)))


def test_the_queue_is_in_the_order_of_the_champions_scores_from_the_next_night_on(
    dashboard: Connection, registrar: Connection
) -> None:
    for text, confidence in (("one", 0.1), ("two", 0.2), ("three", 0.3)):
        insert(dashboard, prompt=text, confidence=confidence)
    captured = dashboard.execute("select * from public.nlu_prompt_logs order by id").fetchall()
    assert score(registrar, CANDIDATE, one=0.5, two=0.7, three=0.05) == 3
    refresh_queue(dashboard)
    assert list_queue(dashboard) == ["one", "two", "three"], "the model does not serve"

    promote(registrar, CANDIDATE)
    assert list_queue(dashboard) == ["one", "two", "three"], "ranks change at night"
    refresh_queue(dashboard)
    assert list_queue(dashboard) == ["three", "one", "two"]

    roll_back(registrar)
    refresh_queue(dashboard)
    assert list_queue(dashboard) == ["one", "two", "three"]
    rows = dashboard.execute("select * from public.nlu_prompt_logs order by id").fetchall()
    assert rows == captured
    confidences = dashboard.execute("select confidence from public.review_queue order by 1")
    assert confidences.fetchall() == [(0.1,), (0.2,), (0.3,)]


def test_a_text_without_a_score_keeps_the_rank_of_its_captured_prediction(
    dashboard: Connection, registrar: Connection
) -> None:
    for text, confidence in (("one", 0.1), ("two", 0.2), ("three", 0.3)):
        insert(dashboard, prompt=text, confidence=confidence)
    score(registrar, CANDIDATE, one=0.25)
    promote(registrar, CANDIDATE)

    refresh_queue(dashboard)

    assert list_queue(dashboard) == ["two", "one", "three"]


def test_a_score_goes_with_its_item(dashboard: Connection, registrar: Connection) -> None:
    insert(dashboard, prompt="one", confidence=0.1)
    assert score(registrar, CANDIDATE, one=0.25) == 1

    erase(dashboard, ALICE)

    assert count(dashboard, "private.queue_scores") == 0


def test_a_later_model_replaces_a_score(dashboard: Connection, registrar: Connection) -> None:
    insert(dashboard, prompt="one", confidence=0.1)
    score(registrar, CANDIDATE, one=0.25)
    score(registrar, CHAMPION, one=0.75)

    scores = dashboard.execute("select version, margin from private.queue_scores").fetchall()
    assert scores == [(CHAMPION, 0.75)]


def test_a_waiting_text_that_is_being_changed_is_not_scored(
    server: Server, database: str, dashboard: Connection, registrar: Connection
) -> None:
    log_id = insert(dashboard, prompt="one", confidence=0.1)
    insert(dashboard, prompt="two", confidence=0.1)
    with server.connect("authenticator", database, autocommit=False) as backend:
        backend.execute("set local role service_role")
        backend.execute("select public.record_correction(%s, 'email', 'b', null, 'api')", [log_id])
        assert score(registrar, CANDIDATE, one=0.5, two=0.5) == 1


def test_captures_go_on_while_texts_are_scored_or_drawn(
    server: Server, database: str, dashboard: Connection, registrar: Connection
) -> None:
    first, _ = (
        insert(dashboard, prompt=text, confidence=confidence)
        for text, confidence in (("one", 0.1), ("two", 0.2))
    )
    with server.connect("authenticator", database, autocommit=False) as busy:
        busy.execute("set local role model_registrar")
        assert draw(busy, first) == 1
        assert score(busy, CANDIDATE, one=0.5, two=0.5) == 1
        for text in ("one", "two"):
            insert(dashboard, prompt=text, confidence=0.3, user_id=BOB)
        busy.commit()
    complete_captures(dashboard)

    rows = dashboard.execute("select times_sent, user_count from public.review_queue").fetchall()
    assert rows == [(2, 2), (2, 2)]
