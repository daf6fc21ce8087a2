"""The database and the function `models` as the console calls them, in memory."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt_capture.domain.changes import Decision, ReviewedItem
from prompt_capture.domain.errors import NotPermitted, UnknownIntent


@dataclass
class InMemoryConsoleStore:
    """Accepts every item. `roles` maps a token to the role of its account; others have `role`."""

    intents: Collection[str]
    role_of_others: str | None = "reviewer"
    roles: dict[str, str | None] = field(default_factory=dict)
    decisions: list[tuple[ReviewedItem, Decision, str | None]] = field(default_factory=list)

    async def decide(
        self, token: str, item: ReviewedItem, decision: Decision, notes: str | None
    ) -> Mapping[str, Any]:
        if await self.role(token) not in {"reviewer", "operator"}:
            raise NotPermitted("no role")
        if not {decision.intent, *(decision.secondary_intents or ())} <= set(self.intents):
            raise UnknownIntent([])
        self.decisions.append((item, decision, notes))
        return {"state": "recorded", "event": len(self.decisions), "is_disputed": False}

    async def known_intents(self, token: str) -> list[str]:
        return sorted(self.intents)

    async def role(self, token: str) -> str | None:
        return self.roles.get(token, self.role_of_others)


@dataclass
class RecordedModelDecisions:
    """Records what is sent to the function `models`, and answers as it would."""

    sent: list[tuple[str, str, bytes]] = field(default_factory=list)

    async def send(self, token: str, decision: str, body: bytes) -> tuple[int, bytes]:
        self.sent.append((token, decision, body))
        return 200, b'{"event":null}'

    async def split(self, token: str) -> tuple[int, bytes]:
        self.sent.append((token, "split", b""))
        return 200, b'{"split":null}'
