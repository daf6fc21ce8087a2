"""The assistant of a year: the stack with its functions, and those who invoke them."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.year.data import YearData
from benchmarks.year.desk import Desk, open_desk
from examples.demo.client import DemoClient, SentMessage
from examples.demo.learning import invoke, invoke_export
from infra.local import stack_env
from infra.local.paths import RULES
from infra.local.stack import Stack
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
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

OPERATOR = "olga"
FIRST = "first"


class CommandFailed(Exception):
    """A command that must succeed failed; the message is its output."""


@dataclass(frozen=True)
class YearAssistant:
    """A running assistant. Models are trained in `folder`, the first one in `folder / "first"`."""

    stack: Stack
    desk: Desk
    client: DemoClient
    frozen: IntentDetector
    base: BaseEncoders
    folder: Path

    def send(self, messages: Sequence[Example]) -> list[SentMessage]:
        """Send messages over HTTP, and record the outcomes of some."""
        sent = self.client.send_messages(messages, lambda: None)
        self.client.record_outcomes(sent[::OUTCOMES_EVERY], lambda: None)
        return sent

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
        "classify-and-log": {"MODEL_DIR": str(first), **rules},
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
        reviewer = stack.create_reviewer("reviewer@example.com")
        _upload_seeds(stack, data.seeds)
        with (
            open_desk(stack) as desk,
            closing(DemoClient(stack, users, reviewer)) as client,
        ):
            yield YearAssistant(stack, desk, client, frozen, base, folder)


def train_model(examples: Sequence[Example], base: BaseEncoders, folder: Path, name: str) -> str:
    """Train new heads, write the model to a folder, and return its version."""
    config = TrainingConfig(name=name, distils_student=False)
    return train(examples, base, folder, config).manifest.version


def _upload_seeds(stack: Stack, seeds: Sequence[Example]) -> None:
    lines = "".join(f"{each.model_dump_json(include={'text', 'label'})}\n" for each in seeds)
    with closing(stack.s3_client()) as s3:
        s3.put_object(Bucket=stack.bucket, Key="seeds/first.jsonl", Body=lines.encode())
