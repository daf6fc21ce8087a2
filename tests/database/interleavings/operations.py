"""The operations that meet each other, each as the statements of one transaction after another."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from tests.database.console import claim
from tests.database.registry import call, promote, register, roll_back
from tests.database.rows import build_row
from tests.database.server import Connection

from .scene import CANDIDATE, Scene, draw

Step = Callable[[Connection, Scene], Any]

MAX_STEPS = 8
"""Of an operation that repeats its step until it is finished."""


@dataclass(frozen=True)
class Operation:
    """An operation of one role. `steps` are its transactions.

    An operation that `repeats` takes its only step until the result is finished. One that
    `never_waits` for another transaction does not wait for locks.
    """

    name: str
    role: str
    steps: tuple[Step, ...]
    repeats: bool = False
    never_waits: bool = False

    def __str__(self) -> str:
        """Return the name, which becomes part of a test's id."""
        return self.name


def _call(call: str, *attributes: str) -> Step:
    """Return a step that calls a function with attributes of the scene, and returns its result."""

    def step(connection: Connection, scene: Scene) -> Any:
        values = [getattr(scene, name) for name in attributes]
        row = connection.execute(f"select {call}".encode(), values or None).fetchone()
        return row[0] if row else None

    return step


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> Any:
    """Insert rows in one statement, as PostgREST does, and return the ids that were free."""
    columns = [name for name in build_row() if name != "secondary_intents"]
    query = sql.SQL(
        "insert into public.nlu_prompt_logs ({}) values {} on conflict (id) do nothing returning id"
    ).format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(
            sql.SQL("({})").format(sql.SQL(", ").join(sql.Placeholder() * len(columns)))
            for _ in rows
        ),
    )
    return connection.execute(query, [row[name] for row in rows for name in columns]).fetchall()


def _capture(connection: Connection, scene: Scene) -> Any:
    """Capture the row for which a correction waits."""
    row = build_row(id=scene.expected, user_id=scene.alice, prompt=scene.shared, confidence=0.3)
    return _insert(connection, [row])


def _capture_new_text(connection: Connection, scene: Scene) -> Any:
    """Capture a confident message, which is not chosen for review, with a text of its own."""
    row = build_row(id=scene.fresh, user_id=scene.alice, prompt=f"new {scene.own}", confidence=1)
    return _insert(connection, [row])


def _capture_lone_text(connection: Connection, scene: Scene) -> Any:
    """Capture another user's copy of the text whose only row is expired."""
    row = build_row(id=scene.second, user_id=scene.bob, prompt=scene.lone, confidence=0.3)
    return _insert(connection, [row])


def _drain(connection: Connection, scene: Scene) -> Any:
    """Write a batch of 100 messages of both users, among them copies of the three texts."""
    rows = []
    for number, log_id in enumerate(scene.batch):
        is_alices = number % 2 == 0
        text = (scene.shared, scene.own if is_alices else scene.lone, f"{number} {scene.mark}")
        rows.append(
            build_row(
                id=log_id,
                user_id=scene.alice if is_alices else scene.bob,
                prompt=text[number % 3],
                confidence=0.3 if number % 5 else 0.99,
            )
        )
    return _insert(connection, rows)


def _record_outcome(connection: Connection, scene: Scene) -> Any:
    return connection.execute(
        "select public.record_outcome(%s, false, 'move', %s)",
        [scene.alices[0], f"failed on confession {scene.mark}"],
    ).fetchone()


def _correct(connection: Connection, scene: Scene) -> Any:
    return connection.execute(
        "select public.record_correction(%s, 'search', %s, %s, 'api', '{email}')",
        [scene.alices[0], str(scene.alice), f"quotes confession {scene.mark}"],
    ).fetchone()


def _import(connection: Connection, scene: Scene) -> Any:
    return connection.execute(
        "select public.record_review(%s, 'reminder', 'ina', %s, 'help', '{}')",
        [scene.alices[1], f"quotes confession {scene.mark}"],
    ).fetchone()


