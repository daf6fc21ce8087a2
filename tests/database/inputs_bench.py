"""`make bench NAME=inputs`: what the worst messages cost, relative to ordinary ones."""

import json
import random
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from infra.local.paths import MODEL
from infra.local.postgres import Postgres
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.domain.text import normalise
from prompt_capture.domain.types import MAX_ERROR_LENGTH, MAX_MESSAGE_LENGTH, MAX_NOTE_LENGTH
from tests.difficult_texts import ENGLAND

from .actors import ALICE
from .rows import add_user, correct, insert, update_as_backend
from .server import Connection, Server, migrate

DATABASE = "bench"
GOAL = 3.0
SEED = 20261128
GENERATIONS, CHILDREN, SURVIVORS = 12, 30, 8
ROUNDS = 100
FINALISTS = 3

ORDINARY = {
    "German": "bitte verschiebe den Termin mit der Zahnärztin auf nächsten Freitag und schreibe "
    "mir danach, ob es möglich war; außerdem möchte ich an die Überweisung erinnert werden.",
    "Chinese": "请把明天下午和牙医的预约改到星期五上午、并在改好之后通知我。"
    "还想提醒我给办公室汇款、谢谢。",
}
"""A sentence of each language, whose words ordinary messages are made of."""

_MARKS_BY_CLASS = {unicodedata.combining(chr(code)): chr(code) for code in range(0x300, 0x1F000)}
MARKS = [_MARKS_BY_CLASS[number] for number in sorted(_MARKS_BY_CLASS, reverse=True) if number]
"""One mark of each combining class, in descending order: the order that takes longest to sort."""

STRINGS = (
    "a", "T", "é", "文", "각", "\u1100\u1161\u11a8", "\uac00\u11a7", "\u11a7",
    "\u1f82", "\u0958", "\U0001d15e", "\u1e9b",
    "\ufdfa", "\ufdfb", "\ufdf2", "\u321d", "\u3300", "\u33af", "\u2057", "\uff9e", "\u0344",
    "".join(MARKS), "".join(MARKS[:29]), "".join(MARKS[:30]), "".join(MARKS[:31]),
    "\u0344" * 18 + "".join(MARKS[-12:]), MARKS[0], MARKS[-1], MARKS[-1] + MARKS[0],
    "\x01", "\u00ad", "\u115f", "\u200b", "\u200d", "\ufe0f", "\U000e0067", "\U000e0101",
    "👩", "👩\u200d", "👩\u200d💻", "👩\ufe0f\u200d", ENGLAND, ENGLAND[:-1],
    " ", "\n", "\u00a0", "\u2028", "\u3000", "a\n", "a \u200b",
)  # fmt: skip
"""What the search builds messages of: whatever a step of the normal form may be slow with."""


class Piece(NamedTuple):
    """A string, and how often it is repeated."""

    string: str
    repetitions: int = 1


Genome = tuple[Piece, ...]
"""A message: its pieces one after another, again and again up to the greatest length."""


