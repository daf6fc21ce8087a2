"""`make bench NAME=redaction`: precision and recall of redaction by entity type, and its time.

The patterns were developed with the texts in `redaction/dev`. The texts in `redaction/test` were
written before the patterns and serve only as a test. In both, double brackets mark the entities.
"""

import os
import re
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from prompt_capture.domain.redaction import ENTITY_TYPES, EntityType, redact
from tests.unit.redaction_fuzzer import SIZE, expensive_texts, repeat

TEXTS = Path(__file__).parent / "redaction"
PLACEHOLDERS: dict[EntityType, str] = {
    "url": "<URL>", "wallet": "<WALLET>", "secret": "<SECRET>", "email": "<EMAIL>",
    "bank": "<BANK>", "card": "<CARD>", "mac": "<MAC>", "ip": "<IP>",
    "birth_date": "<BIRTH_DATE>", "national_id": "<ID>", "phone": "<PHONE>",
}  # fmt: skip
MARKED = re.compile(r"\[\[(.+?)\]\](?!\])")


@dataclass
class EntityMetrics:
    """The metrics of one entity type.

    `marked` counts its entities, `missed` lists those that were not redacted, and `redacted`
    counts all of its placeholders, right or wrong.
    """

    marked: int = 0
    missed: list[str] = field(default_factory=list)
    redacted: int = 0

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / self.marked

    @property
    def precision(self) -> float:
        return (self.marked - len(self.missed)) / self.redacted if self.redacted else 0.0


def read_texts(part: str, name: str) -> list[str]:
    """Read a file of texts, one per line."""
    return (TEXTS / part / f"{name}.txt").read_text("utf-8").splitlines()


def measure_redaction(part: str) -> dict[EntityType, EntityMetrics]:
    """Measure each entity type on all texts of a part."""
    metrics = {entity_type: EntityMetrics() for entity_type in ENTITY_TYPES}
    for name in (*ENTITY_TYPES, "ordinary"):
        for text in read_texts(part, name):
            redacted = redact(MARKED.sub(r"\1", text))
            for entity_type in ENTITY_TYPES:
                metrics[entity_type].redacted += redacted.count(PLACEHOLDERS[entity_type])
            if name in metrics:
                _count_marked(metrics[name], PLACEHOLDERS[name], text, redacted)
    return metrics


def _count_marked(metrics: EntityMetrics, placeholder: str, text: str, redacted: str) -> None:
    marked = MARKED.findall(text)
    metrics.marked += len(marked)
    missed = [entity for entity in marked if entity in redacted]
    if not missed and redacted.count(placeholder) < len(marked):
        missed = [text]
    metrics.missed += missed


def milliseconds(text: str, repetitions: int = 5) -> float:
    """Measure the processor time of one redaction: the shortest of several repetitions."""
    shortest = float("inf")
    for _ in range(repetitions):
        started_at = time.thread_time()
        redact(text)
        shortest = min(shortest, time.thread_time() - started_at)
    return 1000 * shortest


def main() -> None:
    """Print a table for each part, and the times. SEED and TEXTS choose the expensive texts."""
    for part in ("dev", "test"):
        print(f"{part} texts")
        print(f"{'entity type':<12} {'marked':>6} {'recall':>7} {'precision':>10}  missed texts")
        for entity_type, metrics in measure_redaction(part).items():
            print(
                f"{entity_type:<12} {metrics.marked:>6} {metrics.recall:>7.3f} "
                f"{metrics.precision:>10.3f}  {'; '.join(metrics.missed)}"
            )
        ordinary = read_texts(part, "ordinary")
        changed = sum(redact(text) != text for text in ordinary)
        print(f"False positives: {changed} of {len(ordinary)} ordinary messages changed.\n")
    _print_times(int(os.environ.get("SEED") or 1), int(os.environ.get("TEXTS") or 200))


def _print_times(seed: int, count: int) -> None:
    message = "finish the report and block an hour for it tomorrow at 15:30"
    ordinary = milliseconds(message, 300)
    texts = list(expensive_texts(seed, count))
    times = [milliseconds(text) for text in texts]
    # Other processes disturb single measurements: repeat those that decide.
    candidates = sorted(zip(times, texts, strict=True), reverse=True)[:10]
    slowest = sorted(((milliseconds(text, 50), text) for _, text in candidates), reverse=True)
    print(f"{'processor time':<52} {'ms':>7} {'ratio':>6}")
    _print_time("an ordinary message", ordinary, ordinary)
    long_message = milliseconds(repeat(f"{message}. "), 50)
    _print_time(f"{SIZE:,} characters: ordinary messages", long_message, ordinary)
    _print_time(f"{SIZE:,} characters: median of the fuzzer", statistics.median(times), ordinary)
    for worst, text in slowest[:3]:
        _print_time(f"{SIZE:,} characters: {text[:26]!a}", worst, ordinary)


def _print_time(what: str, time_ms: float, ordinary_ms: float) -> None:
    print(f"{what:<52} {time_ms:>7.3f} {time_ms / ordinary_ms:>6.0f}")


if __name__ == "__main__":
    main()
