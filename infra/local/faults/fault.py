"""The faults that a route can have, and their JSON form for the control API."""

import json
from dataclasses import asdict, dataclass
from typing import Literal, Self

Kind = Literal["healthy", "refuse", "hang", "slow", "status", "half", "reset", "reset_after"]


@dataclass(frozen=True)
class Fault:
    """What happens to one in `every` requests of a route, after the first `skip` of them.

    With `method`, or with `path`, which a request's path begins with, only such requests count.

    - `refuse`: connections are refused, and open connections are reset. No other field has an
      effect.
    - `hang`: the proxy reads the request but neither forwards nor answers it.
    - `slow`: the response arrives after a delay of `seconds`, at `bytes_per_second` if not 0.
    - `status`: the proxy responds with `status` and `body` and does not forward the request.
    - `half`: the first half of the response arrives, then the connection closes.
    - `reset`: the proxy resets the connection and does not forward the request.
    - `reset_after`: the upstream processes the request, then the proxy resets the connection
      without a response.
    """

    kind: Kind = "healthy"
    seconds: float = 0.0
    bytes_per_second: int = 0
    status: int = 503
    body: str = '{"message":"The server is not available."}'
    every: int = 1
    skip: int = 0
    method: str = ""
    path: str = "/"

    def to_json(self) -> bytes:
        """Serialise the fault for the control API."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Parse the output of `to_json`."""
        return cls(**json.loads(content))


HEALTHY = Fault()
