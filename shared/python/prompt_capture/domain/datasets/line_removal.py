"""Remove lines from a written dataset, or change their counts, by line id."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt_capture.domain.datasets.requests import to_json_line


@dataclass
class LineRemoval:
    """Removes the lines with the ids in `drop`, and sets the counts of the lines in `counts`.

    `counts` holds the lines of texts that other users sent too. `removed` and `changed` count the
    lines so far.
    """

    drop: frozenset[str]
    counts: Mapping[str, int] = field(default_factory=dict)
    removed: int = 0
    changed: int = 0

    def apply(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the remaining JSON lines. Unchanged lines stay the same byte for byte."""
        for line in lines:
            entry = json.loads(line)
            if not self.should_drop(entry):
                yield self._with_new_count(entry, line)

    def should_drop(self, entry: Mapping[str, Any]) -> bool:
        """Return whether to remove an entry, and count it if so."""
        is_dropped = entry.get("id") in self.drop
        self.removed += is_dropped
        return is_dropped

    def _with_new_count(self, entry: dict[str, Any], line: bytes) -> bytes:
        count = self.counts.get(entry.get("id", ""))
        if count is None or entry.get("count") == count:
            return line
        self.changed += 1
        return f"{to_json_line(entry | {'count': count})}\n".encode()
