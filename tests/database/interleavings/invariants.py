"""What holds after any two operations met, once the job of every minute has run."""

from typing import Any

from tests.database.server import Connection
from tests.database_reset import TABLES

from .runner import Run
from .scene import Scene

# Every check returns rows only where it fails.
CHECKS = {
    "a row that was chosen for review has no queue item": """
        select id from public.nlu_prompt_logs logs
        where text_key = any (%(texts)s) and (has_review_reason or is_audited) and not exists (
          select from public.review_queue queue where queue.text_key = logs.text_key
        )""",
    "a queue item counts other rows than there are": """
        select queue.times_sent, queue.user_count, counted.*
        from public.review_queue queue, lateral (
          select count(*) as times_sent, count(distinct user_id) as user_count
          from public.nlu_prompt_logs logs
          where logs.text_key = queue.text_key and within_daily_cap
        ) as counted
        where queue.text_key = any (%(texts)s)
          and (queue.times_sent, queue.user_count) <> (counted.times_sent, counted.user_count)""",
    "a queue item has no rows": """
        select id from public.review_queue queue
        where text_key = any (%(texts)s) and not exists (
          select from public.nlu_prompt_logs logs where logs.text_key = queue.text_key
        )""",
    "a queue item shows another label than the decision that stands": """
        select queue.corrected_intent, decision.to_intent
        from public.review_queue queue
        cross join lateral private.find_decision(queue.text_key) as decision
        where queue.text_key = any (%(texts)s) and queue.corrected_intent is distinct from case
            when not private.is_disputed(queue.text_key, decision.to_intent) then decision.to_intent
          end""",
    "a row or a queue item shows other secondary intents than the decision that stands": """
        select logs.corrected_secondary_intents, queue.corrected_secondary_intents, decision.id
        from public.nlu_prompt_logs logs join public.review_queue queue using (text_key)
        cross join lateral private.find_decision(queue.text_key) as decision
        where queue.text_key = any (%(texts)s) and (
          logs.corrected_intent is not null
          and logs.corrected_secondary_intents is distinct from decision.to_secondary_intents
          or queue.corrected_intent is not null
          and queue.corrected_secondary_intents is distinct from decision.to_secondary_intents
        )""",
    "a retained text has another label than the decision that stands": """
        select retained.intent, decision.to_intent
        from public.labelled_texts retained
        cross join lateral private.find_decision(retained.text_key) as decision
        where retained.text_key = any (%(texts)s)
          and (retained.intent, retained.secondary_intents)
            is distinct from (decision.to_intent, decision.to_secondary_intents)
          and not private.is_disputed(retained.text_key, decision.to_intent)""",
    "a correction is recorded twice": """
        select reviewer, to_intent from (
          select *, lag(events) over (partition by text_key, reviewer order by id) as earlier
          from public.correction_events events where text_key = any (%(texts)s)
        ) as votes
        where earlier is not null
          and (to_intent, log_id) is not distinct from ((earlier).to_intent, (earlier).log_id)""",
    "a correction has neither rows nor a retained text": """
        select id from public.correction_events events
        where text_key = any (%(texts)s) and not exists (
          select from public.nlu_prompt_logs logs where logs.text_key = events.text_key
        ) and not exists (
          select from public.labelled_texts retained where retained.text_key = events.text_key
        )""",
    "a change still waits for a row that has arrived": """
        select deferred.id from private.deferred_changes deferred
        join public.nlu_prompt_logs logs on logs.id = deferred.log_id""",
    "a text of the pool has neither rows nor a retained text": """
        select id from public.model_disagreements pool where not exists (
          select from public.nlu_prompt_logs logs where logs.text_key = pool.text_key
        ) and not exists (
          select from public.labelled_texts retained where retained.text_key = pool.text_key
        )""",
    "the queue does not say that a text is in the pool, or says so of another one": """
        select queue.text_key, queue.reasons from public.review_queue queue
        where ('model_disagreement' = any (reasons)) <> exists (
          select from public.model_disagreements pool where pool.text_key = queue.text_key
        )""",
    "a disagreement is decided otherwise than its text": """
        select pool.corrected_intent, queue.corrected_intent
        from public.model_disagreements pool join public.review_queue queue using (text_key)
        where pool.decided_at is not null
          and pool.corrected_intent is distinct from queue.corrected_intent""",
    "a text of the pool has another draw than one": """
        select text_key from public.model_disagreements
        except select text_key from private.disagreement_draws""",
    "a score has no item": """
        select text_key from private.queue_scores
        except select text_key from public.review_queue""",
    "a model serves that the ledger does not name": """
        select address from private.champion
        where address is distinct from private.compose_serving()""",
    "an alert is open twice": """
        select rule, subject from public.alerts where resolved_at is null
        group by rule, subject having count(*) > 1""",
    "a retained text has no sender": """
        select text_key from public.labelled_texts where user_keys = '{}'""",
}

_ALL_CHECKS = " union all ".join(
    f"select {position}, failing::text from ({query}) as failing"
    for position, query in enumerate(CHECKS.values())
)
_TABLES_WITH_TEXTS = [table for table in TABLES if table != "public.exported_rows"]


def define_checks(monitor: Connection) -> None:
    """Define a function that returns the rows of all tables that hold one of some texts."""
    monitor.execute("set plan_cache_mode = force_generic_plan")
    queries = " union all ".join(
        f"select '{table}', row::text from {table} as row where row::text like any (traces)"
        for table in _TABLES_WITH_TEXTS
    )
    monitor.execute(
        f"""create function pg_temp.find_traces(traces text[])
            returns table (relation text, content text)
            language plpgsql as $$ begin return query {queries}; end $$""".encode()
    )


