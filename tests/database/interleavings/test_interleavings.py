"""Every ordered pair of operations: one is held open at each of its locks, while the other runs."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from tests.database.server import Server

from .holds import HOLDS, Hold
from .invariants import check_scene, complete, define_checks
from .operations import OPERATIONS, Operation
from .runner import NoProgressError, Point, Stage

BY_NAME = {operation.name: operation for operation in OPERATIONS}


@contextmanager
def open_stage(server: Server, database: str) -> Iterator[Stage]:
    """Open the connections of two operations."""
    stage = Stage(server, database)
    try:
        define_checks(stage.monitor)
        yield stage
    finally:
        stage.close()


class Stages:
    """The stage on which pairs meet, one after another; after a failure, a new one."""

    def __init__(self, server: Server, database: str) -> None:
        self._server, self._database = server, database
        self._open = ExitStack()
        self._stage: Stage | None = None
        self._scene_is_for: Operation | None = None

    @contextmanager
    def use(self, held: Operation) -> Iterator[Stage]:
        """Use a stage with the scene in which all operations meet this one."""
        if self._stage is None:
            self._stage = self._open.enter_context(open_stage(self._server, self._database))
        if self._scene_is_for is not held:
            self._scene_is_for = held
            self._stage.set_scene()
        try:
            yield self._stage
        except BaseException:
            self.close()
            raise

    def meet(self, held: Operation, other: Operation) -> None:
        """Let two operations meet, at each point at which the first can be held."""
        with self.use(held) as stage:
            for point in list_points(stage, held):
                meet(stage, held, point, other)

    def close(self) -> None:
        """Close the stage, whatever its connections are doing."""
        self._open.close()
        self._stage = self._scene_is_for = None


@pytest.fixture(scope="module")
def all_stages(server: Server, template: str) -> Iterator[list[Stages]]:
    """Two stages, each in a migrated database of its own."""
    opened = []
    for number in range(2):
        database = f"interleavings_{number}"
        server.copy_database(template, database)
        opened.append(Stages(server, database))
    yield opened
    for stages in opened:
        stages.close()


@pytest.fixture(scope="module")
def meetings(
    all_stages: list[Stages], request: pytest.FixtureRequest
) -> Iterator[dict[tuple[Operation, Operation], Future[None]]]:
    """What becomes of each selected pair. Both stages are in use: most machines have two cores."""
    pairs: list[tuple[Operation, Operation]] = [
        (item.callspec.params["held"], item.callspec.params["other"])  # type: ignore[misc]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == "test_two_operations_meet"
    ]
    threads = [ThreadPoolExecutor(1) for _ in all_stages]
    found = {}
    for held, other in pairs:
        number = OPERATIONS.index(held) % len(all_stages)
        found[held, other] = threads[number].submit(all_stages[number].meet, held, other)
    yield found
    for thread in threads:
        thread.shutdown(cancel_futures=True)


_points: dict[str, list[Point]] = {}


def list_points(stage: Stage, operation: Operation) -> list[Point]:
    """Return where an operation can be held: each lock for which it waits, commit and rollback."""
    if operation.name not in _points:
        points: list[Point] = []
        for step in range(stage.steps_of(operation)):
            points += [Point(step, "commit"), Point(step, "rollback")]
            points += [Point(step, hold) for hold in HOLDS if stage.blocks(operation, step, hold)]
        _points[operation.name] = points
    return _points[operation.name]


def meet(stage: Stage, held: Operation, point: Point, other: Operation) -> None:
    """Let two operations meet in the scene, and check the invariants."""
    scene = stage.restore_scene()
    others_scene = scene.with_other_messages() if other is held else scene
    first, second = stage.meet(held, point, other, scene, others_scene)
    complete(stage.dashboard)
    try:
        assert not (other.never_waits and second.waited), f"{other} waited"
        check_scene(stage.monitor, scene, {other.name: second} | {held.name: first})
    except AssertionError as failure:
        failure.add_note(f"{held} was held at {point}: {first}. {other} ran: {second}.")
        raise


@pytest.mark.parametrize("other", OPERATIONS, ids=str)
@pytest.mark.parametrize("held", OPERATIONS, ids=str)
def test_two_operations_meet(
    meetings: dict[tuple[Operation, Operation], Future[None]], held: Operation, other: Operation
) -> None:
    meetings[held, other].result()


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.never_waits], ids=str)
def test_an_operation_that_never_waits_waits_for_no_lock(
    all_stages: list[Stages], operation: Operation
) -> None:
    with all_stages[0].use(operation) as stage:
        holds = [point.at for point in list_points(stage, operation) if isinstance(point.at, Hold)]
    # Whoever locks the events of a text holds the lock of the text.
    assert [hold.name for hold in holds if hold.name != "events"] == []


def _without(line: str, replacement: str = "") -> Callable[[str], str]:
    """Return a change of a function's definition that must apply."""

    def change(definition: str) -> str:
        assert line in definition, definition
        return definition.replace(line, replacement)

    return change


