"""A reviewer who knows only the dashboard: the table editor's own service, on the real tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .actors import ALICE, BOB
from .rows import add_user, correct, insert
from .server import ROOT, Server
from .table_editor import TableEditor, run_table_editor

SNIPPETS = sorted((ROOT / "supabase/snippets").glob("*.sql"))


@pytest.fixture(scope="module")
def reviewed(server: Server, template: str) -> str:
    """A database whose queue is reviewed here."""
    server.copy_database(template, "reviewed")
    with server.connect("postgres", "reviewed") as connection:
        connection.execute("update private.settings set audit_rate = 0")
        add_user(connection, ALICE)
        add_user(connection, BOB)
        for text, confidence in (
            ("second", 0.5), ("first", 0.1), ("third", 0.6), ("tampered", 0.65), ("cells", 0.66),
            ("unsigned", 0.67), ("misspelt", 0.68), ("disputed", 0.69), ("popular", 0.695),
            ("moved", 0.698),
        ):  # fmt: skip
            insert(connection, prompt=text, confidence=confidence)
        insert(connection, prompt="FIRST", confidence=0.1, user_id=BOB)
    return "reviewed"


@pytest.fixture(scope="module")
def editor(
    server: Server, reviewed: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TableEditor]:
    """The table editor on that database."""
    with run_table_editor(server, reviewed, tmp_path_factory.mktemp("editor")) as running:
        yield running


def item(editor: TableEditor, text: str) -> dict[str, object]:
    """Find an item as a person would: by its text."""
    (found,) = [row for row in editor.open_table("review_queue") if row["text"] == text]
    return found


def test_it_is_a_table_that_can_be_edited_with_a_drop_down_of_intents(editor: TableEditor) -> None:
    table = editor.describe_table("review_queue")
    assert [key["name"] for key in table["primary_keys"]] == ["rank", "id"]
    drop_downs = {
        link["source_column_name"]: (link["target_table_name"], link["target_column_name"])
        for link in table["relationships"]
        if link["source_table_name"] == "review_queue"
    }
    assert drop_downs == {"corrected_intent": ("intent_catalogue", "intent")}
    columns = {column["name"]: column for column in table["columns"]}
    assert all(columns[name]["is_updatable"] for name in ("corrected_intent", "reviewer", "notes"))
    assert all(column["comment"] for column in columns.values())


def test_it_opens_with_the_best_first(editor: TableEditor) -> None:
    opened = [row["text"] for row in editor.open_table("review_queue")]
    assert opened[:3] == ["first", "second", "third"]


def test_two_fields_decide_a_text_for_all_who_sent_it(editor: TableEditor) -> None:
    response = editor.edit(
        "review_queue", item(editor, "first"), corrected_intent="help", reviewer="ann"
    )
    assert response.is_success, response.text
    logs = editor.query(
        "select corrected_intent, count(*) from public.nlu_prompt_logs "
        "where lower(prompt) = 'first' group by 1"
    ).json()
    assert logs == [{"corrected_intent": "help", "count": 2}]
    assert editor.open_table("review_queue")[0]["text"] == "first", "it stays under the reviewer's eyes"
    (event,) = [row for row in editor.open_table("correction_events") if row["to_intent"] == "help"]
    assert (event["reviewer"], event["channel"]) == ("ann", "dashboard")


def test_cells_can_be_saved_one_by_one_on_the_page_as_it_was_opened(editor: TableEditor) -> None:
    opened = item(editor, "cells")
    editor.edit("review_queue", opened, corrected_intent="help")
    response = editor.edit("review_queue", opened, reviewer="ann")
    assert response.is_success, response.text
    decided = item(editor, "cells")
    assert (decided["corrected_intent"], decided["reviewer"]) == ("help", "ann")


def test_an_edit_finds_its_row_although_its_text_was_sent_again(
    editor: TableEditor, server: Server, reviewed: str
) -> None:
    opened = item(editor, "popular")
    with server.connect("postgres", reviewed) as connection:
        for _ in range(5):
            insert(connection, prompt="popular", confidence=0.1)
    response = editor.edit("review_queue", opened, corrected_intent="help", reviewer="ann")
    assert response.is_success, response.text
    assert item(editor, "popular")["corrected_intent"] == "help"


def test_an_edit_of_a_row_that_moved_is_refused_with_what_to_do(
    editor: TableEditor, server: Server, reviewed: str
) -> None:
    opened = item(editor, "moved")
    with server.connect("postgres", reviewed) as connection:
        for _ in range(5):
            insert(connection, prompt="moved", confidence=0.1)
        connection.execute("select private.refresh_queue()")
    response = editor.edit("review_queue", opened, corrected_intent="help", reviewer="ann")
    assert response.status_code == 400
    assert "has moved" in response.text
    assert "Reload" in response.text
    assert item(editor, "moved")["corrected_intent"] is None


def test_an_edit_that_names_nobody_is_the_dashboards(editor: TableEditor) -> None:
    editor.edit("review_queue", item(editor, "unsigned"), corrected_intent="help")
    assert item(editor, "unsigned")["reviewer"] == "dashboard"


def test_tampering_is_refused_with_what_to_do(editor: TableEditor) -> None:
    row = item(editor, "tampered")
    response = editor.edit("review_queue", row, predicted_intent="help", confidence=1)
    assert response.status_code == 400
    assert "Only corrected_intent, reviewer and notes can be edited here." in response.text
    assert item(editor, "tampered") == row


def test_a_misspelt_intent_is_refused_and_the_drop_down_named(editor: TableEditor) -> None:
    response = editor.edit("review_queue", item(editor, "misspelt"), corrected_intent="hlep")
    assert response.status_code == 400
    assert "catalogue" in response.text


@pytest.mark.parametrize(
    "sql",
    [
        "delete from public.review_queue",
        "delete from public.nlu_prompt_logs",
        "update public.nlu_prompt_logs set prompt = 'other'",
        "delete from public.correction_events",
    ],
)
def test_what_the_editor_must_not_do_it_cannot(editor: TableEditor, sql: str) -> None:
    before = editor.open_table("review_queue")
    assert editor.query(sql).status_code == 400
    assert editor.open_table("review_queue") == before


def test_a_dispute_comes_back_to_the_queue(
    editor: TableEditor, server: Server, reviewed: str
) -> None:
    editor.edit("review_queue", item(editor, "disputed"), corrected_intent="help", reviewer="ann")
    with server.connect("postgres", reviewed) as connection:
        (log_id,) = connection.execute(
            "select id from public.nlu_prompt_logs where prompt = 'disputed'"
        ).fetchone() or (None,)
        correct(connection, log_id, "search", "bob")  # type: ignore[arg-type]
    first = editor.open_table("review_queue")[0]
    assert (first["text"], first["corrected_intent"]) == ("disputed", None)
    assert "disagreement" in str(first["reasons"])


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda path: path.stem)
def test_a_saved_snippet_runs_and_says_what_it_answers(editor: TableEditor, snippet: Path) -> None:
    sql = snippet.read_text("utf-8")
    assert sql.startswith("-- ")
    response = editor.query(sql)
    assert response.is_success, response.text


def test_there_are_snippets_for_the_weekly_questions() -> None:
    assert len(SNIPPETS) >= 6