def _edit_queue(connection: Connection, scene: Scene) -> Any:
    return connection.execute(
        """update public.review_queue set corrected_intent = 'status', reviewer = 'dora',
             corrected_secondary_intents = '{search}'
           where text_key = %s""",
        [scene.shared_key],
    ).rowcount


def _edit_log(connection: Connection, scene: Scene) -> Any:
    return connection.execute(
        """update public.nlu_prompt_logs set corrected_intent = 'email', corrected_by = 'lou'
           where id = %s""",
        [scene.alices[0]],
    ).rowcount


def _decide_in_console(connection: Connection, scene: Scene) -> Any:
    """Decide the shared text, and another one with it, as Alice, who knows its latest event."""
    item = _find_item(connection, scene.shared_key)
    other, _ = _find_item(connection, scene.lone_key)
    claim(connection, scene.alice)
    return connection.execute(
        "select public.console_decide(%s, %s, 'search', '{email}', %s, false, array[%s::bigint])",
        [*item, f"quotes confession {scene.mark}", other],
    ).fetchone()


def _undo_in_console(connection: Connection, scene: Scene) -> Any:
    """Take back what Alice decided about the shared text last."""
    item, latest = _find_item(connection, scene.shared_key)
    claim(connection, scene.alice)
    return connection.execute("select public.console_undo(%s, %s)", [item, latest]).fetchone()


def _skip_in_console(connection: Connection, scene: Scene) -> Any:
    item, _ = _find_item(connection, scene.lone_key)
    claim(connection, scene.alice)
    return connection.execute("select public.console_skip(%s, 'unsure')", [item]).fetchone()


def _find_item(connection: Connection, text_key: bytes) -> tuple[int, int]:
    """Return the item of a text and its latest event, as the page knows them; (0, 0) if none is."""
    connection.execute("reset role")
    row = connection.execute(
        """select id, coalesce((
             select max(id) from public.correction_events events
             where events.text_key = queue.text_key
           ), 0) from public.review_queue queue where text_key = %s""",
        [text_key],
    ).fetchone()
    return (int(str(row[0])), int(str(row[1]))) if row else (0, 0)


def _delete_account(connection: Connection, scene: Scene) -> Any:
    return connection.execute("delete from auth.users where id = %s", [scene.alice]).rowcount


def _register_rows(connection: Connection, scene: Scene) -> Any:
    return connection.execute(
        "select public.register_rows('bucket', %s, %s)",
        [scene.mark, [*scene.alices, scene.bobs]],
    ).fetchone()


def _open_export(connection: Connection, scene: Scene) -> Any:
    """Return the end of a window, and how many changes of the scenario it holds now."""
    end = _call("public.open_export(%s, true, 10)", "mark")(connection, scene)["to"]
    connection.execute("reset role")
    row = connection.execute(
        """select count(*) from public.nlu_prompt_logs
           where change_number >= %s and change_number < %s""",
        [scene.window_end, int(end)],
    ).fetchone()
    return int(end), int(str(row[0])) if row else 0


def _finish_export(connection: Connection, scene: Scene) -> Any:
    """Check for erasures and record the dataset, as an export does at its end."""
    row = connection.execute(
        """select public.record_dataset(%s, 'bucket', %s, '0', %s, 1)
           where not public.has_erasures_since('bucket', array[%s], now() - interval '1 minute')""",
        [scene.mark, f"{scene.mark}.json", str(scene.window_end), scene.mark],
    )
    return row.rowcount


def _edit_pool(connection: Connection, scene: Scene) -> Any:
    return connection.execute(
        """update public.model_disagreements
           set corrected_intent = 'email', reviewer = 'bea', notes = %s where text_key = %s""",
        [f"quotes confession {scene.mark}", scene.pooled_key],
    ).rowcount


def _draw(connection: Connection, scene: Scene) -> Any:
    """Draw a text that waits, texts that are decided, and one that is in the pool."""
    return draw(connection, [scene.lones, *scene.alices, scene.bobs])


def _score(connection: Connection, scene: Scene) -> Any:
    scores = [[key.hex(), 0.9, 0.5] for key in (scene.lone_key, scene.shared_key)]
    return call(connection, "record_queue_scores", version=CANDIDATE, scores=json.dumps(scores))


