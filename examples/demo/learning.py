"""Invoke the functions that learn, and compare the new model with the first one."""

import gzip
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.progress import progress_bars
from examples.demo.console import DemoConsole
from examples.demo.failures import DemoCheckFailed
from examples.demo.scenario import SHIPPED_MODEL, Scenario
from infra.local.stack import Stack
from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import (
    MANIFEST_FILE,
    ModelArtifact,
    ModelManifest,
)
from prompt_capture.adapters.supabase.access import SupabaseAccess
from prompt_capture.adapters.supabase.prompt_store import SupabasePromptStore
from prompt_capture.bootstrap.access import SERVICE_ROLE
from prompt_capture.domain.datasets.manifest import Manifest
from prompt_capture.domain.models import blob_key, manifest_key
from prompt_capture.settings.supabase import SupabaseSettings
from training.config import TrainingConfig
from training.data.examples import Example
from training.fit.encoders import base_from_artifact
from training.report.evaluation import Evaluation, evaluate
from training.train import train


@dataclass(frozen=True)
class DemoModel:
    """A model and its evaluation on the test set."""

    folder: Path
    classifier: OnnxClassifier
    evaluation: Evaluation


def invoke(stack: Stack, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Invoke a function, and return its response."""
    with closing(stack.lambda_client()) as functions:
        response = functions.invoke(FunctionName=function, Payload=json.dumps(event))
        payload: dict[str, Any] = json.loads(response["Payload"].read())
    if "FunctionError" in response:
        raise DemoCheckFailed(f"The function {function} failed: {payload.get('errorMessage')}")
    return payload


def invoke_export(stack: Stack, **request: Any) -> tuple[dict[str, Any], bytes]:
    """Invoke the export function; return its response and the content of the dataset.

    The content is that of all objects that the manifest lists, decompressed.
    """
    payload = invoke(stack, "export", request)
    with closing(stack.s3_client()) as s3:

        def read(key: str) -> bytes:
            content = s3.get_object(Bucket=payload["bucket"], Key=key)["Body"].read()
            return gzip.decompress(content) if key.endswith(".gz") else content

        manifest = Manifest.model_validate_json(read(payload["manifest"]))
        parts = [read(each.key) for each in manifest.objects if each.kind == "lines"]
        return payload, b"".join(parts)


def upload_seeds(stack: Stack, seeds: Sequence[Example]) -> None:
    """Store written examples where the function retrain reads them."""
    lines = "".join(f"{each.model_dump_json(include={'text', 'label'})}\n" for each in seeds)
    with closing(stack.s3_client()) as s3:
        s3.put_object(Bucket=stack.bucket, Key="seeds/first.jsonl", Body=lines.encode())


def download_model(stack: Stack, version: str, folder: Path) -> None:
    """Copy a published model from the bucket."""
    folder.mkdir()
    with closing(stack.s3_client()) as s3:

        def read(key: str) -> bytes:
            return s3.get_object(Bucket=stack.bucket, Key=key)["Body"].read()

        content = read(manifest_key(version))
        (folder / MANIFEST_FILE).write_bytes(content)
        for name, file in ModelManifest.model_validate_json(content).files.items():
            (folder / name).write_bytes(read(blob_key(file.sha256)))


async def list_failed_workflows(stack: Stack) -> list[str]:
    """Return the log ids of the prompts whose workflow failed."""
    settings = SupabaseSettings(
        supabase_url=stack.supabase_url, supabase_secret_key=stack.keys.secret
    )
    async with create_http_client(10, SupabaseAccess(settings, SERVICE_ROLE)) as client:
        store = SupabasePromptStore(client, settings.rest_url)
        return [str(prompt.id) async for prompt in store.get_failed_workflow_prompts()]


def train_head(console: DemoConsole, examples: list[Example], out: Path, name: str) -> None:
    """Train a first model: new heads on the encoders of the shipped one."""
    base = base_from_artifact(ModelArtifact.load(SHIPPED_MODEL))
    with progress_bars(console.console) as progress:
        train(examples, base, out, TrainingConfig(name=name, distils_student=False), progress)


def evaluate_model(folder: Path, scenario: Scenario) -> DemoModel:
    """Evaluate a model on the test set."""
    classifier = OnnxClassifier(ModelArtifact.load(folder))
    return DemoModel(folder, classifier, evaluate(classifier, scenario.test))


@dataclass(frozen=True)
class PredictionChange:
    """A test message for which the two models predict different intents."""

    text: str
    label: str
    before: str
    after: str


def list_changes(before: DemoModel, after: DemoModel, scenario: Scenario) -> list[PredictionChange]:
    """Return the test messages for which the predictions differ."""
    texts = [example.text for example in scenario.test]
    earlier, later = before.classifier.classify(texts), after.classifier.classify(texts)
    return [
        PredictionChange(example.text, example.label, old.intent, new.intent)
        for example, old, new in zip(scenario.test, earlier, later, strict=True)
        if old.intent != new.intent
    ]
