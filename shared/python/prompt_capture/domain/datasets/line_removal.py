"""Lines of a dataset that lies there: read, dropped or changed by their ids, written again."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt_capture.domain.datasets.requests import one_line


@dataclass
class LineRemoval:
    """Drops the lines of some ids, and puts smaller counts where others sent the same text."""

    drop: frozenset[str]
    counts: Mapping[str, int] = field(default_factory=dict)
    removed: int = 0
    changed: int = 0

    def lines(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Answer JSON lines as they are to stay; untouched ones byte by byte."""
        for line in lines:
            entry = json.loads(line)
            if not self.is_dropped(entry):
                yield self._changed(entry, line)

    def is_dropped(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry goes."""
        goes = entry.get("id") in self.drop
        self.removed += goes
        return goes

    def _changed(self, entry: dict[str, Any], line: bytes) -> bytes:
        count = self.counts.get(entry.get("id", ""))
        if count is None or entry.get("count") == count:
            return line
        self.changed += 1
        return f"{one_line(entry | {'count': count})}\n".encode()
