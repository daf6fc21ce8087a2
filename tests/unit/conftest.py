"""The API over the in-memory store with a classifier by keywords, and encoders to train with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.api.app import create_app
from prompt_capture.api.authentication import Authenticator
from prompt_capture.api.classify import classify_router
from prompt_capture.api.console import console_router
from prompt_capture.api.corrections import corrections_router
from prompt_capture.api.models import models_router
from prompt_capture.api.outcomes import outcomes_router
from prompt_capture.api.tokens import TokenVerifier
from prompt_capture.domain.predictions import Prediction
from prompt_capture.domain.review_criteria import ReviewCriteria
from prompt_capture.workflows.capture import WriteFirst
from prompt_capture.workflows.classify_and_log import ClassifyAndLog
from prompt_capture.workflows.console import DecideOnItem
from prompt_capture.workflows.correct import Correct
from prompt_capture.workflows.detect_intent import IntentDetector
from prompt_capture.workflows.models.evaluate_split import EvaluateSplit
from prompt_capture.workflows.models.manage import ManageModels
from prompt_capture.workflows.record_outcome import RecordOutcome
from prompt_capture.workflows.serve_model import ServedModel
from tests.fakes.console_store import InMemoryConsoleStore
from tests.fakes.model_registry import InMemoryModelRegistry
from tests.fakes.prompt_store import InMemoryPromptStore
from tests.fakes.spool import InMemorySpool
from tests.unit.tokens import (
    API_KEY,
    API_KEY_HASH,
    OPERATOR_KEY,
    OPERATOR_KEY_HASH,
    SUPABASE_URL,
    TokenMint,
)

if TYPE_CHECKING:
    from training.fit.encoders import BaseEncoders

SHIPPED = Path(__file__).parents[2] / "model_artifacts" / "assistant"
INTENTS = ("reminder", "reschedule", "scheduling", "task_management", "unknown")


@dataclass(frozen=True)
class KeywordClassifier:
    """A classifier for tests. The first known word decides."""

    version: str = "keywords-1"
    labels: tuple[str, ...] = INTENTS
    words: dict[str, str] = field(
        default_factory=lambda: {
            "remind": "reminder",
            "move": "reschedule",
            "block": "scheduling",
            "finish": "task_management",
        }
    )

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        return [self._classify(text) for text in texts]

    classify_clauses = classify

    def _classify(self, text: str) -> Prediction:
        intents = [self.words[word] for word in text.lower().split() if word in self.words]
        intent, confidence = (intents[0], 0.9) if intents else ("unknown", 0.3)
        return Prediction(
            intent=intent, confidence=confidence, source="model", model_version=self.version
        )


@dataclass
class ApiFixture:
    """The apps over one store and one registry, with credentials for them."""

    store: InMemoryPromptStore
    registry: InMemoryModelRegistry
    spool: InMemorySpool
    user_id: UUID
    mint: TokenMint
    classify: TestClient
    outcomes: TestClient
    corrections: TestClient
    models: TestClient
    console: TestClient

    @property
    def key(self) -> dict[str, str]:
        return {"X-Api-Key": API_KEY}

    @property
    def operator_key(self) -> dict[str, str]:
        return {"X-Api-Key": OPERATOR_KEY}

    def token(self, **claims: object) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.mint.token(self.user_id, **claims)}"}

    def log(self, message: str = "move my dentist to friday") -> str:
        body = {"message": message, "user_id": str(self.user_id)}
        response = self.classify.post("/v1/classify", json=body, headers=self.key)
        return str(response.json()["log_id"])


@pytest.fixture(scope="session")
def shipped_base() -> "BaseEncoders":
    """The encoders of the shipped model; all tests share what they have embedded."""
    from training.fit.encoders import base_from_artifact  # noqa: PLC0415 - few tests train

    return base_from_artifact(ModelArtifact.load(SHIPPED))


@pytest.fixture
def brief_students(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train students, of which a test only needs that there are some, in a second."""
    from training.fit.networks import distil  # noqa: PLC0415 - needs JAX

    brief = distil.DistillationEffort(max_synthetic=200, max_texts=500, epochs=2, max_passes=1_000)
    monkeypatch.setattr(distil, "QUICK", brief)
    monkeypatch.setattr(distil, "VOCABULARY_SIZE", 1_500)


@pytest.fixture
def user_id() -> UUID:
    return uuid4()


@pytest.fixture
def store(user_id: UUID) -> InMemoryPromptStore:
    return InMemoryPromptStore(users=[user_id], intents=INTENTS)


@pytest.fixture
def mint(monkeypatch: pytest.MonkeyPatch) -> TokenMint:
    mint = TokenMint()
    monkeypatch.setattr("prompt_capture.api.tokens.PublicKeys.fetch_data", lambda _: mint.jwks)
    return mint


def make_apps(
    store: InMemoryPromptStore,
    tokens: TokenVerifier,
    spool: InMemorySpool | None = None,
    origins: Sequence[str] = (),
    registry: InMemoryModelRegistry | None = None,
) -> dict[str, FastAPI]:
    authenticator = Authenticator(tokens, [API_KEY_HASH], [OPERATOR_KEY_HASH])
    registry = registry or InMemoryModelRegistry()
    manage_models, evaluate_split = ManageModels(registry), EvaluateSplit(registry)
    capture = WriteFirst(store, spool)
    model = ServedModel(IntentDetector(KeywordClassifier()), ReviewCriteria())
    classify = ClassifyAndLog(lambda user_id: model, capture, b"secret" * 6)
    return {
        "classify": create_app(
            "Classify and log", classify_router(classify, authenticator), origins
        ),
        "outcomes": create_app(
            "Record outcome", outcomes_router(RecordOutcome(store), authenticator)
        ),
        "corrections": create_app("Correct", corrections_router(Correct(store), authenticator)),
        "models": create_app("Models", models_router(manage_models, evaluate_split, authenticator)),
        "console": create_app(
            "Console",
            console_router(DecideOnItem(InMemoryConsoleStore(INTENTS)), None, authenticator),
        ),
    }


@pytest.fixture
def api(store: InMemoryPromptStore, user_id: UUID, mint: TokenMint) -> ApiFixture:
    spool, registry = InMemorySpool(), InMemoryModelRegistry()
    apps = make_apps(store, TokenVerifier(SUPABASE_URL), spool, registry=registry)
    clients = {name: TestClient(app) for name, app in apps.items()}
    return ApiFixture(
        store=store, registry=registry, spool=spool, user_id=user_id, mint=mint, **clients
    )
