"""`prompt-capture models backtest`: looks at a candidate, and the disagreements that it draws."""

import json
import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from prompt_capture.adapters.onnx.classifier import ModelOutput, OnnxClassifier
from prompt_capture.domain.evaluation import (
    MAX_CAPTURED_TEXTS,
    CapturedText,
    DecidedText,
    Draw,
    DrawProgress,
    Evidence,
    NewVerdict,
)
from prompt_capture.domain.models import (
    ModelEvent,
    RegistryDecision,
    blob_key,
    manifest_key,
)
from tests.fakes.model_registry import InMemoryModelRegistry
from tests.fakes.prompt_store import InMemoryPromptStore
from tests.unit.models import change_manifest, read_manifest
from tests.unit.registered_models import use_registry
from training.gate.backtest import BacktestedModel
from training.gate.comparison import ComparedModel

SHIPPED_MODEL = Path(__file__).parents[2] / "model_artifacts" / "assistant"
CANDIDATE = "assistant-next"
WORDS = ("alpha", "bravo", "carol", "delta", "ember", "fresh", "giant", "happy", "ideal", "jolly")
WHO = ("--operator", "grace")


class EvaluationInMemory:
    """Keeps evidence, the pool and verdicts; `registry` shows the verdicts as events."""

    def __init__(self) -> None:
        self.captured: list[CapturedText] = []
        self.gold: list[DecidedText] = []
        self.draws: list[Draw] = []
        self.decided = 0
        self.verdicts: list[ModelEvent] = []
        self.gold_ids: Sequence[str] = ()

    async def captured_texts(
        self, days: int, seed: int = 0, max_texts: int = MAX_CAPTURED_TEXTS
    ) -> AsyncIterator[list[CapturedText]]:
        for text in self.captured:
            yield [text]

    async def draw_disagreements(self, draw: Draw) -> int:
        self.draws.append(draw)
        return len(draw.disagreements)

    async def draw_progress(self, candidate: str, champion: str) -> DrawProgress:
        return DrawProgress(sum(len(draw.disagreements) for draw in self.draws), self.decided)

    async def evidence(self, gold_text_ids: Sequence[str] = ()) -> Evidence:
        self.gold_ids = gold_text_ids
        return Evidence((), tuple(self.gold))

    async def record_verdict(self, verdict: NewVerdict, decision: RegistryDecision) -> ModelEvent:
        assert verdict.looks_before == len(self.verdicts)
        event = ModelEvent(
            id=1_000 + len(self.verdicts),
            at=datetime.now(UTC),
            kind="verdict",
            version=verdict.version,
            replaced=None,
            actor=decision.actor,
            reason=decision.reason,
            evidence={**verdict.evidence, "decision": verdict.decision},
        )
        self.verdicts.append(event)
        return event


class RegistryWithVerdicts(InMemoryModelRegistry):
    """A registry whose ledger has the verdicts, too."""

    def __init__(self, evaluation: EvaluationInMemory, labels: Sequence[str]) -> None:
        super().__init__(labels)
        self._evaluation = evaluation

    async def events(self, version: str | None = None) -> Sequence[ModelEvent]:
        return [*reversed(self._evaluation.verdicts), *await super().events(version)]


class WordClassifier:
    """Gives the texts that contain a word another intent."""

    def __init__(self, version: str, labels: tuple[str, ...], word: str) -> None:
        self.version, self.labels, self._word = version, labels, word

    def predict(self, text: str) -> ModelOutput:
        probabilities = np.full(len(self.labels), 0.001)
        probabilities[int(self._word in text)] = 0.9
        return ModelOutput(probabilities, 0.9, "scripted")


def decided(text: str, intent: str) -> DecidedText:
    return DecidedText(text, text, intent, reviewers=(0,), sender=None)


def texts(n: int) -> list[str]:
    random = np.random.default_rng(0)
    return [" ".join(random.choice(WORDS, 8)) for _ in range(n)]


@pytest.fixture
def evaluation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> EvaluationInMemory:
    """Publish a copy of the packaged model as a candidate."""
    labels = read_manifest(SHIPPED_MODEL)["labels"]
    evaluation = EvaluationInMemory()
    registry = RegistryWithVerdicts(evaluation, labels)
    store = InMemoryPromptStore([], labels)
    monkeypatch.setattr("prompt_capture.bootstrap.registry.evaluation", lambda: evaluation)
    use_registry(monkeypatch, registry, store)
    monkeypatch.setenv("MODELS_BUCKET", str(tmp_path / "bucket"))
    folder = tmp_path / "next"
    shutil.copytree(SHIPPED_MODEL, folder)
    change_manifest(folder, version=CANDIDATE)
    result = CliRunner().invoke(
        app, ["models", "publish", str(folder), "--reason", "trained", *WHO]
    )
    assert result.exit_code == 0, result.output
    return evaluation


