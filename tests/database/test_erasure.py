"""A person is removed everywhere, late writes included, and a receipt says so."""

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import errors

from .cast import ALICE, BOB, EXPORTER, SERVICE, acting_as
from .rows import LONG_AGO, add_user, correct, insert
from .server import Connection, Server

NOTHING = {"prompts": 0, "labelled_texts": 0, "corrections": 0, "queue_items": 0}


def erase(dashboard: Connection, person: UUID) -> dict[str, Any]:
    """Erase somebody as the backend does, and return the receipt."""
    with dashboard.transaction():
        dashboard.execute("set local role service_role")
        row = dashboard.execute("select public.erase_user(%s)", [person]).fetchone()
    assert row is not None
    receipt: Any = row[0]
    assert isinstance(receipt, dict)
    return receipt


def everything(server: Server, database: str) -> str:
    """Read all that the database holds, but the users themselves and the exports' ledger."""
    with server.connect("supabase_admin", database) as admin:
        tables = admin.execute(
            """select oid::regclass::text from pg_class where relkind = 'r'
               and relnamespace in ('public'::regnamespace, 'private'::regnamespace)
               and relname <> 'exported_rows'"""
        ).fetchall()
        return " ".join(
            str(admin.execute(f"select to_jsonb(t) from {table} t".encode()).fetchall())
            for (table,) in tables
        )


def test_nothing_of_a_person_is_left_anywhere(
    server: Server, database: str, dashboard: Connection
) -> None:
    add_user(dashboard, BOB)
    kept = insert(dashboard, user_id=BOB, prompt="both say this")
    insert(dashboard, prompt="both say this")
    old = insert(dashboard, prompt="an old confession", created_at=LONG_AGO)
    correct(dashboard, old, "help", notes="quotes an old confession")
    dashboard.execute("select private.delete_expired_rows()")
    secret = insert(dashboard, prompt="a confession of alice")
    correct(dashboard, secret, "help", notes="quotes a confession of alice")
    correct(dashboard, kept, "search", str(ALICE))
    before = everything(server, database)
    assert str(ALICE) in before
    assert "confession" in before

    receipt = erase(dashboard, ALICE)

    assert receipt["counts_before"] == {
        "prompts": 2, "labelled_texts": 1, "corrections": 1, "queue_items": 2
    }  # fmt: skip
    assert receipt["counts_after"] == NOTHING
    after = everything(server, database)
    assert str(ALICE) not in after
    assert "confession" not in after
    assert dashboard.execute("select id from public.nlu_prompt_logs").fetchall() == [(kept,)]
    traces = dashboard.execute("select private.count_user_data(%s)", [ALICE]).fetchone()
    assert traces == (NOTHING,)


def test_a_text_that_somebody_else_sent_too_stays_theirs(dashboard: Connection) -> None:
    add_user(dashboard, BOB)
    for owner in (ALICE, BOB):
        correct(dashboard, insert(dashboard, user_id=owner, created_at=LONG_AGO), "help")
    dashboard.execute("select private.delete_expired_rows()")
    erase(dashboard, ALICE)
    owners = "select cardinality(user_keys) from public.labelled_texts"
    assert dashboard.execute(owners).fetchall() == [(1,)]
    erase(dashboard, BOB)
    assert dashboard.execute(owners).fetchall() == []


def test_a_late_write_cannot_bring_a_row_back(dashboard: Connection) -> None:
    late = insert(dashboard)
    erase(dashboard, ALICE)
    with pytest.raises(errors.ForeignKeyViolation) as refused:
        insert(dashboard, id=late)
    assert refused.value.diag.constraint_name == "sender_is_a_user"
    assert refused.value.diag.message_detail is None
    rows = dashboard.execute("select from public.nlu_prompt_logs where user_id = %s", [ALICE])
    assert rows.rowcount == 0


def test_an_erasure_waits_for_a_capture_under_way_and_removes_it(
    server: Server, database: str, dashboard: Connection
) -> None:
    with (
        server.connect("postgres", database, autocommit=False) as writer,
        ThreadPoolExecutor() as meanwhile,
    ):
        insert(writer, prompt="on its way")
        erasure = meanwhile.submit(erase, dashboard, ALICE)
        assert not wait([erasure], timeout=0.3).done
        writer.commit()
        receipt = erasure.result()
    assert (receipt["counts_before"]["prompts"], receipt["counts_after"]) == (1, NOTHING)
    assert dashboard.execute("select from public.nlu_prompt_logs").rowcount == 0


def test_a_capture_that_comes_while_its_sender_is_erased_waits_for_nothing_and_comes_again(
    server: Server, database: str, dashboard: Connection
) -> None:
    with (
        server.connect("postgres", database, autocommit=False) as eraser,
        server.connect("postgres", database) as writer,
    ):
        eraser.execute("select private.erase(%s)", [ALICE])
        with pytest.raises(errors.LockNotAvailable) as refused:
            insert(writer, prompt="between")
        assert "between" not in str(refused.value)
        eraser.commit()
        with pytest.raises(errors.ForeignKeyViolation):
            insert(writer, prompt="between")
    assert dashboard.execute("select from public.nlu_prompt_logs").rowcount == 0