def message_of(genome: Genome) -> str:
    """Return the message of a genome."""
    unit = "".join(piece.string * piece.repetitions for piece in genome)
    return (unit * (MAX_MESSAGE_LENGTH // len(unit) + 1))[:MAX_MESSAGE_LENGTH]


def mutate(genome: Genome, choices: random.Random) -> Genome:
    """Return a genome in which a piece is new, repeated differently, or missing."""
    pieces = list(genome)
    place = choices.randrange(len(pieces))
    new = Piece(choices.choice(STRINGS), choices.choice([1, 1, 1, 2, 30, 100]))
    match choices.randrange(4):
        case 0:
            pieces.insert(place, new)
        case 1 if len(pieces) > 1:
            del pieces[place]
        case 2:
            repetitions = choices.choice([1, 2, 15, 29, 30, 31, 99, 100])
            pieces[place] = pieces[place]._replace(repetitions=repetitions)
        case _:
            pieces[place] = new
    return tuple(pieces)


def search_worst_genomes(cost: Callable[[str], float]) -> list[Genome]:
    """Return the genomes that an evolutionary search finds, the most expensive message first."""
    choices = random.Random(SEED)
    singles = [(Piece(string),) for string in STRINGS]
    separated = [(Piece("a"), Piece(string)) for string in STRINGS]
    costs = {genome: cost(message_of(genome)) for genome in (*singles, *separated)}
    for _ in range(GENERATIONS):
        best = sorted(costs, key=costs.__getitem__, reverse=True)[:SURVIVORS]
        for _ in range(CHILDREN):
            child = mutate(choices.choice(best), choices)
            if child not in costs:
                costs[child] = cost(message_of(child))
    return sorted(costs, key=costs.__getitem__, reverse=True)


def prose(sentence: str) -> str:
    """Return ordinary prose of the greatest length: the words of a sentence in random order."""
    words = sentence.split() if " " in sentence else list(sentence)
    separator = " " if " " in sentence else ""
    return separator.join(random.Random(SEED).choices(words, k=MAX_MESSAGE_LENGTH))[
        :MAX_MESSAGE_LENGTH
    ]


def milliseconds(action: Callable[[], object]) -> float:
    """Run an action, and return how long it took."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def measure(action: Callable[[str, int], object], texts: Mapping[str, str]) -> dict[str, float]:
    """Run an action on each text in interleaved rounds, and return the least milliseconds.

    The fastest round is the one that other processes disturbed least, as in `timeit`.
    """
    durations: dict[str, list[float]] = {name: [] for name in texts}
    for number in range(ROUNDS):
        for name, text in texts.items():
            durations[name].append(milliseconds(partial(action, text, number)))
    return {name: min(values) for name, values in durations.items()}


class Writes:
    """Writes a text as the functions do. Each write is of another text, so that none is known."""

    def __init__(self, dashboard: Connection) -> None:
        self._dashboard = dashboard
        dashboard.execute("update private.settings set daily_cap = 1000000, audit_rate = 0")
        add_user(dashboard, ALICE)
        self._log_id = insert(dashboard)

    def capture(self, text: str, number: int, confidence: float = 0.9, **columns: Any) -> None:
        """Capture a message."""
        prompt = f"{number} {text}"[:MAX_MESSAGE_LENGTH]
        insert(self._dashboard, prompt=prompt, confidence=confidence, **columns)

    def capture_for_review(self, text: str, number: int) -> None:
        """Capture a message of low confidence, which enters the review queue."""
        self.capture(text, number, confidence=0.3)

    def capture_with_all_columns(self, text: str, number: int) -> None:
        """Capture a message with every column as long as the database accepts."""
        label, identifier = text[:100], text[:200]
        intent = {"intent": label, "confidence": 0.1}
        size = len(json.dumps(intent, ensure_ascii=False).encode()) + 8
        self.capture(
            text, number, predicted_intent=label, model_version=label, runner_up_intent=label,
            runner_up_confidence=0.1, scope=0.1, conversation_id=identifier,
            secondary_intents=[intent] * (10_000 // size),
        )  # fmt: skip

    def record_failure(self, text: str, number: int) -> None:
        """Record why a workflow failed."""
        execution_error = f"{number} {text} {text}"[:MAX_ERROR_LENGTH]
        update_as_backend(
            self._dashboard, self._log_id, was_successful=False, workflow_type=text[:100],
            execution_error=execution_error,
        )  # fmt: skip

    def correct(self, text: str, number: int) -> None:
        """Correct a message, with a name and notes."""
        reviewer = f"{number} {text}"[:200]
        while len(normalise(reviewer)) > 200:
            reviewer = reviewer[:-10]
        intent = ("help", "search")[number % 2]
        correct(self._dashboard, self._log_id, intent, reviewer, text[:MAX_NOTE_LENGTH])


def measure_all(dashboard: Connection) -> dict[str, dict[str, float]]:
    """Search the worst messages, and return the least milliseconds of each text by operation."""

    def cost(text: str) -> float:
        return min(
            milliseconds(partial(dashboard.execute, "select private.text_key(%s)", [text]))
            for _ in range(3)
        )

    writes = Writes(dashboard)
    model = OnnxClassifier(ModelArtifact.load(MODEL))
    worst = search_worst_genomes(cost)[:FINALISTS]
    for place, genome in enumerate(worst, start=1):
        sys.stdout.write(f"worst {place}: {[tuple(piece) for piece in genome]!a}\n")
    texts = {
        "short": "move it to friday",
        **{name: prose(sentence) for name, sentence in ORDINARY.items()},
        **{f"worst {place}": message_of(genome) for place, genome in enumerate(worst, start=1)},
    }
    operations: dict[str, Callable[[str, int], object]] = {
        "capture, confident prediction": writes.capture,
        "capture, queued for review": writes.capture_for_review,
        "capture, every column as long as possible": writes.capture_with_all_columns,
        "outcome": writes.record_failure,
        "correction": writes.correct,
        "classification, in Python": lambda text, _: model.classify([text]),
    }
    return {name: measure(operation, texts) for name, operation in operations.items()}


def main() -> int:
    """Search, measure, and print; return 1 if a ratio misses its goal."""
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder) / "pg", False) as postgres:
        server = Server(postgres.dsn)
        server.create_project(DATABASE)
        with server.connect("postgres", DATABASE) as dashboard:
            migrate(dashboard)
            results = measure_all(dashboard)
    return report(results)


def report(results: Mapping[str, Mapping[str, float]]) -> int:
    """Print a table, and return 1 if a ratio misses its goal."""
    names = next(iter(results.values()))
    lines = [f"{'milliseconds':44}" + "".join(f"{name:>9}" for name in names)]
    ratios = []
    for operation, costs in results.items():
        worst = max(value for name, value in costs.items() if name.startswith("worst"))
        ratios.append(worst / min(costs[name] for name in ORDINARY))
        verdict = "" if ratios[-1] <= GOAL else "   GOAL MISSED"
        lines.append(
            f"{operation:44}" + "".join(f"{value:9.2f}" for value in costs.values())
            + f"   worst / ordinary {ratios[-1]:.2f}, goal ≤ {GOAL:g}"
            + f"   worst / short {worst / costs['short']:.1f}{verdict}"
        )  # fmt: skip
    sys.stdout.write("\n".join(lines) + "\n")
    return int(max(ratios) > GOAL)


if __name__ == "__main__":
    sys.exit(main())