def run(*arguments: str) -> Result:
    options = ("--packaged", str(SHIPPED_MODEL), *WHO)
    return CliRunner().invoke(
        app, ["models", "backtest", *arguments, *options], env={"COLUMNS": "200"}
    )


def read_json(*arguments: str) -> Any:
    result = run(CANDIDATE, "--json", *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_backtest_records_a_look_with_its_verdict_and_shows_no_text(
    evaluation: EvaluationInMemory,
) -> None:
    evaluation.captured = [
        CapturedText(UUID(int=n), f"{n:064x}", text, True) for n, text in enumerate(texts(30))
    ]
    evaluation.gold = [decided("move my dentist to friday", "reschedule")]

    result = run(CANDIDATE)

    assert result.exit_code == 0, result.output
    assert f"Hold {CANDIDATE}" in result.stdout
    assert "Evidence: 1 gold texts" in result.stdout
    assert "accuracy on gold texts" in result.stdout
    (event,) = evaluation.verdicts
    assert event.actor == "grace"
    assert event.evidence["decision"] == "hold"
    recorded = json.dumps(event.model_dump(mode="json"))
    assert not [word for word in (*WORDS, "dentist") if word in recorded + result.stdout]


def test_the_same_evidence_is_no_new_look_and_its_verdict_stands(
    evaluation: EvaluationInMemory,
) -> None:
    evaluation.gold = [decided("move my dentist to friday", "reschedule")]
    first = read_json()

    again = read_json()

    assert (first["is_new"], again["is_new"]) == (True, False)
    assert again["verdict"] == first["verdict"]
    assert len(evaluation.verdicts) == 1


def test_new_evidence_is_a_further_look_that_knows_the_one_before(
    evaluation: EvaluationInMemory,
) -> None:
    read_json()
    evaluation.gold = [decided("move my dentist to friday", "reschedule")]

    verdict = read_json()["verdict"]

    assert (verdict["look"], verdict["looks_left"]) == (2, 10)
    assert len(evaluation.verdicts) == 2


def test_disagreements_are_drawn_while_the_gate_holds_and_none_waits(
    evaluation: EvaluationInMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tuple(read_manifest(SHIPPED_MODEL)["labels"])

    def open_scripted(model: ComparedModel) -> BacktestedModel:
        word = WORDS[0] if model.registered else "nothing"
        scripted = WordClassifier(model.version, labels, word)
        return BacktestedModel(cast("OnnxClassifier", scripted), 1_000)

    monkeypatch.setattr(ComparedModel, "to_backtest", open_scripted)
    evaluation.captured = [
        CapturedText(UUID(int=n), f"{n:064x}", text, True) for n, text in enumerate(texts(40))
    ]

    first, second = read_json(), read_json()

    assert first["drawn"] == first["waiting"] == first["backtest"]["disagreements"] > 0
    assert (second["drawn"], second["waiting"]) == (0, first["drawn"])
    (draw,) = evaluation.draws
    assert (draw.candidate, draw.probability) == (CANDIDATE, 1)
    assert {each.candidate_intent for each in draw.disagreements} == {labels[1]}
    assert "wait for review" in run(CANDIDATE).stdout


def test_the_champion_is_not_compared_with_itself(evaluation: EvaluationInMemory) -> None:
    promoted = CliRunner().invoke(
        app, ["models", "promote", CANDIDATE, "--force", "--reason", "better", *WHO]
    )
    assert promoted.exit_code == 0, promoted.output

    result = run(CANDIDATE)

    assert result.exit_code == 1
    assert "is the champion. Name another model" in result.stderr


def test_a_model_whose_files_the_bucket_lacks_is_an_error_that_says_what_to_do(
    evaluation: EvaluationInMemory, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "bucket" / "models" / "blobs")

    result = run(CANDIDATE)

    assert result.exit_code == 1
    assert "is missing. Publish the model again." in result.stderr


def test_a_manifest_that_is_not_the_registered_one_is_refused(
    evaluation: EvaluationInMemory, tmp_path: Path
) -> None:
    (tmp_path / "bucket" / manifest_key(CANDIDATE)).write_bytes(b"{}")

    result = run(CANDIDATE)

    assert result.exit_code == 1
    assert "The manifest does not match the SHA-256 in the registry." in result.stderr
    assert not evaluation.verdicts


def test_a_file_with_other_content_than_the_manifest_says_is_refused(
    evaluation: EvaluationInMemory, tmp_path: Path
) -> None:
    manifest = read_manifest(SHIPPED_MODEL)
    head = manifest["stages"][0]["name"]
    file = next(each for name, each in manifest["files"].items() if name.startswith(head))
    path = tmp_path / "bucket" / blob_key(file["sha256"])
    path.write_bytes(b"x" * file["bytes"])

    result = run(CANDIDATE)

    assert result.exit_code == 1
    assert not evaluation.verdicts
