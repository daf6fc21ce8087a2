"""How much of each entity_type is found, and how much else is taken for it; `make bench-redaction`.

`redaction/dev` holds what the patterns are made with, `redaction/test` what was written before them
and is only measured. In both, what is to be found stands in double brackets.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from prompt_capture.domain.redaction import ENTITY_TYPES, EntityType, redact

TEXTS = Path(__file__).parent / "redaction"
PLACEHOLDERS: dict[EntityType, str] = {
    "url": "<URL>", "secret": "<SECRET>", "email": "<EMAIL>", "bank": "<BANK>",
    "card": "<CARD>", "national_id": "<ID>", "phone": "<PHONE>",
}  # fmt: skip
MARKED = re.compile(r"\[\[(.+?)\]\](?!\])")


@dataclass
class Figures:
    """Of one entity_type: what was marked, what of it was missed, and all that was taken for it."""

    marked: int = 0
    missed: list[str] = field(default_factory=list)
    taken: int = 0

    @property
    def recall(self) -> float:
        return 1 - len(self.missed) / self.marked

    @property
    def precision(self) -> float:
        return (self.marked - len(self.missed)) / self.taken if self.taken else 0.0


def lines(part: str, name: str) -> list[str]:
    """Read a file of texts."""
    return (TEXTS / part / f"{name}.txt").read_text("utf-8").splitlines()


def measure(part: str) -> dict[EntityType, Figures]:
    """Measure each entity_type on the texts of all."""
    figures = {entity_type: Figures() for entity_type in ENTITY_TYPES}
    for name in (*ENTITY_TYPES, "nothing"):
        for line in lines(part, name):
            found = redact(MARKED.sub(r"\1", line))
            for entity_type in ENTITY_TYPES:
                figures[entity_type].taken += found.count(PLACEHOLDERS[entity_type])
            if name in figures:
                _count(figures[name], PLACEHOLDERS[name], line, found)
    return figures


def _count(of_kind: Figures, placeholder: str, line: str, found: str) -> None:
    marked = MARKED.findall(line)
    of_kind.marked += len(marked)
    left = [part for part in marked if part in found]
    if not left and found.count(placeholder) < len(marked):
        left = [line]
    of_kind.missed += left


def main() -> None:
    """Print a table for each part."""
    for part in ("dev", "test"):
        print(f"{part}\n{'entity_type':<12} {'marked':>6} {'recall':>7} {'precision':>10}  missed")
        for entity_type, figures in measure(part).items():
            print(
                f"{entity_type:<12} {figures.marked:>6} {figures.recall:>7.3f} {figures.precision:>10.3f}"
                f"  {'; '.join(figures.missed)}"
            )
        changed = sum(redact(line) != line for line in lines(part, "nothing"))
        print(f"ordinary messages changed: {changed} of {len(lines(part, 'nothing'))}\n")


if __name__ == "__main__":
    main()