_NOTHING = "perform pg_advisory_xact_lock_shared(99, 0)"

MISTAKES = {
    "a correction does not lock its text": (
        "private.lock_texts(bytea[])",
        _without("pg_advisory_xact_lock(4, slot)", "pg_advisory_xact_lock_shared(4, slot)"),
        ("correction", "commit", "import of a review"),
    ),
    "an edit in the dashboard does not exclude corrections": (
        "private.lock_edits()",
        _without("perform pg_advisory_xact_lock(3, 0)", _NOTHING),
        ("correction", "rows", "edit of the queue"),
    ),
    "the deletion of an account does not exclude corrections": (
        "private.lock_edits_first()",
        _without("perform private.lock_edits();"),
        ("deletion of the account", "edits", "edit of a row"),
    ),
    "an erasure does not wait for captures": (
        "private.continue_erasure(uuid)",
        _without("perform private.lock_person(p_user_id);"),
        ("capture of a new text", "commit", "erasure"),
    ),
    "a capture forgets the item that another one was adding": (
        "private.try_queue_logs(nlu_prompt_logs[],boolean)",
        _without("return false;", "return true;"),
        ("capture", "rollback", "capture"),
    ),
    "an item is deleted with the rows that a capture added meanwhile": (
        "private.delete_orphans(bytea[])",
        _without("for update;", ";"),
        ("capture of a lone text", "commit", "erasure"),
    ),
    "retention keeps the notes about the rows that it deletes": (
        "private.clear_notes(uuid[])",
        _without("where notes is not null and", "where false and"),
        ("retention", "commit", "erasure"),
    ),
    "a transaction does not announce its change numbers": (
        "private.next_change_number()",
        _without("perform pg_advisory_xact_lock_shared", "perform least"),
        ("capture", "commit", "opening an export"),
    ),
    "an erasure takes the alerts of its user in another order than an evaluation": (
        "private.lock_alerts(bigint[])",
        _without("order by id for update", "order by id limit 0"),
        ("deletion of the account", "first alert", "evaluation of alerts"),
    ),
    "an import overwrites a newer label": (
        "record_review(uuid,text,text,text,text,text[],text[],bigint)",
        _without(
            "(label, label_secondary_intents) is distinct from "
            "(seen_intent, seen_secondary_intents)",
            "false",
        ),
        ("import of a review", "log ids of Alice", "edit of a row"),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_instrument_detects_a_mistake(server: Server, template: str, mistake: str) -> None:
    function, change, (held, at, other) = MISTAKES[mistake]
    database = f"mistake_{list(MISTAKES).index(mistake)}"
    server.copy_database(template, database)
    with server.connect("supabase_admin", database) as admin:
        row = admin.execute("select pg_get_functiondef(%s::regprocedure)", [function]).fetchone()
        assert row is not None
        admin.execute(change(str(row[0])).encode())
    detected: list[str] = []
    for hold in [*HOLDS, "commit", "rollback"]:
        if at == getattr(hold, "name", hold):
            point = Point(0, hold)  # type: ignore[arg-type]
            with open_stage(server, database) as stage:
                stage.set_scene()
                try:
                    meet(stage, BY_NAME[held], point, BY_NAME[other])
                except (AssertionError, NoProgressError, psycopg.Error) as error:
                    detected.append(type(error).__name__)
    assert detected, "nothing was noticed"
