"""The normal form equals Python's, and text keys are rebuilt for a new version of it."""

import random
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import batched, count, product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from psycopg import errors

from prompt_capture.domain import characters
from prompt_capture.domain.text import NORMAL_FORM_VERSION, canonical_text, normalise
from tests.database_reset import NOTHING_AT_RANDOM
from tests.difficult_texts import INVISIBLE_COPIES, difficult_texts

from .actors import ALICE, BOB, CALLERS, Actor, connect_as
from .registry import connect_registrar, register
from .rows import (
    FAILED_OUTCOME,
    add_user,
    correct,
    edit_queue_item,
    erase,
    insert,
    read,
    update_as_backend,
)
from .server import ROOT, Connection, Server, run_script
from .test_evaluation import CANDIDATE, CHAMPION, draw
from .test_review_queue import list_texts, read_item

FORM_1 = Path(__file__).with_name("normal_form_1.sql")
TEXT = INVISIBLE_COPIES[0]
GUIDE = (ROOT / "docs/how-to/operate.md").read_text("utf-8")
REBUILD = GUIDE.partition("## Rebuild text keys")[2].partition("```sql")[2].partition("```")[0]
"""The statement of the guide."""

STATE = {
    "rows": """select prompt, text_key, within_daily_cap, has_review_reason, is_audited,
      is_disputed, corrected_intent, corrected_secondary_intents, correction_notes, corrected_by
      from public.nlu_prompt_logs""",
    "queue": """select text, text_key, corrected_intent, corrected_secondary_intents, reviewer,
      predicted_secondary_intents, notes, reasons, times_sent, user_count,
      decided_at is null from public.review_queue""",
    "votes": "select text_key, reviewer, intent from public.reviewer_votes",
    "labels": "select prompt, corrected_intent from public.exportable_prompts",
}
"""What a rebuild must leave as if all texts had been captured in the present form. No times, ranks
or ids."""

_numbers = count(1)


def read_state(dashboard: Connection) -> dict[str, list[str]]:
    """Return the contents of all tables that text keys are in."""
    return {
        name: sorted(str(row) for row in dashboard.execute(query.encode()).fetchall())
        for name, query in STATE.items()
    }


def read_everything(dashboard: Connection) -> dict[str, list[str]]:
    """Return every column of these tables, and of the records of exports."""
    tables = (
        "public.nlu_prompt_logs", "public.review_queue", "public.correction_events",
        "public.labelled_texts", "public.exported_rows", "private.erased_rows",
    )  # fmt: skip
    return {
        table: sorted(str(row) for row in dashboard.execute(f"table {table}".encode()).fetchall())
        for table in tables
    }


class FormSwitch:
    """Replaces the functions of the normal form by those of version 1, and restores them."""

    def __init__(self, dashboard: Connection) -> None:
        self._dashboard = dashboard
        names = ("visible_text", "normalise_text")
        definitions = dashboard.execute(
            """select pg_get_functiondef(oid)
               from pg_proc where pronamespace = 'private'::regnamespace and proname = any (%s)""",
            [list(names)],
        ).fetchall()
        self._present = [str(definition) for (definition,) in definitions]

    def to_version_1(self) -> None:
        """Captures have the form of version 1 from now on."""
        run_script(self._dashboard, FORM_1)

    def to_present(self) -> None:
        """Captures have the present form from now on."""
        for definition in self._present:
            self._dashboard.execute(definition.encode())


@pytest.fixture
def old_form(server: Server, template: str) -> Iterator[tuple[Connection, FormSwitch]]:
    """The dashboard of a database of its own, where texts are captured in version 1."""
    name = f"form_{next(_numbers)}"
    server.copy_database(template, name)
    with server.connect("postgres", name) as dashboard:
        dashboard.execute(NOTHING_AT_RANDOM)
        add_user(dashboard, ALICE)
        add_user(dashboard, BOB)
        switch = FormSwitch(dashboard)
        switch.to_version_1()
        yield dashboard, switch


