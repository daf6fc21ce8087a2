"""What every scenario starts from: two users, a text that both sent, and a text of one of them."""

import json
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

from uuid6 import uuid7

from tests.database.console import add_account
from tests.database.registry import call, register
from tests.database.rows import LONG_AGO, correct, insert
from tests.database.server import Connection


def new_id() -> UUID:
    """Return an id as the functions make them."""
    return UUID(bytes=uuid7().bytes)


CANDIDATE = "candidate-1"


def draw(connection: Connection, log_ids: list[UUID]) -> Any:
    """Draw texts for the pool of disagreements, as the registrar; return how many are new."""
    disagreements = [
        {"log_id": str(log_id), "candidate_intent": "search", "champion_intent": "email"}
        for log_id in log_ids
    ]
    return call(
        connection,
        "draw_disagreements",
        candidate=CANDIDATE,
        champion="packaged-1",
        probability=0.5,
        disagreements=json.dumps(disagreements),
    )


@dataclass
class Scene:
    """The rows of a scenario. `alice` is erased in some of them, `bob` never.

    `shared` is a text that both sent; `own` is a text of Alice alone, which a note quotes. Both
    have an expired row of Alice and are decided. `lone` has no row but an expired one of Alice, and
    waits for review. `pooled` is a text of Alice alone in the pool of disagreements. A correction
    waits for `expected`, a row that has not arrived. Two alerts, both muted by Alice, have `mark`
    as subject, and a split with the candidate is under way.
    """

    alice: UUID = field(default_factory=uuid4)
    bob: UUID = field(default_factory=uuid4)
    mark: str = field(default_factory=lambda: uuid4().hex)
    expected: UUID = field(default_factory=new_id)
    fresh: UUID = field(default_factory=new_id)
    second: UUID = field(default_factory=new_id)
    batch: list[UUID] = field(default_factory=lambda: sorted(new_id() for _ in range(100)))
    alices: list[UUID] = field(default_factory=list)
    bobs: UUID = field(default_factory=new_id)
    shared_key: bytes = b""
    own_key: bytes = b""
    lone_key: bytes = b""
    pooled_key: bytes = b""
    lones: UUID = field(default_factory=new_id)
    window_end: int = 0

    def with_other_messages(self) -> "Scene":
        """Return the scene with other ids, for a second operation of the same kind."""
        return replace(
            self,
            expected=new_id(),
            fresh=new_id(),
            second=new_id(),
            batch=sorted(new_id() for _ in self.batch),
        )

    @property
    def shared(self) -> str:
        """A text that Alice and Bob sent."""
        return f"shared {self.mark}"

    @property
    def own(self) -> str:
        """A text that only Alice sent."""
        return f"confession {self.mark}"

    @property
    def lone(self) -> str:
        """A text of which only an expired row of Alice is on record."""
        return f"lone {self.mark}"

    @property
    def pooled(self) -> str:
        """A text of Alice alone in the pool of disagreements."""
        return f"confession, pooled {self.mark}"


def create_scene(dashboard: Connection, admin: Connection) -> Scene:
    """Insert the rows of a new scenario."""
    scene = Scene()
    for user_id in (scene.alice, scene.bob):
        add_account(dashboard, user_id, "reviewer")
    for text in (scene.shared, scene.own):
        scene.alices.append(insert(dashboard, user_id=scene.alice, prompt=text, confidence=0.3))
        old = insert(dashboard, user_id=scene.alice, prompt=text, created_at=LONG_AGO)
        correct(dashboard, old, "help", "ann", f"quotes confession {scene.mark}")
        scene.alices.append(old)
    insert(
        dashboard,
        id=scene.lones,
        user_id=scene.alice,
        prompt=scene.lone,
        confidence=0.3,
        created_at=LONG_AGO,
    )
    pooled = insert(dashboard, user_id=scene.alice, prompt=scene.pooled, confidence=0.3)
    with admin.transaction():
        admin.execute("set local role model_registrar")
        register(admin, CANDIDATE)
        draw(admin, [pooled])
    scene.bobs = insert(dashboard, user_id=scene.bob, prompt=scene.shared, confidence=0.3)
    with admin.transaction():
        admin.execute("set local role model_registrar")
        call(
            admin, "split_model", version=CANDIDATE, share=0.5, actor=str(scene.alice), reason="new"
        )
    with dashboard.transaction():
        dashboard.execute("set local role service_role")
        dashboard.execute(
            "select public.record_correction(%s, 'status', 'ben', %s, 'api')",
            [scene.expected, f"quotes confession {scene.mark}"],
        )
    admin.execute(
        """insert into public.alerts (rule, subject, since, summary, runbook, muted_until, muted_by)
           select rule, %s, now(), 'Seen.', 'docs/how-to/operate.md#seen', now(), %s
           from unnest(array['fires', 'fired']) as rule""",
        [scene.mark, str(scene.alice)],
    )
    row = dashboard.execute(
        """select private.text_key(%s), private.text_key(%s), private.text_key(%s),
             private.text_key(%s), private.peek_change_number()""",
        [scene.shared, scene.own, scene.lone, scene.pooled],
    ).fetchone()
    assert row is not None
    keys: Any = row[:4]
    scene.shared_key, scene.own_key, scene.lone_key, scene.pooled_key = keys
    scene.window_end = int(str(row[4]))
    return scene
