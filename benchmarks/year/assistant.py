"""The assistant of a year: the stack with its functions, and those who invoke them."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any

from benchmarks.year.data import YearData
from benchmarks.year.desk import Desk, open_desk
from examples.demo.learning import invoke, invoke_export, upload_seeds
from infra.local import stack_env
from infra.local.paths import RULES
from infra.local.stack import Stack
from infra.local.users import User
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.client import CaptureClient, Classification, Timeouts
from prompt_capture.domain.rules import RuleSet
from prompt_capture.workflows.detect_intent import IntentDetector
from training.config import TrainingConfig
from training.data.examples import Example
from training.fit.encoders import BaseEncoders
from training.train import train

USERS = 40
"""So many that no user reaches the daily cap, and no verdict rests on one of them."""

OUTCOMES_EVERY = 2
"""Every second workflow reports its outcome."""

CAPTURED_DAYS = 60
"""Both models classify the texts of two months, since a month of the year has few."""

CONCURRENCY = 4
CAPTURE_TIMEOUT_SECONDS = "8"
PATIENCE = Timeouts(deadline=120, attempt=30)
"""A busy machine answers late, and no message of a year may be missing."""

OPERATOR = "olga"
FIRST = "first"


class CommandFailed(Exception):
    """A command that must succeed failed; the message is its output."""


@dataclass(frozen=True)
class AnsweredMessage:
    """A message, and what the service answered."""

    example: Example
    answer: Classification

    @property
    def is_correct(self) -> bool:
        """Whether the predicted intent is the right one."""
        return self.answer.intent == self.example.label


@dataclass(frozen=True)
class YearAssistant:
    """A running assistant. Models are trained in `folder`, the first one in `folder / "first"`."""

    stack: Stack
    desk: Desk
    client: CaptureClient
    users: Sequence[User]
    frozen: IntentDetector
    base: BaseEncoders
    folder: Path

    def send(self, messages: Sequence[Example]) -> list[AnsweredMessage]:
        """Send messages over HTTP, and record the outcomes of some. Raise `CaptureError`."""
        with ThreadPoolExecutor(CONCURRENCY) as threads:
            answered = list(threads.map(self._send, messages, cycle(self.users)))
            list(threads.map(self._record_outcome, answered[::OUTCOMES_EVERY]))
        return answered

    def _send(self, message: Example, user: User) -> AnsweredMessage:
        return AnsweredMessage(message, self.client.classify(message.text, user_id=user.id))

    def _record_outcome(self, message: AnsweredMessage) -> None:
        intent = message.answer.intent
        self.client.record_outcome(message.answer, message.is_correct, intent)

    def count_frozen(self, messages: Sequence[Example]) -> int:
        """Return how many messages the first model answers correctly."""
        return sum(self.frozen.detect(one.text).intent == one.label for one in messages)

    def export(self) -> None:
        """Export what to learn from, and the gold set, as the weekly schedule does."""
        invoke_export(self.stack, mode="retraining", policy="audited")
        invoke_export(self.stack, mode="gold")

    def retrain(self, occasion: str) -> dict[str, Any]:
        """Invoke the retraining as its schedule does."""
        moment = datetime.now(UTC).isoformat()
        return invoke(self.stack, "retrain", {"occasion": occasion, "scheduled_at": moment})

    def publish(self, examples: Sequence[Example], name: str) -> str:
        """Train a model on a machine of one's own, publish it, and return its version."""
        version = train_model(examples, self.base, self.folder / name, name)
        self.must_run("publish", str(self.folder / name), "--reason=To try it.")
        return version

    def backtest(self, version: str) -> None:
        """Compare a published model with the champion, and record the verdict."""
        self.must_run("backtest", version, f"--packaged={self.folder / FIRST}")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `prompt-capture models` as an operator."""
        return subprocess.run(  # noqa: S603
            [
                Path(sys.executable).with_name("prompt-capture"),
                *("models", *arguments, "--operator", OPERATOR),
            ],
            env={**os.environ, **stack_env.variables(self.stack)},
            capture_output=True,
            text=True,
            check=False,
        )

    def must_run(self, *arguments: str) -> str:
        """Run `prompt-capture models`, and return its output. Raise `CommandFailed`."""
        result = self.run(*arguments)
        if result.returncode:
            raise CommandFailed(f"models {arguments[0]} failed: {result.stderr.strip()}")
        return result.stdout


@contextmanager
def start_assistant(
    data: YearData, base: BaseEncoders, folder: Path, disagreements: int
) -> Iterator[YearAssistant]:
    """Train a first model, start the stack with it, and stop it at the end of the block."""
    first = folder / FIRST
    train_model(data.seeds, base, first, FIRST)
    rules = {} if data.uses_rules else {"RULES_FILE": ""}
    overrides = {
        "classify-and-log": {
            "MODEL_DIR": str(first),
            "CAPTURE_TIMEOUT_SECONDS": CAPTURE_TIMEOUT_SECONDS,
            **rules,
        },
        "retrain": {
            "MODEL_DIR": str(first),
            "RETRAIN_AUTO_PROMOTE": "true",
            "RETRAIN_DAYS": str(CAPTURED_DAYS),
            "RETRAIN_DISAGREEMENTS": str(disagreements),
        },
    }
    frozen = IntentDetector(
        OnnxClassifier(ModelArtifact.load(first)), RuleSet.load(RULES) if data.uses_rules else None
    )
    with Stack(overrides=overrides) as stack:
        stack.warm()
        users = [stack.create_user(f"user-{number}@example.com") for number in range(USERS)]
        upload_seeds(stack, data.seeds)
        variables = stack_env.variables(stack)
        with (
            open_desk(stack) as desk,
            CaptureClient.from_env(variables, timeouts=PATIENCE, raise_errors=True) as client,
        ):
            yield YearAssistant(stack, desk, client, users, frozen, base, folder)


def train_model(examples: Sequence[Example], base: BaseEncoders, folder: Path, name: str) -> str:
    """Train new heads, write the model to a folder, and return its version."""
    config = TrainingConfig(name=name, distils_student=False)
    return train(examples, base, folder, config).manifest.version