def _evaluate_alerts(connection: Connection, scene: Scene) -> Any:
    """Read the counts, and find that a rule fires for the scene and another one no longer does."""
    connection.execute("select public.read_monitoring(30)")
    finding = {
        "rule": "fires",
        "subject": scene.mark,
        "since": "2026-11-01T00:00:00Z",
        "summary": "Seen.",
        "runbook": "docs/how-to/operate.md#seen",
    }
    return connection.execute(
        "select public.record_alerts(%s, array['fires', 'fired'])", [json.dumps([finding])]
    ).fetchone()


def _handle_alerts(connection: Connection, scene: Scene) -> Any:
    """Take over and mute both alerts of the scene as Alice."""
    connection.execute("reset role")
    alerts = connection.execute(
        "select id from public.alerts where subject = %s and resolved_at is null order by id",
        [scene.mark],
    ).fetchall()
    claim(connection, scene.alice)
    for alert in alerts:
        connection.execute("select public.acknowledge_alert(%s)", alert)
        connection.execute("select public.mute_alert(%s, now() + interval '1 day')", alert)
    return len(alerts)


def _register_candidate(connection: Connection, scene: Scene) -> Any:
    """Register a candidate as Alice, as a retraining does."""
    return register(connection, f"retrained-{scene.mark}", actor=str(scene.alice))


def _split(connection: Connection, scene: Scene) -> Any:
    """Stop the split and start it again."""
    actor = {"actor": str(scene.alice), "reason": "compare"}
    call(connection, "stop_split", **actor)
    return call(connection, "split_model", version=CANDIDATE, share=0.5, **actor)


def _change_champion(connection: Connection, scene: Scene) -> Any:
    """Promote the candidate, which ends the split, and go back to the packaged model."""
    promote(connection, CANDIDATE, str(scene.alice))
    return roll_back(connection, str(scene.alice))


OPERATIONS = (
    Operation("capture", "prompt_writer", (_capture,), never_waits=True),
    Operation("capture of a new text", "prompt_writer", (_capture_new_text,), never_waits=True),
    Operation("capture of a lone text", "prompt_writer", (_capture_lone_text,), never_waits=True),
    Operation("drain batch of 100", "prompt_writer", (_drain,), never_waits=True),
    Operation("outcome", "service_role", (_record_outcome,)),
    Operation("correction", "service_role", (_correct,)),
    Operation("console", "authenticated", (_decide_in_console, _undo_in_console, _skip_in_console)),
    Operation("edit of the queue", "postgres", (_edit_queue,)),
    Operation("edit of a row", "postgres", (_edit_log,)),
    Operation("import of a review", "service_role", (_import,)),
    Operation(
        "erasure", "service_role", (_call("public.continue_erasure(%s)", "alice"),), repeats=True
    ),
    Operation("deletion of the account", "postgres", (_delete_account,)),
    Operation("retention", "postgres", (_call("private.delete_expired_rows()"),), never_waits=True),
    Operation(
        "nightly jobs",
        "postgres",
        (
            _call("private.complete_captures()"),
            _call("private.add_missing_queue_items()"),
            _call("private.fill_queue()"),
            _call("private.refresh_queue_items('')"),
        ),
        never_waits=True,
    ),
    Operation("edit of the pool", "postgres", (_edit_pool,)),
    Operation("draw of disagreements", "model_registrar", (_draw,)),
    Operation("scoring the queue", "model_registrar", (_score,), never_waits=True),
    Operation(
        "count of changed days",
        "postgres",
        (_call("private.count_changed_day()"), _call("private.count_changed_day()")),
        never_waits=True,
    ),
    Operation("evaluation of alerts", "prompt_monitor", (_evaluate_alerts,)),
    Operation("handling of alerts", "authenticated", (_handle_alerts,)),
    Operation("registry", "model_registrar", (_register_candidate, _split, _change_champion)),
    Operation("opening an export", "prompt_exporter", (_open_export,)),
    Operation("registering exported rows", "prompt_exporter", (_register_rows,)),
    Operation("finishing an export", "prompt_exporter", (_register_rows, _finish_export)),
)