@example("👩\u200d💻" * 101)
@example("\ufdfa" * 300)
@example("a" + "\u0344" * 30)
@settings(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(difficult_texts())
def test_a_text_has_the_same_form_in_the_database_and_in_python(
    dashboard: Connection, text: str
) -> None:
    """Of the characters that both know: the Unicode database of a hosted project may be older."""
    text = text.replace("\x00", "")
    row = dashboard.execute(
        "select private.visible_text(%(text)s), private.normalise_text(%(text)s)", {"text": text}
    ).fetchone()

    assert row == (normalise(text), canonical_text(text))


HANGUL_EDGES = [
    chr(code)
    for first, last in ((0x1100, 0x1112), (0x1161, 0x1175), (0x11A8, 0x11C2), (0xAC00, 0xD7A3))
    for code in (first - 1, first, last, last + 1)
]
"""The ends of the ranges that compose (L, V, T, and syllables), and the characters beside them."""

NEIGHBOURS = [
    *HANGUL_EDGES,
    "\uac01",
    "\uac1c",
    "\ud788",
    "\u3131",
    "\uffc2",
    "\u0323",
    "\u0307",
    "a",
]


def list_different_forms(dashboard: Connection, texts: Iterable[str]) -> list[str]:
    """Return those of these short texts whose form differs between database and Python.

    They are compared a few hundred at a time: a text of one letter between two of them keeps them
    apart.
    """
    different = []
    for batch in batched(texts, 400):
        joined = " x ".join(batch)[:4000]
        row = dashboard.execute("select private.normalise_text(%s)", [joined]).fetchone()
        if row != (canonical_text(joined),):
            forms = dashboard.execute(
                "select private.normalise_text(text) from unnest(%s::text[]) as text", [list(batch)]
            ).fetchall()
            different += [
                text
                for text, (form,) in zip(batch, forms, strict=True)
                if form != canonical_text(text)
            ] or [joined]
    return different


def test_every_character_has_the_same_form_in_the_database_and_in_python(
    dashboard: Connection,
) -> None:
    assigned = [
        chr(code)
        for code in range(1, sys.maxunicode + 1)
        if unicodedata.category(chr(code)) not in {"Cn", "Co", "Cs"}
    ]
    assert list_different_forms(dashboard, assigned) == []
    after_a_syllable = (f"\uac00{character}" for character in assigned)
    assert list_different_forms(dashboard, after_a_syllable) == []
    between_marks = (f"a\u0323{character}\u0307" for character in assigned)
    assert list_different_forms(dashboard, between_marks) == []


def test_all_combinations_of_three_hangul_characters_have_the_same_form(
    dashboard: Connection,
) -> None:
    triples = map("".join, product(NEIGHBOURS, repeat=3))
    assert list_different_forms(dashboard, triples) == []


@pytest.mark.parametrize("seed", range(5))
def test_random_neighbours_have_the_same_form(dashboard: Connection, seed: int) -> None:
    drawn = random.Random(seed)
    composing = [
        chr(code)
        for code in range(1, sys.maxunicode + 1)
        if unicodedata.combining(chr(code)) or unicodedata.decomposition(chr(code))
    ]
    texts = ("".join(drawn.choices([*composing, *NEIGHBOURS * 200], k=5)) for _ in range(20_000))
    assert list_different_forms(dashboard, texts) == []


def test_the_database_and_python_have_the_same_version_and_literals(dashboard: Connection) -> None:
    version = dashboard.execute("select private.normal_form_version()").fetchone()
    source = dashboard.execute(
        "select prosrc from pg_proc where oid = 'private.visible_text'::regproc"
    ).fetchone()
    assert source is not None
    literals = dict(
        re.findall(
            r"(\w+) constant text := '([^']*)';",
            re.sub(r"'\s+'", "", re.sub(r":=\s+'", ":= '", str(source[0]))),
        )
    )

    assert version == (NORMAL_FORM_VERSION,)
    assert literals == {
        name.lower(): getattr(characters, name)
        for name in ("HIDDEN", "JOINERS", "EMOJI", "FLAG", "MARKS")
    }


def test_copies_that_differ_only_in_invisible_characters_are_one_item(
    dashboard: Connection,
) -> None:
    for copy in INVISIBLE_COPIES:
        insert(dashboard, prompt=copy)

    assert list_texts(dashboard) == [TEXT]
    assert read_item(dashboard, "times_sent", "user_count", text=TEXT) == (len(INVISIBLE_COPIES), 1)


def test_a_reviewer_whose_name_has_invisible_characters_is_one_reviewer(
    dashboard: Connection,
) -> None:
    log_id = insert(dashboard)
    correct(dashboard, log_id, "help", "gra\u00adce")
    correct(dashboard, log_id, "search", "grace\u200e")

    reviewers = dashboard.execute("select distinct reviewer from public.correction_events")
    assert reviewers.fetchall() == [("grace",)]
    assert read(dashboard, log_id, "is_disputed") == (False,)
    with pytest.raises(errors.CheckViolation, match="reserved"):
        correct(dashboard, log_id, "help", "dash\u00adboard")


# Rebuilding -----------------------------------------------------------------------------------


def act(dashboard: Connection, actions: random.Random) -> None:
    """Capture and correct texts, most of which are one text in the present form."""
    texts = [*INVISIBLE_COPIES[:4], "an ordinary text", "another\u00ad one", "another one"]
    log_ids: list[UUID] = []
    for _ in range(40):
        action = actions.choice(["capture"] * 5 + ["correct"] * 3 + ["fail"])
        if action == "capture" or not log_ids:
            # Both databases have the same ids.
            log_ids.append(UUID(int=actions.getrandbits(128), version=4))
            insert(
                dashboard,
                id=log_ids[-1],
                user_id=actions.choice([ALICE, BOB]),
                prompt=actions.choice(texts),
                confidence=actions.choice([0.2, 0.4]),
            )
        elif action == "fail":
            update_as_backend(dashboard, actions.choice(log_ids), **FAILED_OUTCOME)
        else:
            correct(
                dashboard,
                actions.choice(log_ids),
                actions.choice(["help", "search", None]),
                actions.choice(["ann", "bob", "cleo"]),
                actions.choice([None, "a note"]),
            )


@pytest.mark.parametrize("seed", range(8))
def test_after_a_rebuild_all_is_as_if_captured_in_the_present_form(
    server: Server, template: str, old_form: tuple[Connection, FormSwitch], seed: int
) -> None:
    dashboard, switch = old_form
    act(dashboard, random.Random(seed))
    switch.to_present()
    name = f"form_{next(_numbers)}"
    server.copy_database(template, name)
    with server.connect("postgres", name) as other:
        other.execute(NOTHING_AT_RANDOM)
        add_user(other, ALICE)
        add_user(other, BOB)
        act(other, random.Random(seed))
        expected = read_state(other)
    assert read_state(dashboard) != expected

    dashboard.execute(REBUILD.encode())

    assert read_state(dashboard) == expected
    rebuilt = read_everything(dashboard)
    dashboard.execute(REBUILD.encode())
    assert read_everything(dashboard) == rebuilt


def age(dashboard: Connection) -> None:
    """Make all rows older than retention keeps them."""
    dashboard.execute("alter table public.nlu_prompt_logs disable trigger user")
    dashboard.execute("update public.nlu_prompt_logs set created_at = '2001-01-01'")
    dashboard.execute("alter table public.nlu_prompt_logs enable trigger user")


def retain(dashboard: Connection) -> None:
    """Delete all rows, and retain the labelled texts."""
    age(dashboard)
    dashboard.execute("select private.delete_expired_rows()")


def read_retained(dashboard: Connection) -> list[tuple[object, ...]]:
    """Return the retained texts, their labels and counts."""
    return dashboard.execute(
        """select text, intent, times_sent, cardinality(user_keys) from public.labelled_texts
           where text_key = private.text_key(text) order by text"""
    ).fetchall()


def call(dashboard: Connection, function: str, *values: object) -> Any:
    """Call a database function as the backend does, and return its result."""
    with dashboard.transaction():
        dashboard.execute("set local role service_role")
        row = dashboard.execute(f"select public.{function}".encode(), values).fetchone()
    assert row is not None
    return row[0]


def test_texts_whose_form_is_the_same_are_not_touched(
    old_form: tuple[Connection, FormSwitch],
) -> None:
    dashboard, switch = old_form
    correct(dashboard, insert(dashboard, prompt="a retained text"), "help")
    retain(dashboard)
    correct(dashboard, insert(dashboard, prompt="M\u00f6ve  it"), "search")
    insert(dashboard, prompt="\u660e\u65e5 \U0001f469\u200d\U0001f4bb")
    before = read_everything(dashboard)
    switch.to_present()

    dashboard.execute(REBUILD.encode())

    assert read_everything(dashboard) == before


def test_retained_texts_that_become_one_are_added_up(
    old_form: tuple[Connection, FormSwitch],
) -> None:
    dashboard, switch = old_form
    for sender, copy in zip((ALICE, BOB, BOB), INVISIBLE_COPIES, strict=False):
        correct(dashboard, insert(dashboard, prompt=copy, user_id=sender), "help")
    retain(dashboard)
    switch.to_present()

    dashboard.execute(REBUILD.encode())

    assert read_retained(dashboard) == [(TEXT, "help", 3, 2)]


def test_a_row_and_a_retained_text_that_become_one_share_the_label(
    old_form: tuple[Connection, FormSwitch],
) -> None:
    dashboard, switch = old_form
    correct(dashboard, insert(dashboard, prompt=INVISIBLE_COPIES[1]), "help")
    retain(dashboard)
    insert(dashboard, prompt=TEXT)
    switch.to_present()

    dashboard.execute(REBUILD.encode())

    assert read_retained(dashboard) == [(TEXT, "help", 1, 1)]
    assert read_item(dashboard, "corrected_intent", "reviewer", text=TEXT) == ("help", "ann")


def test_retained_texts_that_become_one_disputed_text_are_not_retained(
    old_form: tuple[Connection, FormSwitch],
) -> None:
    dashboard, switch = old_form
    correct(dashboard, insert(dashboard, prompt=TEXT), "help", "ann")
    correct(dashboard, insert(dashboard, prompt=INVISIBLE_COPIES[1]), "search", "bob")
    retain(dashboard)
    switch.to_present()

    dashboard.execute(REBUILD.encode())

    assert read_retained(dashboard) == []
    assert dashboard.execute("select from public.correction_events").rowcount == 0


@pytest.mark.parametrize("is_merged", [False, True])
def test_a_text_of_the_pool_moves_to_its_new_key(
    server: Server, old_form: tuple[Connection, FormSwitch], is_merged: bool
) -> None:
    dashboard, switch = old_form
    log_id = insert(dashboard, prompt=INVISIBLE_COPIES[1], confidence=0.2)
    with connect_registrar(server, dashboard.info.dbname) as registrar:
        register(registrar, CANDIDATE, CHAMPION)
        assert draw(registrar, log_id) == 1
    dashboard.execute(
        "update public.model_disagreements set corrected_intent = 'help', reviewer = 'ann'"
    )
    if is_merged:
        insert(dashboard, prompt=TEXT, user_id=BOB, confidence=0.2)
    switch.to_present()

    dashboard.execute(REBUILD.encode())

    pool = dashboard.execute(
        """select text, corrected_intent, decided_at is not null, candidate
           from public.model_disagreements join private.disagreement_draws using (text_key)
           where text_key = private.text_key(text)"""
    ).fetchall()
    assert pool == [(TEXT, "help", True, CANDIDATE)]
    assert read_item(dashboard, "corrected_intent", "reasons", text=TEXT) == (
        "help",
        ["low_confidence", "model_disagreement"],
    )
    assert dashboard.execute("select from public.exportable_prompts").rowcount == 0


def test_the_label_of_a_near_duplicate_moves_to_the_new_key_of_its_text(
    server: Server, old_form: tuple[Connection, FormSwitch]
) -> None:
    dashboard, switch = old_form
    insert(dashboard, prompt=INVISIBLE_COPIES[1], confidence=0.2)
    correct(dashboard, insert(dashboard, prompt="another text", confidence=0.2), "help", "ann")
    with server.connect("supabase_admin", dashboard.info.dbname) as admin:
        admin.execute(
            """insert into private.near_duplicate_labels (text_key, event)
               select text_key, (select max(id) from public.correction_events)
               from public.review_queue where text <> 'another text'"""
        )
    switch.to_present()

    dashboard.execute(REBUILD.encode())

    with server.connect("supabase_admin", dashboard.info.dbname) as admin:
        labelled = admin.execute(
            """select text, (private.near_duplicate_label(text_key)).to_intent
               from private.near_duplicate_labels join public.review_queue using (text_key)"""
        ).fetchall()
    assert labelled == [(TEXT, "help")]


def test_a_text_that_split_off_from_one_of_the_pool_is_not_in_the_pool(
    server: Server, old_form: tuple[Connection, FormSwitch]
) -> None:
    dashboard, switch = old_form
    switch.to_present()
    drawn = insert(dashboard, prompt=TEXT, confidence=0.2)
    other = insert(dashboard, prompt="another text", confidence=0.2)
    with connect_registrar(server, dashboard.info.dbname) as registrar:
        register(registrar, CANDIDATE, CHAMPION)
        assert draw(registrar, drawn) == 1
    with server.connect("supabase_admin", dashboard.info.dbname) as admin:
        # As if the form of both had been the same.
        admin.execute("set session_replication_role = replica")
        admin.execute("delete from public.review_queue where text = 'another text'")
        admin.execute(
            """update public.nlu_prompt_logs set text_key = private.text_key(%s) where id = %s""",
            [TEXT, other],
        )

    dashboard.execute(REBUILD.encode())

    assert dashboard.execute("select text from public.model_disagreements").fetchall() == [(TEXT,)]
    (reasons,) = dashboard.execute(
        """select queue.reasons from public.review_queue queue
           join public.nlu_prompt_logs logs using (text_key) where logs.id = %s""",
        [other],
    ).fetchall()
    assert reasons == (["low_confidence"],)


def test_a_decided_text_of_the_old_form_keeps_when_and_by_whom_it_was_decided(
    old_form: tuple[Connection, FormSwitch],
) -> None:
    dashboard, switch = old_form
    insert(dashboard, prompt=INVISIBLE_COPIES[1])
    edit_queue_item(dashboard, INVISIBLE_COPIES[1], corrected_intent="help", reviewer="ann")
    columns = ("rank", "corrected_intent", "reviewer", "decided_at", "reasons", "predicted_intent")
    before = read_item(dashboard, *columns, text=INVISIBLE_COPIES[1])
    switch.to_present()

    dashboard.execute(REBUILD.encode())

    assert read_item(dashboard, *columns, text=TEXT) == before


def test_the_lines_of_exported_objects_are_still_found_and_their_old_ids_are_withdrawn(
    old_form: tuple[Connection, FormSwitch],
) -> None:
    """An object that was exported before names its lines by the keys of that time."""
    dashboard, switch = old_form
    log_id = insert(dashboard, prompt=INVISIBLE_COPIES[1])
    (old_key,) = read(dashboard, log_id, "text_key")
    call(dashboard, "register_rows('bucket', 'key', %s)", [log_id])
    window_start = call(dashboard, "open_export('series', false, 9)")["to"]
    switch.to_present()

    dashboard.execute(REBUILD.encode())

    window_end = call(dashboard, "open_export('series', false, 9)")["to"]
    (new_key,) = read(dashboard, log_id, "text_key")
    withdrawn = call(
        dashboard, "read_erased_rows(%s, %s, '0', %s, 9)", window_start, window_end, UUID(int=0)
    )
    page = call(
        dashboard, "read_export(%s, %s, '', '0', %s, false, 9, '')", window_start, window_end,
        UUID(int=0),
    )  # fmt: skip
    erase(dashboard, ALICE)
    listed = call(dashboard, "list_erased_lines('bucket', 'key')")
    assert listed["lines"] == [[str(log_id), old_key.hex(), 0, 0]]
    assert [text_id for _, text_id, _ in withdrawn] == [old_key.hex()]
    assert page[1] == [new_key.hex()]


def test_a_rebuild_continues_after_the_last_key(old_form: tuple[Connection, FormSwitch]) -> None:
    dashboard, switch = old_form
    for number in range(5):
        insert(dashboard, prompt=f"text\u00ad number {number}")
    switch.to_present()
    keys: list[Any] = [b""]

    while keys[-1] is not None:
        row = dashboard.execute("select private.rebuild_text_keys(%s, 2)", [keys[-1]]).fetchone()
        assert row is not None
        keys.append(row[0])

    assert len(keys) >= 5
    assert keys[:-1] == sorted(set(keys[:-1]))
    assert set(list_texts(dashboard)) == {f"text number {number}" for number in range(5)}


@pytest.mark.parametrize("actor", CALLERS, ids=str)
def test_nobody_but_the_owner_of_the_database_can_rebuild_keys(
    server: Server, database: str, actor: Actor
) -> None:
    with (
        connect_as(server, database, actor) as caller,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        caller.execute("select private.rebuild_text_keys()")