def test_an_account_is_deleted_beside_its_captures(
    server: Server, database: str, dashboard: Connection
) -> None:
    with (
        server.connect("postgres", database, autocommit=False) as writer,
        ThreadPoolExecutor() as meanwhile,
    ):
        insert(writer, prompt="on its way")
        deleting = "delete from auth.users where id = %s"
        deletion = meanwhile.submit(dashboard.execute, deleting, [ALICE])
        assert not wait([deletion], timeout=0.3).done
        writer.commit()
        assert deletion.result().rowcount == 1
    assert dashboard.execute("select from public.nlu_prompt_logs").rowcount == 0


def test_a_tombstone_does_not_name_the_dead(dashboard: Connection) -> None:
    erase(dashboard, ALICE)
    stones = dashboard.execute("select user_key from private.tombstones").fetchall()
    plain = dashboard.execute("select sha256(uuid_send(%s))", [ALICE]).fetchone()
    assert len(stones) == 1
    assert stones[0] != plain


def test_erasing_twice_or_a_stranger_does_no_harm(dashboard: Connection) -> None:
    insert(dashboard)
    for person in (ALICE, ALICE, uuid4()):
        assert erase(dashboard, person)["counts_after"] == NOTHING


def test_erasing_nobody_is_refused(dashboard: Connection) -> None:
    insert(dashboard)
    with pytest.raises(errors.NullValueNotAllowed):
        dashboard.execute("select private.erase(null)")
    assert dashboard.execute("select from public.nlu_prompt_logs").rowcount == 1


def test_deleting_the_account_erases_the_person(
    server: Server, database: str, dashboard: Connection
) -> None:
    correct(dashboard, insert(dashboard, prompt="a confession"), "help", str(ALICE))
    with server.connect("supabase_admin", database) as auth:
        auth.execute("set role supabase_auth_admin")
        auth.execute("delete from auth.users where id = %s", [ALICE])
    assert "confession" not in everything(server, database)
    assert str(ALICE) not in everything(server, database)
    add_user(dashboard, ALICE)
    with pytest.raises(errors.ForeignKeyViolation, match="erased"):
        insert(dashboard)


def test_the_receipt_names_the_exports_that_hold_their_rows_even_after_retention(
    server: Server, database: str, dashboard: Connection
) -> None:
    add_user(dashboard, BOB)
    old, young = insert(dashboard, created_at=LONG_AGO), insert(dashboard, prompt="young")
    other = insert(dashboard, user_id=BOB, prompt="bob's")
    note = "select public.register_rows('b', %s, %s)"
    with acting_as(server, database, EXPORTER) as exporter:
        exporter.execute(note, ["both", [old, other]])
        exporter.execute(note, ["young", [young]])
        exporter.execute(note, ["bobs", [other]])
        exporter.commit()
    dashboard.execute("select private.delete_expired_rows()")
    exports = erase(dashboard, ALICE)["remaining_objects"]
    assert {export["key"] for export in exports} == {"both", "young"}
    assert str(ALICE) not in str(dashboard.execute("select * from public.exported_rows").fetchall())


def test_the_receipt_names_the_exports_of_texts_that_outlived_their_rows(
    server: Server, database: str, dashboard: Connection
) -> None:
    correct(dashboard, insert(dashboard, created_at=LONG_AGO), "help")
    dashboard.execute("select private.delete_expired_rows()")
    with acting_as(server, database, EXPORTER) as exporter:
        page = exporter.execute(
            """select encode(text_key, 'hex')::uuid, text, intent from public.exportable_texts
               order by retained_at, text_key limit 1000"""
        ).fetchall()
        assert [row[1:] for row in page] == [("push my dentist thing to friday", "help")]
        exporter.execute(
            "select public.register_rows('b', 'texts', %s)", [[row[0] for row in page]]
        )
        exporter.commit()
    assert erase(dashboard, ALICE)["remaining_objects"] == [{"bucket": "b", "key": "texts"}]


def test_the_ledger_does_not_believe_who_owns_what(
    server: Server, database: str, dashboard: Connection
) -> None:
    with (
        acting_as(server, database, SERVICE) as backend,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        backend.execute(
            """insert into public.exported_rows (bucket, key, log_ids, user_keys)
               values ('b', 'k', array[gen_random_uuid()], '{}')"""
        )


def test_a_reviewer_known_by_a_name_can_be_forgotten_too(dashboard: Connection) -> None:
    correct(dashboard, insert(dashboard), "help", "ann")
    assert dashboard.execute("select private.pseudonymise_reviewer('ann')").fetchone() == (1,)
    names = dashboard.execute(
        "select distinct corrected_by from public.nlu_prompt_logs "
        "union select distinct reviewer from public.review_queue"
    )
    assert str(names.fetchall()).count("erased-") == 1


def test_no_sample_of_what_people_wrote_is_in_the_statistics(dashboard: Connection) -> None:
    """They would outlive an erasure, and answer a planned count that any user may ask for."""
    for number in range(300):
        insert(dashboard, prompt=f"tell nobody {number % 3}")
    dashboard.execute("analyze public.nlu_prompt_logs")
    dashboard.execute("analyze public.review_queue")
    sampled = dashboard.execute(
        """select tablename, attname from pg_stats
           where most_common_vals::text like '%tell nobody%'
             or histogram_bounds::text like '%tell nobody%'"""
    ).fetchall()
    assert sampled == []
    known = "select count(*) from pg_stats where tablename = 'nlu_prompt_logs'"
    assert dashboard.execute(known).fetchone() != (0,)
