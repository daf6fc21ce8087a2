"""What can be wrong with a route, as it is told to the proxy."""

import json
from dataclasses import asdict, dataclass
from typing import Literal, Self

Kind = Literal["healthy", "refuse", "hang", "slow", "status", "half", "reset", "reset_after"]


@dataclass(frozen=True)
class Fault:
    """How every `every`th request fares.

    - `refuse`: nobody listens; connections that are open are reset.
    - `hang`: the request is read and never answered, nor forwarded.
    - `slow`: the answer comes `seconds` late.
    - `status`: `status` and `body` are the answer; nothing is forwarded.
    - `half`: the first half of the answer comes, then the connection ends.
    - `reset`: the connection is reset, nothing is forwarded.
    - `reset_after`: the request is done, and the connection reset in place of the answer.
    """

    kind: Kind = "healthy"
    seconds: float = 0.0
    status: int = 503
    body: str = '{"message":"The server is not available."}'
    every: int = 1

    def to_json(self) -> bytes:
        """Write it for the proxy's control."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, told: bytes) -> Self:
        """Read what `to_json` wrote."""
        return cls(**json.loads(told))


HEALTHY = Fault()
