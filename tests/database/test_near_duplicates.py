"""Near-duplicates in the console: which are listed, and what deciding them with a text leaves."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest

from .actors import ALICE, BOB
from .console import ConsoleUser, claim
from .registry import call, connect_registrar
from .rows import add_user, correct, erase, insert, refresh_queue
from .server import Connection, Server
from .test_long_transactions import count_waiting, wait_until
from .test_plans import count_entries_read

TEXT = "move the dentist to next friday"
NEAR = ("to next friday, move the dentist!", "move the dentist to next monday")


def capture(dashboard: Connection, *prompts: str, **columns: Any) -> list[UUID]:
    """Capture messages that wait for review, each less urgent than the one before."""
    return [
        insert(dashboard, prompt=prompt, **{"confidence": 0.1 + number / 1000, **columns})
        for number, prompt in enumerate(prompts)
    ]


def find(items: list[dict[str, Any]], text: str = TEXT) -> dict[str, Any]:
    (item,) = [item for item in items if item["text"] == text]
    return item


def numbers(item: dict[str, Any]) -> list[int]:
    return [near["item"] for near in item["near_duplicates"]]


def decide_all(user: ConsoleUser, intent: str = "help", text: str = TEXT) -> dict[str, Any]:
    """Decide a text with all of its near-duplicates."""
    item = find(user.items(), text)
    return user.decide(item, intent, near_duplicates=numbers(item))


def waiting(user: ConsoleUser) -> set[str]:
    return {item["text"] for item in user.items()}


def exported(dashboard: Connection, window_from: int = 0) -> dict[str, list[Any]]:
    """Return the labels that an export reads: of a person, and as a near-duplicate."""
    row = dashboard.execute(
        """select private.read_export(%s, private.complete_change_numbers(), '', 0,
             '00000000-0000-0000-0000-000000000000', false, 100, '', null, null)""",
        [window_from],
    ).fetchone()
    columns: Any = row[0] if row else [[]]
    lines = zip(columns[3], columns[9], columns[20], columns[21], strict=True) if columns[0] else []
    return {text: labels for text, *labels in lines}


# Which are listed -------------------------------------------------------------------------


def test_texts_with_the_same_words_come_first_and_then_those_that_differ_in_one(
    dashboard: Connection, grace: ConsoleUser
) -> None:
    capture(dashboard, TEXT, *reversed(NEAR), "move the doctor to next monday", "something else")

    item = find(grace.items())

    assert [near["text"] for near in item["near_duplicates"]] == list(NEAR)
    assert all(set(near) == {"item", "text"} for near in item["near_duplicates"])


@pytest.mark.parametrize(
    ("one", "other", "are_near"),
    [
        ("show my tasks", "show my emails", False),
        ("show my tasks", "my tasks: show!", True),
        ("what is the time", "what is the weather", False),
        ("what is the weather like", "what is the weather like today", True),
        ("明日 の 会議 を 延期", "明日 の 会議 を 中止", True),
        ("don\u2019t call me", "dont call me", True),
        ("!!!", "???", False),
        ("a " * 60 + "b", "a " * 60 + "b!", True),
        ("a " * 120 + "b", "a " * 120 + "b!", False),
        (" ".join(["word"] * 30), " ".join(["word"] * 29), False),
        ("go go go and then stop", "go go and then stop", True),
    ],
)
def test_near_duplicates_have_the_same_words_or_all_but_one_of_five(
    dashboard: Connection, grace: ConsoleUser, one: str, other: str, are_near: bool
) -> None:
    capture(dashboard, one, other)

    items = grace.items()

    assert [len(item["near_duplicates"]) for item in items] == [are_near, are_near]


def test_at_most_ten_are_listed_however_many_there_are(
    dashboard: Connection, grace: ConsoleUser
) -> None:
    dashboard.execute("update private.settings set daily_cap = 1000")
    capture(dashboard, TEXT, *(f"move the dentist to next {day}" for day in range(150)))

    assert len(find(grace.items())["near_duplicates"]) == 10


def test_texts_that_need_a_decision_of_their_own_are_not_listed(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    [_, disputed, decided, *_] = capture(
        dashboard, TEXT, *(f"move the dentist to next {day}" for day in ("week", "month", "year"))
    )
    correct(dashboard, disputed, "help", "ann")
    correct(dashboard, disputed, "email", "bob")
    correct(dashboard, decided, "email", "bob")
    dashboard.execute("update private.settings set audit_rate = 1")
    capture(dashboard, "move the dentist to next year")

    item = find(grace.items())

    assert item["near_duplicates"] == []


def test_near_duplicates_are_found_by_their_index(
    server: Server, database: str, dashboard: Connection
) -> None:
    capture(dashboard, TEXT, *NEAR, *(f"another text {number}" for number in range(30)))
    with server.connect("supabase_admin", database) as admin:
        admin.execute("vacuum public.review_queue")  # of the texts of other tests
        before = count_entries_read(admin, "review_queue_by_words")
        admin.execute(
            "select private.show_near_duplicates(queue) from public.review_queue queue"
            " where text = %s",
            [TEXT],
        )

        assert count_entries_read(admin, "review_queue_by_words") - before == 1 + len(NEAR)


@pytest.mark.parametrize("reasons", [["low_confidence"], ["random_audit"]], ids=str)
def test_the_words_of_a_crowd_cost_no_more_than_those_of_a_few_texts(
    server: Server, database: str, dashboard: Connection, grace: ConsoleUser, reasons: list[str]
) -> None:
    with server.connect("supabase_admin", database) as admin, admin.transaction():
        admin.execute("set local session_replication_role = replica")
        admin.execute(
            """insert into public.review_queue
                 (rank, text, predicted_intent, confidence, reasons, times_sent, user_count,
                  waiting_since, text_key)
               select 500, 'move the dentist to next ' || n, 'help', 0.1, %s, 1, 1, now(),
                 sha256(n::text::bytea)
               from generate_series(1, 20000) as numbers (n)""",
            [reasons],
        )
    capture(dashboard, TEXT)
    with server.connect("supabase_admin", database) as admin:
        # As after a night in which the queue was nearly empty.
        admin.execute(
            """update pg_class set (relpages, reltuples) = (1, 1)
               where oid in ('public.review_queue'::regclass, 'review_queue_pkey'::regclass)"""
        )
        before = count_entries_read(admin, "review_queue_by_words")
        item = find(grace.items(max_items=1))
        read = count_entries_read(admin, "review_queue_by_words") - before

    assert len(item["near_duplicates"]) == (10 if reasons == ["low_confidence"] else 0)
    assert read < 400


# What a decision leaves -------------------------------------------------------------------


def test_near_duplicates_leave_the_queue_with_a_label_of_their_own_tier(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    capture(dashboard, TEXT, *NEAR, "something else")
    item = find(grace.items())

    result = grace.decide(item, "help", secondary_intents=["email"], near_duplicates=numbers(item))

    assert result["near_duplicates"] == sorted(numbers(item))
    assert waiting(grace) == waiting(olga) == {"something else"}
    assert exported(dashboard) == {
        TEXT: ["help", None, None],
        NEAR[0]: [None, "help", ["email"]],
        NEAR[1]: [None, "help", ["email"]],
        "something else": [None, None, None],
    }
    assert grace.call("console_progress")["near_duplicates"] == 2


def test_an_export_looks_the_label_up_once_for_all_rows_of_a_near_duplicate(
    server: Server, database: str, dashboard: Connection, grace: ConsoleUser
) -> None:
    """A text may have many rows, and its label may rest on a thousand corrections."""
    capture(dashboard, TEXT, *NEAR)
    decide_all(grace)
    capture(dashboard, *[NEAR[0]] * 20)
    with server.connect("supabase_admin", database, autocommit=False) as admin:
        admin.execute("set local track_functions = 'all'")
        assert exported(admin)[NEAR[0]] == [None, "help", None]
        calls = admin.execute(
            """select calls from pg_stat_xact_user_functions
               where funcname = 'near_duplicate_label'"""
        ).fetchall()
    assert calls == [(2,)]


def test_a_label_of_a_near_duplicate_is_no_decision_no_vote_and_no_audit(
    server: Server, database: str, dashboard: Connection, grace: ConsoleUser
) -> None:
    log_ids = capture(dashboard, TEXT, *NEAR)
    decide_all(grace)

    queries = (
        "select count(*)::int from public.correction_events",
        "select count(*)::int from public.reviewer_votes",
        "select count(*)::int from public.nlu_prompt_logs where corrected_intent is not null",
        "select count(*)::int from public.labelled_prompts where corrected_intent is not null",
        "select count(*)::int from public.review_queue where decided_at is not null",
        "select sum(reviewed)::int from public.intent_health",
        "select sum(corrections)::int from public.corrections_by_reviewer",
    )
    assert [dashboard.execute(query).fetchone() for query in queries] == [(1,)] * len(queries)
    progress = grace.call("console_progress")
    assert (progress["decided_today"], progress["own_today"]) == (1, 1)
    keys = dashboard.execute(
        "select array_agg(encode(text_key, 'hex')) from public.nlu_prompt_logs where id <> %s",
        [log_ids[0]],
    ).fetchone()
    assert keys
    with connect_registrar(server, database) as registrar:
        assert call(registrar, "count_new_labels", since=None) == 1
        assert call(registrar, "read_decided_texts", text_ids=keys[0], salt="") == []


def test_a_near_duplicate_that_is_drawn_for_the_audit_waits_again(
    dashboard: Connection, grace: ConsoleUser
) -> None:
    capture(dashboard, TEXT, *NEAR)
    decide_all(grace)
    dashboard.execute("update private.settings set audit_rate = 1")
    capture(dashboard, NEAR[0])
    refresh_queue(dashboard)

    assert waiting(grace) == {NEAR[0]}
    row = dashboard.execute("select private.audits_complete_before()").fetchone()
    assert row == (None,)


def test_one_undo_takes_the_whole_decision_back(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    capture(dashboard, TEXT, *NEAR)
    before = [(item["text"], item["rank"]) for item in grace.items()]
    result = decide_all(grace)
    item = (
        result["near_duplicates"]
        and dashboard.execute(
            "select id from public.review_queue where text = %s", [TEXT]
        ).fetchone()
    )
    window = dashboard.execute("select private.complete_change_numbers()").fetchone()
    assert item
    assert window

    grace.call("console_undo", item=item[0], event=result["event"])

    assert [(item["text"], item["rank"]) for item in olga.items()] == before
    assert exported(dashboard, int(str(window[0]))) == {
        text: [None, None, None] for text in (TEXT, *NEAR)
    }
    assert grace.call("console_progress")["near_duplicates"] == 0
    again = grace.decide(find(grace.items()), "help")
    assert again["near_duplicates"] == []
    refresh_queue(dashboard)
    assert waiting(grace) == set(NEAR)


def test_an_undo_takes_back_the_near_duplicates_that_were_added_while_it_waited(
    server: Server, database: str, dashboard: Connection, grace: ConsoleUser
) -> None:
    capture(dashboard, TEXT, *NEAR)
    item = find(grace.items())
    result = grace.decide(item, "help", near_duplicates=numbers(item)[:1])
    with (
        server.connect("authenticator", database, autocommit=False) as slow,
        ThreadPoolExecutor() as threads,
    ):
        claim(slow, grace.id)
        slow.execute(
            "select public.console_decide(%s, 0, 'help', near_duplicates => %s)",
            [item["item"], numbers(item)],
        )
        undo = threads.submit(grace.call, "console_undo", item=item["item"], event=result["event"])
        wait_until(lambda: count_waiting(dashboard) > 0)
        slow.commit()
        assert undo.result(timeout=10)["state"] == "recorded"

    assert waiting(grace) == {TEXT, *NEAR}


def test_an_item_that_is_added_while_a_decision_waits_is_not_decided_with_it(
    server: Server, database: str, dashboard: Connection, grace: ConsoleUser
) -> None:
    capture(dashboard, TEXT)
    item = find(grace.items())
    with (
        server.connect("postgres", database, autocommit=False) as slow,
        server.connect("postgres", database, autocommit=False) as other,
        ThreadPoolExecutor() as threads,
    ):
        slow.execute(
            "select private.lock_texts(array[text_key]) from public.review_queue where id = %s",
            [item["item"]],
        )
        near = item["item"] + 1
        decision = threads.submit(grace.decide, item, "help", near_duplicates=[near])
        wait_until(lambda: count_waiting(dashboard) > 0)
        capture(dashboard, NEAR[0])
        other.execute(
            "select private.lock_texts(array[text_key]) from public.review_queue where id = %s",
            [near],
        )
        slow.rollback()
        assert decision.result(timeout=10)["near_duplicates"] == []


def test_a_repeated_decision_labels_the_same_near_duplicates(
    dashboard: Connection, grace: ConsoleUser
) -> None:
    capture(dashboard, TEXT, *NEAR)
    item = find(grace.items())

    one, other = (grace.decide(item, "help", near_duplicates=numbers(item)) for _ in range(2))

    assert one == other
    assert len(one["near_duplicates"]) == 2


def test_a_decision_that_is_repeated_with_others_labels_at_most_ten(
    dashboard: Connection, grace: ConsoleUser
) -> None:
    dashboard.execute("update private.settings set daily_cap = 1000")
    capture(dashboard, TEXT, *(f"move the dentist to next {day}" for day in range(25)))
    items = grace.items(max_items=100)
    item = find(items)
    others = [other["item"] for other in items if other["text"] != TEXT]

    labelled = [
        grace.decide(item, "help", near_duplicates=others[start : start + 8])["near_duplicates"]
        for start in (0, 8, 16)
    ]

    assert labelled == [sorted(others[:8]), sorted(others[:10]), sorted(others[:10])]
    assert grace.call("console_progress")["near_duplicates"] == 10


def test_what_somebody_decided_meanwhile_is_not_overwritten(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    capture(dashboard, TEXT, *NEAR)
    item = find(grace.items())
    olga.decide(find(olga.items(), NEAR[0]), "search")

    result = grace.decide(item, "help", near_duplicates=numbers(item))

    assert len(result["near_duplicates"]) == 1
    assert exported(dashboard)[NEAR[0]] == ["search", None, None]
    assert exported(dashboard)[NEAR[1]] == [None, "help", None]


def test_a_person_who_decides_a_near_duplicate_overrules_its_label(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    capture(dashboard, TEXT, *NEAR)
    prefetched = find(olga.items(), NEAR[0])
    decide_all(grace)

    assert olga.decide(prefetched, "search")["state"] == "recorded"

    assert exported(dashboard)[NEAR[0]][0] == "search"


def test_labels_of_near_duplicates_fall_with_a_dispute(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    [log_id, *_] = capture(dashboard, TEXT, *NEAR)
    decide_all(grace)
    correct(dashboard, log_id, "search", "ann")
    assert exported(dashboard)[NEAR[0]] == [None, None, None]
    window = dashboard.execute("select private.complete_change_numbers()").fetchone()
    assert window

    refresh_queue(dashboard)

    assert waiting(olga) == {TEXT, *NEAR}
    assert {*NEAR} <= set(exported(dashboard, int(str(window[0]))))
    assert olga.decide(find(olga.items()), "help", near_duplicates=[])["is_disputed"] is False
    assert exported(dashboard)[NEAR[0]] == [None, None, None]


def test_near_duplicates_are_in_the_window_in_which_their_label_falls_or_stands_again(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    def next_window() -> int:
        row = dashboard.execute("select private.complete_change_numbers()").fetchone()
        return int(str(row[0])) if row else 0

    add_user(dashboard, BOB)
    [log_id, *_] = capture(dashboard, TEXT, *NEAR)
    insert(dashboard, prompt=NEAR[0], user_id=BOB)
    decide_all(grace)
    decided = next_window()
    correct(dashboard, log_id, "search", "bob")
    disputed = next_window()
    assert exported(dashboard, decided)[NEAR[0]] == [None, None, None]

    olga.decide(find(olga.items()), "help")

    again = exported(dashboard, disputed)
    assert {text: labels[1] for text, labels in again.items()} == {
        TEXT: None, NEAR[0]: "help", NEAR[1]: "help",
    }  # fmt: skip
    assert exported(dashboard, next_window()) == {}


def test_a_decision_that_is_disputed_at_once_labels_no_near_duplicate(
    dashboard: Connection, grace: ConsoleUser, olga: ConsoleUser
) -> None:
    capture(dashboard, TEXT, *NEAR)
    item = find(grace.items())
    seen = grace.decide(item, "help")["event"]

    result = olga.decide(item | {"seen": seen}, "search", near_duplicates=numbers(item))

    assert (result["is_disputed"], result["near_duplicates"]) == (True, [])


def test_texts_that_are_not_near_are_not_decided_with_another_one(
    dashboard: Connection, grace: ConsoleUser
) -> None:
    capture(dashboard, TEXT, "buy some milk and bread")
    item, other = grace.items()

    result = grace.decide(item, "help", near_duplicates=[other["item"], item["item"], 10**12])

    assert result["near_duplicates"] == []
    assert waiting(grace) == {"buy some milk and bread"}
    with pytest.raises(psycopg.Error, match="Too many near-duplicates"):
        grace.decide(other, "help", near_duplicates=list(range(11)))


def test_an_erasure_takes_the_labels_that_rest_on_the_text_with_it(
    dashboard: Connection, grace: ConsoleUser
) -> None:
    add_user(dashboard, BOB)
    capture(dashboard, TEXT)
    capture(dashboard, *NEAR, user_id=BOB)
    decide_all(grace)

    erase(dashboard, ALICE)
    refresh_queue(dashboard)

    assert exported(dashboard) == {text: [None, None, None] for text in NEAR}
    assert waiting(grace) == set(NEAR)
    erase(dashboard, BOB)
    assert dashboard.execute("select from private.near_duplicate_labels").rowcount == 0
