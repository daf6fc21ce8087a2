"""`make bench NAME=redaction`: precision and recall of redaction by entity type, and its time.

The patterns were developed with the texts in `redaction/dev`. The texts in `redaction/test` were
written before the patterns and serve only as a test. In both, double brackets mark the entities.
The sets in `redaction/independent`, texts with their redacted forms, were each written by somebody
who knew docs/reference/redaction.md and not the patterns, or nothing of the project. None of their
texts serves to train the model. Some of their characters are escaped, so that no secret scanner
takes them for leaked keys.
"""

import os
import re
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path

from prompt_capture.domain.entity_types import ENTITY_TYPES, EntityType
from prompt_capture.domain.redaction import PLACEHOLDERS, redact
from tests.unit.redaction_fuzzer import SIZE, expensive_texts, repeat
from training.data.redacted_texts import RedactedText, read_redacted_texts

TEXTS = Path(__file__).parent / "redaction"
INFORMED_SETS = (
    "first",
    "second",
    "third",
    "thirteenth",
    "fifteenth",
    "sixteenth",
    "eighteenth",
    "nineteenth",
)
"""Sets by somebody who knew the reference, or what redaction promises."""
UNINFORMED_SETS = (
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "fourteenth",
    "seventeenth",
)
"""Sets by somebody who knew nothing of the project."""
INDEPENDENT_SETS = (*INFORMED_SETS, *UNINFORMED_SETS)
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


def read_independent(name: str) -> list[RedactedText]:
    """Read an independent set of texts."""
    return read_redacted_texts([TEXTS / "independent" / f"{name}.jsonl"])


def measure_independent(name: str) -> dict[EntityType, EntityMetrics]:
    """Measure each entity type on an independent set of texts.

    An entity is missed where it stays, or where its type has too few placeholders in a text.
    """
    metrics = {entity_type: EntityMetrics() for entity_type in ENTITY_TYPES}
    for expected in read_independent(name):
        redacted = redact(expected.text)
        for entity_type, measured in metrics.items():
            entities = [entity for kind, entity in expected.entities() if kind == entity_type]
            placeholder = PLACEHOLDERS[entity_type]
            measured.redacted += redacted.count(placeholder) - expected.text.count(placeholder)
            _count_entities(measured, placeholder, entities, expected.text, redacted)
    return metrics


def measure_redaction(part: str) -> dict[EntityType, EntityMetrics]:
    """Measure each entity type on all texts of a part."""
    metrics = {entity_type: EntityMetrics() for entity_type in ENTITY_TYPES}
    for name in (*ENTITY_TYPES, "ordinary"):
        for text in read_texts(part, name):
            redacted = redact(MARKED.sub(r"\1", text))
            for entity_type in ENTITY_TYPES:
                metrics[entity_type].redacted += redacted.count(PLACEHOLDERS[entity_type])
            if name in metrics:
                marked = MARKED.findall(text)
                _count_entities(metrics[name], PLACEHOLDERS[name], marked, text, redacted)
    return metrics


def recall(metrics: dict[EntityType, EntityMetrics]) -> float:
    """Return the recall over all entity types."""
    missed = sum(len(measured.missed) for measured in metrics.values())
    return 1 - missed / sum(measured.marked for measured in metrics.values())


def precision(metrics: dict[EntityType, EntityMetrics]) -> float:
    """Return the precision over all entity types."""
    found = sum(measured.marked - len(measured.missed) for measured in metrics.values())
    return found / sum(measured.redacted for measured in metrics.values())


def _count_entities(
    metrics: EntityMetrics, placeholder: str, entities: list[str], text: str, redacted: str
) -> None:
    metrics.marked += len(entities)
    missed = [entity for entity in entities if entity in redacted]
    if not missed and redacted.count(placeholder) < len(entities):
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
        _print_metrics(part, measure_redaction(part))
        ordinary = read_texts(part, "ordinary")
        changed = sum(redact(text) != text for text in ordinary)
        print(f"False positives: {changed} of {len(ordinary)} ordinary messages changed.\n")
    for name in INDEPENDENT_SETS:
        _print_independent(name)
    _print_times(int(os.environ.get("SEED") or 1), int(os.environ.get("TEXTS") or 200))


def _print_independent(name: str) -> None:
    texts, metrics = read_independent(name), measure_independent(name)
    _print_metrics(f"{name} independent", metrics)
    exact = sum(redact(each.text) == each.redacted for each in texts)
    print(f"Over all types: precision {precision(metrics):.3f}, recall {recall(metrics):.3f}.")
    print(f"Exactly as expected: {exact} of {len(texts)} texts.\n")


def _print_metrics(part: str, metrics: dict[EntityType, EntityMetrics]) -> None:
    print(f"{part} texts")
    print(f"{'entity type':<12} {'marked':>6} {'recall':>7} {'precision':>10}  missed texts")
    for entity_type, measured in metrics.items():
        print(
            f"{entity_type:<12} {measured.marked:>6} {measured.recall:>7.3f} "
            f"{measured.precision:>10.3f}  {'; '.join(measured.missed)}"
        )


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
