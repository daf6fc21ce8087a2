"""From the captured week to a better model: exports, training, comparison."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.demo.scenario import SHIPPED_MODEL, Scenario
from examples.demo.stage import Stage
from infra.local.stack import Stack
from prompt_capture.adapters.model_artifact import ModelArtifact
from prompt_capture.adapters.onnx_classifier import OnnxClassifier
from training.encoder import Encoder
from training.evaluate import Evaluation, evaluate
from training.examples import Example, read_examples
from training.train import train


@dataclass(frozen=True)
class Compared:
    """A model and what it scored on the test."""

    folder: Path
    classifier: OnnxClassifier
    evaluation: Evaluation


def export(stack: Stack, mode: str) -> tuple[dict[str, Any], bytes]:
    """Invoke the export function; answer what it says, and the object it wrote."""
    answer = stack.lambda_client().invoke(
        FunctionName="export", Payload=json.dumps({"mode": mode, "days": 7})
    )
    content = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise RuntimeError(f"The export failed: {content.get('errorMessage')}")
    item = stack.s3_client().get_object(Bucket=content["bucket"], Key=content["key"])
    return content, item["Body"].read()


def fit(stage: Stage, examples: list[Example], out: Path, name: str) -> None:
    """Train a head on the shipped encoder."""
    encoder = Encoder.of(ModelArtifact.load(SHIPPED_MODEL))
    with stage.progress("Reading and fitting", len(examples)) as advance:
        train(examples, encoder, out, name=name, on_text=advance)


def retrain(stage: Stage, scenario: Scenario, dataset: bytes, out: Path) -> None:
    """Train on what the first model knew and on the exported dataset."""
    file = out.with_suffix(".jsonl")
    file.write_bytes(dataset)
    fit(stage, [*scenario.known, *read_examples([file])], out, "retrained")


def compare(folder: Path, scenario: Scenario) -> Compared:
    """Score a model on the fixed test."""
    classifier = OnnxClassifier(ModelArtifact.load(folder))
    return Compared(folder, classifier, evaluate(classifier, scenario.test))


def newly_right(before: Compared, after: Compared, scenario: Scenario) -> list[list[str]]:
    """Answer the test messages that only the new model gets right: text, before, after."""
    texts = [example.text for example in scenario.test]
    earlier, later = before.classifier.classify(texts), after.classifier.classify(texts)
    return [
        [example.text, old.intent, new.intent]
        for example, old, new in zip(scenario.test, earlier, later, strict=True)
        if old.intent != example.label == new.intent
    ]
