"""Reviewing in the dashboard: the service of the table editor on the migrated tables."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.database_reset import NOTHING_AT_RANDOM

from .actors import ALICE, BOB
from .registry import connect_registrar, register
from .rows import add_user, correct, insert, refresh_queue
from .server import ROOT, Server
from .table_editor import TableEditor, run_table_editor
from .test_evaluation import CANDIDATE, CHAMPION, draw

SNIPPETS = sorted((ROOT / "supabase/snippets").glob("*.sql"))


@pytest.fixture(scope="module")
def reviewed(server: Server, template: str) -> str:
    """A database with texts in the review queue, and two in the pool of disagreements."""
    server.copy_database(template, "reviewed")
    with server.connect("postgres", "reviewed") as connection:
        connection.execute(NOTHING_AT_RANDOM)
        add_user(connection, ALICE)
        add_user(connection, BOB)
        for text, confidence in (
            ("second", 0.5), ("first", 0.1), ("third", 0.6), ("other column", 0.65),
            ("separate cells", 0.66), ("unsigned", 0.67), ("misspelt", 0.68), ("disputed", 0.69),
            ("popular", 0.695), ("moved", 0.698), ("several", 0.6985), ("a wrong list", 0.699),
        ):  # fmt: skip
            insert(connection, prompt=text, confidence=confidence)
        insert(connection, prompt="FIRST", confidence=0.1, user_id=BOB)
        drawn = [insert(connection, prompt=f"blind {number}", confidence=0.05) for number in "12"]
    with connect_registrar(server, "reviewed") as registrar:
        register(registrar, CANDIDATE, CHAMPION)
        draw(registrar, *drawn)
    return "reviewed"


@pytest.fixture(scope="module")
def editor(
    server: Server, reviewed: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TableEditor]:
    """The table editor on the reviewed database."""
    with run_table_editor(server, reviewed, tmp_path_factory.mktemp("editor")) as running:
        yield running


def find_item(editor: TableEditor, text: str) -> dict[str, object]:
    """Return the queue item of a text, as it is shown on the first page."""
    (row,) = [row for row in editor.open_table("review_queue") if row["text"] == text]
    return row


def test_the_queue_is_an_editable_table_with_a_drop_down_of_intents(editor: TableEditor) -> None:
    table = editor.describe_table("review_queue")
    assert [key["name"] for key in table["primary_keys"]] == ["rank", "id"]
    drop_downs = {
        key["source_column_name"]: (key["target_table_name"], key["target_column_name"])
        for key in table["relationships"]
        if key["source_table_name"] == "review_queue"
    }
    assert drop_downs == {"corrected_intent": ("intent_catalogue", "intent")}
    columns = {column["name"]: column for column in table["columns"]}
    assert all(
        columns[name]["is_updatable"]
        for name in ("corrected_intent", "corrected_secondary_intents", "reviewer", "notes")
    )
    assert all(column["comment"] for column in columns.values())


def test_the_queue_opens_in_the_order_of_ranks(editor: TableEditor) -> None:
    texts = [row["text"] for row in editor.open_table("review_queue")]
    assert texts[:3] == ["first", "second", "third"]


def test_setting_intent_and_reviewer_labels_the_rows_of_all_senders(editor: TableEditor) -> None:
    response = editor.edit(
        "review_queue", find_item(editor, "first"), corrected_intent="help", reviewer="ann"
    )
    assert response.is_success, response.text
    logs = editor.query(
        "select corrected_intent, count(*) from public.nlu_prompt_logs "
        "where lower(prompt) = 'first' group by 1"
    ).json()
    assert logs == [{"corrected_intent": "help", "count": 2}]
    assert editor.open_table("review_queue")[0]["text"] == "first", "it keeps its rank"
    (event,) = [row for row in editor.open_table("correction_events") if row["to_intent"] == "help"]
    assert (event["reviewer"], event["channel"]) == ("ann", "dashboard")


def test_cells_can_be_saved_one_by_one_without_reloading(editor: TableEditor) -> None:
    opened = find_item(editor, "separate cells")
    editor.edit("review_queue", opened, corrected_intent="help")
    response = editor.edit("review_queue", opened, reviewer="ann")
    assert response.is_success, response.text
    decided = find_item(editor, "separate cells")
    assert (decided["corrected_intent"], decided["reviewer"]) == ("help", "ann")


def test_secondary_intents_are_edited_as_a_list(editor: TableEditor) -> None:
    columns = {
        column["name"]: column for column in editor.describe_table("review_queue")["columns"]
    }
    assert columns["corrected_secondary_intents"]["data_type"] == "ARRAY"
    opened = find_item(editor, "several")
    assert opened["corrected_secondary_intents"] is None
    edits: list[dict[str, object]] = [
        {"corrected_intent": "help", "corrected_secondary_intents": ["Search", "email"]},
        {"corrected_secondary_intents": []},
        {"corrected_secondary_intents": None},
        {"corrected_secondary_intents": ["email"], "reviewer": "ann"},
    ]
    shown = []
    for edit in edits:
        response = editor.edit("review_queue", opened, **edit)
        assert response.is_success, response.text
        shown.append(find_item(editor, "several")["corrected_secondary_intents"])
    assert shown == [["search", "email"], [], None, ["email"]]

    (row,) = [row for row in editor.open_table("nlu_prompt_logs") if row["prompt"] == "several"]
    assert row["corrected_secondary_intents"] == ["email"]
    response = editor.edit("nlu_prompt_logs", row, corrected_secondary_intents=["search"])
    assert response.is_success, response.text
    assert find_item(editor, "several")["corrected_secondary_intents"] == ["search"]


@pytest.mark.parametrize(
    ("typed", "problem"),
    [(["hlep"], "catalogue"), (["help"], "primary"), (["email, search"], "catalogue")],
)
def test_wrong_secondary_intents_are_refused_with_a_hint(
    editor: TableEditor, typed: list[str], problem: str
) -> None:
    row = find_item(editor, "a wrong list")
    response = editor.edit(
        "review_queue", row, corrected_intent="help", corrected_secondary_intents=typed
    )
    assert response.status_code == 400
    assert problem in response.text
    assert find_item(editor, "a wrong list") == row


def test_an_edit_finds_its_row_after_the_text_was_sent_again(
    editor: TableEditor, server: Server, reviewed: str
) -> None:
    opened = find_item(editor, "popular")
    with server.connect("postgres", reviewed) as connection:
        for _ in range(5):
            insert(connection, prompt="popular", confidence=0.1)
    response = editor.edit("review_queue", opened, corrected_intent="help", reviewer="ann")
    assert response.is_success, response.text
    assert find_item(editor, "popular")["corrected_intent"] == "help"


def test_an_edit_of_a_row_that_moved_is_refused_with_a_hint(
    editor: TableEditor, server: Server, reviewed: str
) -> None:
    opened = find_item(editor, "moved")
    with server.connect("postgres", reviewed) as connection:
        for _ in range(5):
            insert(connection, prompt="moved", confidence=0.1)
        refresh_queue(connection)
    response = editor.edit("review_queue", opened, corrected_intent="help", reviewer="ann")
    assert response.status_code == 400
    assert "has moved" in response.text
    assert "Reload" in response.text
    assert find_item(editor, "moved")["corrected_intent"] is None


def test_an_edit_without_a_reviewer_is_signed_dashboard(editor: TableEditor) -> None:
    editor.edit("review_queue", find_item(editor, "unsigned"), corrected_intent="help")
    assert find_item(editor, "unsigned")["reviewer"] == "dashboard"


def test_a_disagreement_is_decided_blind_in_its_own_table(editor: TableEditor) -> None:
    table = editor.describe_table("model_disagreements")
    drop_downs = {key["source_column_name"] for key in table["relationships"]} & {
        column["name"] for column in table["columns"]
    }
    assert "corrected_intent" in drop_downs
    first, second = editor.open_table("model_disagreements")
    assert {first["first_intent"], first["second_intent"]} == {"email", "search"}

    response = editor.edit("model_disagreements", first, corrected_intent="email", reviewer="ann")

    assert response.is_success, response.text
    decided, other = editor.open_table("model_disagreements")
    assert (decided["text"], decided["corrected_intent"]) == (first["text"], "email")
    assert decided["decided_at"] is not None
    assert other == second


def test_a_disagreement_cannot_be_decided_in_the_queue(editor: TableEditor) -> None:
    row = find_item(editor, "blind 2")

    response = editor.edit("review_queue", row, corrected_intent="email", reviewer="ann")

    assert response.status_code == 400
    assert "This text is reviewed blind." in response.text
    assert "model_disagreements" in response.text
    assert row["reasons"] == ["low_confidence", "model_disagreement"]


def test_an_edit_of_another_column_is_refused(editor: TableEditor) -> None:
    row = find_item(editor, "other column")
    response = editor.edit("review_queue", row, predicted_intent="help", confidence=1)
    assert response.status_code == 400
    assert "Only corrected_intent, corrected_secondary_intents, reviewer and notes" in response.text
    assert find_item(editor, "other column") == row


def test_a_misspelt_intent_is_refused(editor: TableEditor) -> None:
    response = editor.edit("review_queue", find_item(editor, "misspelt"), corrected_intent="hlep")
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
def test_forbidden_statements_are_refused(editor: TableEditor, sql: str) -> None:
    before = editor.open_table("review_queue")
    assert editor.query(sql).status_code == 400
    assert editor.open_table("review_queue") == before


def test_a_disputed_text_moves_to_the_top_of_the_queue(
    editor: TableEditor, server: Server, reviewed: str
) -> None:
    editor.edit(
        "review_queue", find_item(editor, "disputed"), corrected_intent="help", reviewer="ann"
    )
    with server.connect("postgres", reviewed) as connection:
        (log_id,) = connection.execute(
            "select id from public.nlu_prompt_logs where prompt = 'disputed'"
        ).fetchone() or (None,)
        correct(connection, log_id, "search", "bob")  # type: ignore[arg-type]
    first = editor.open_table("review_queue")[0]
    assert (first["text"], first["corrected_intent"]) == ("disputed", None)
    assert "disagreement" in str(first["reasons"])


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda path: path.stem)
def test_a_snippet_runs_and_begins_with_a_description(editor: TableEditor, snippet: Path) -> None:
    sql = snippet.read_text("utf-8")
    assert sql.startswith("-- ")
    response = editor.query(sql)
    assert response.is_success, response.text


def test_there_are_at_least_six_snippets() -> None:
    assert len(SNIPPETS) >= 6
