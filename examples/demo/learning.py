"""From the captured week to a better model: exports, training, comparison."""

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.progress import bars
from examples.demo.failures import BrokenPromise
from examples.demo.scenario import SHIPPED_MODEL, Scenario
from examples.demo.stage import Stage
from infra.local.stack import Stack
from prompt_capture.adapters.connections import warm_client
from prompt_capture.adapters.model_artifact import ModelArtifact
from prompt_capture.adapters.onnx_classifier import OnnxClassifier
from prompt_capture.adapters.supabase_access import SupabaseAccess
from prompt_capture.adapters.supabase_store import SupabasePromptStore
from prompt_capture.bootstrap import SERVICE_ROLE
from prompt_capture.settings import SupabaseSettings
from training.bases import trained_base
from training.evaluate import Evaluation, evaluate
from training.examples import Example, read_examples
from training.train import Plan, train


@dataclass(frozen=True)
class Compared:
    """A model and what it scored on the test."""

    folder: Path
    classifier: OnnxClassifier
    evaluation: Evaluation


def export(stack: Stack, mode: str) -> tuple[dict[str, Any], bytes]:
    """Invoke the export function; answer what it says, and the object it wrote."""
    event = json.dumps({"mode": mode, "days": 7})
    with closing(stack.lambda_client()) as functions:
        answer = functions.invoke(FunctionName="export", Payload=event)
        content = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise BrokenPromise(f"The export failed: {content.get('errorMessage')}")
    with closing(stack.s3_client()) as s3:
        item = s3.get_object(Bucket=content["bucket"], Key=content["key"])
        return content, item["Body"].read()


async def failed_workflows(stack: Stack) -> list[str]:
    """List the log ids of the workflows that failed, as the store knows them."""
    settings = SupabaseSettings(
        supabase_url=stack.supabase_url, supabase_secret_key=stack.keys.secret
    )
    async with warm_client(10, SupabaseAccess(settings, SERVICE_ROLE)) as client:
        store = SupabasePromptStore(client, settings.rest_url)
        return [str(prompt.id) async for prompt in store.get_failed_workflow_prompts()]


def fit(stage: Stage, examples: list[Example], out: Path, name: str) -> None:
    """Train a head on the shipped encoder."""
    base = trained_base(ModelArtifact.load(SHIPPED_MODEL))
    with bars(stage.console) as progress:
        train(examples, base, out, Plan(name=name), progress)


def retrain(stage: Stage, scenario: Scenario, dataset: bytes, out: Path) -> None:
    """Train on what the first model knew and on the exported dataset."""
    file = out.with_suffix(".jsonl")
    file.write_bytes(dataset)
    fit(stage, [*scenario.known, *read_examples([file])], out, "retrained")


def compare(folder: Path, scenario: Scenario) -> Compared:
    """Score a model on the fixed test."""
    classifier = OnnxClassifier(ModelArtifact.load(folder))
    return Compared(folder, classifier, evaluate(classifier, scenario.test))


@dataclass(frozen=True)
class Change:
    """A test message that the two models answer differently."""

    text: str
    truth: str
    before: str
    after: str


def changes(before: Compared, after: Compared, scenario: Scenario) -> list[Change]:
    """List the test messages on which the models differ."""
    texts = [example.text for example in scenario.test]
    earlier, later = before.classifier.classify(texts), after.classifier.classify(texts)
    return [
        Change(example.text, example.label, old.intent, new.intent)
        for example, old, new in zip(scenario.test, earlier, later, strict=True)
        if old.intent != new.intent
    ]