def complete(dashboard: Connection) -> None:
    """Run the job of every minute until nothing is left."""
    row: Any = (1,)
    while row and row[0]:
        row = dashboard.execute("select private.complete_captures()").fetchone()


def check_scene(admin: Connection, scene: Scene, runs: dict[str, Run]) -> None:
    """Fail if the scene breaks an invariant. `runs` are those of both operations, by name."""
    erasures = [runs[name] for name in ("erasure", "deletion of the account") if name in runs]
    is_erased = any(not run.refused for run in erasures)
    has_begun = is_erased or any(len(run.results) > 1 for run in erasures)
    if is_erased:
        # The drain drops the row that was expected.
        admin.execute("select private.discard_deferred_changes(%s)", [[scene.expected]])
    texts = [scene.shared_key, scene.own_key, scene.lone_key, scene.pooled_key]
    rows = admin.execute(_ALL_CHECKS.encode(), {"texts": texts}, prepare=True).fetchall()
    failures = [(list(CHECKS)[int(str(position))], row) for position, row in rows]
    assert not failures, failures
    _check_captures(admin, scene, runs, has_begun)
    _check_corrections(admin, scene, runs, has_begun)
    _check_windows(admin, scene, runs)
    if is_erased:
        _check_erasure(admin, scene, runs)


def _check_captures(admin: Connection, scene: Scene, runs: dict[str, Run], has_begun: bool) -> None:
    """Nothing captured is lost or doubled."""
    for name, expected in (
        ("capture", [scene.expected]),
        ("capture of a new text", [scene.fresh]),
        ("capture of a lone text", [scene.second]),
        ("drain batch of 100", scene.batch),
    ):
        if name not in runs or runs[name].refused:
            continue
        assert [row[0] for row in runs[name].results[0]] == expected, f"{name}: ids are missing"
        rows = admin.execute(
            "select id, user_id from public.nlu_prompt_logs where id = any (%s)", [expected]
        ).fetchall()
        senders = {scene.bob} if has_begun else {scene.alice, scene.bob}
        remaining = [
            log_id for n, log_id in enumerate(expected) if _sender(scene, name, n) in senders
        ]
        found = sorted(str(log_id) for log_id, user_id in rows if user_id in senders)
        assert found == sorted(map(str, remaining)), f"{name}: rows are missing"


def _sender(scene: Scene, name: str, number: int) -> object:
    is_bobs = name == "capture of a lone text" or (name == "drain batch of 100" and number % 2)
    return scene.bob if is_bobs else scene.alice


def _check_corrections(
    admin: Connection, scene: Scene, runs: dict[str, Run], has_begun: bool
) -> None:
    """Every recorded correction is in the history once."""
    reviewers = {
        "correction": str(scene.alice), "import of a review": "ina",
        "edit of the queue": "dora", "edit of a row": "lou", "edit of the pool": "bea",
    }  # fmt: skip
    for name, reviewer in reviewers.items():
        run = runs.get(name)
        if (
            run is None
            or run.refused
            or has_begun
            or (name == "correction" and "console" in runs)  # Alice corrects there, too
            or any(state in str(run.results) for state in ("changed", "absent"))
        ):
            continue
        count = admin.execute(
            """select count(*) from public.correction_events
               where reviewer = %s and text_key = any (%s)""",
            [reviewer, [scene.shared_key, scene.own_key, scene.pooled_key]],
        ).fetchone()
        assert count == (1,), f"{name} is recorded {count} times"
    imported = runs.get("import of a review")
    if imported and not imported.refused and "recorded" in str(imported.results):
        before = admin.execute(
            """select reviewer from public.correction_events
               where text_key = %s and id < (
                 select id from public.correction_events where text_key = %s and reviewer = 'ina'
               ) order by id desc limit 1""",
            [scene.shared_key, scene.shared_key],
        ).fetchone()
        undone = {(str(scene.alice),)} if "console" in runs else set()
        assert before in {("ann",), None} | undone, f"the import replaced a label of {before}"


def _check_windows(admin: Connection, scene: Scene, runs: dict[str, Run]) -> None:
    """No change appears in a window after the window was opened."""
    run = runs.get("opening an export")
    if run is None or run.refused:
        return
    end, count_then = run.results[0]
    count_now = admin.execute(
        """select count(*) from public.nlu_prompt_logs
           where change_number >= %s and change_number < %s""",
        [scene.window_end, end],
    ).fetchone()
    assert count_now is not None
    assert int(str(count_now[0])) <= count_then, "a change appeared in a window that was open"


def _check_erasure(admin: Connection, scene: Scene, runs: dict[str, Run]) -> None:
    """Nothing of an erased user is left, and the receipt lists all objects with their text."""
    traces = [f"%{trace}%" for trace in (scene.alice, scene.own, scene.pooled)]
    rows = admin.execute("select * from pg_temp.find_traces(%s)", [traces]).fetchall()
    assert not rows, f"data of the erased user remain: {rows}"
    key = admin.execute(
        """select private.user_key(%s), exists (
             select from public.labelled_texts where user_keys @> array[private.user_key(%s)]
           )""",
        [scene.alice, scene.alice],
    ).fetchone()
    assert key is not None
    assert key[1] is False, "a retained text has the key of the erased user"

    finished = runs.get("finishing an export")
    erasure = runs.get("erasure")
    if finished and erasure and not finished.refused and finished.results[-1] == 1:
        pages = admin.execute(
            "select bucket, key from public.exported_rows where user_keys @> array[%s::bytea]",
            [key[0]],
        ).fetchall()
        listed = erasure.results[-1]["remaining_objects"]
        for bucket, name in pages:
            assert {"bucket": bucket, "key": name} in listed, "the receipt omits an object"
