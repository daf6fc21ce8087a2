"""Every function as it is deployed, cold and warm, with the events of each trigger."""

import hashlib
import json
import signal
import time
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest

from infra.local.stack import Stack
from infra.local.users import User
from infra.packaging import budgets, native_libraries
from infra.packaging.build import build_layer
from infra.packaging.emulator import EmulatedFunction
from infra.packaging.layers import LAYERS, RETRAIN, Layer
from infra.packaging.paths import layer_folder, layer_zip
from infra.packaging.targets import ARM64, TARGETS, Target
from tests.packaged.conftest import FunctionFactory, read_event, url_event

PROBE = Path(__file__).parent / "probe"


def classify_event(stack: Stack, ada: User, text: str) -> Any:
    body = {"message": text, "user_id": ada.id}
    return url_event("/v1/classify", body, **{"x-api-key": stack.keys.api_key})


def stored_log_id(response: Any) -> str:
    assert response["statusCode"] == 200, response
    body = json.loads(response["body"])
    assert body["captured"] == "stored"
    return str(body["log_id"])


def test_a_message_is_classified_and_captured_cold_and_warm(
    classify: EmulatedFunction, stack: Stack, ada: User
) -> None:
    event = classify_event(
        stack, ada, "move my dentist appointment to friday, iban DE89370400440532013000"
    )
    ids = {stored_log_id(classify.invoke(event)) for _ in range(3)}

    assert len(ids) == 3


def test_a_function_works_after_a_freeze_and_a_thaw(
    classify: EmulatedFunction, stack: Stack, ada: User
) -> None:
    stored_log_id(classify.invoke(classify_event(stack, ada, "thanks!")))
    classify.signal(signal.SIGSTOP)
    time.sleep(1)
    classify.signal(signal.SIGCONT)

    stored_log_id(classify.invoke(classify_event(stack, ada, "thanks!")))


def test_an_outcome_and_a_correction_are_recorded_for_a_captured_message(
    classify: EmulatedFunction, create_function: FunctionFactory, stack: Stack, ada: User
) -> None:
    captured = stored_log_id(classify.invoke(classify_event(stack, ada, "what is left for today?")))
    key = {"x-api-key": stack.keys.api_key}
    outcome = {"log_id": captured, "was_successful": True, "workflow_type": "test"}
    correction = {"log_id": captured, "corrected_intent": "status"}
    reviewer = stack.create_reviewer(f"{uuid4()}@example.com")
    token = {"authorization": f"Bearer {reviewer.access_token}"}

    with (
        create_function("record-outcome") as record_outcome,
        create_function("correct") as correct,
    ):
        for _ in ("cold", "warm"):
            response = record_outcome.invoke(url_event("/v1/outcomes", outcome, **key))
            assert response["statusCode"] in (200, 204), response
            response = correct.invoke(url_event("/v1/corrections", correction, **token))
            assert response["statusCode"] in (200, 204), response


def test_an_operator_lists_the_models(create_function: FunctionFactory, stack: Stack) -> None:
    event = url_event("/v1/models", {}, **{"x-api-key": stack.keys.operator_key})
    event["requestContext"]["http"]["method"] = "GET"

    with create_function("models") as models:
        for _ in ("cold", "warm"):
            response = models.invoke(event)
            assert response["statusCode"] == 200, response
            assert json.loads(response["body"]) == {"champion": None, "models": [], "total": 0}


@pytest.mark.parametrize("trigger", ["schedule", "rule", "schedule_without_input"])
def test_an_export_runs_for_each_trigger(create_function: FunctionFactory, trigger: str) -> None:
    with create_function("export", seconds=60) as export:
        for _ in ("cold", "warm"):
            response = export.invoke(read_event(trigger))
            assert "errorMessage" not in response, response
            assert response["key"].startswith("exports/")


def test_a_queue_batch_is_drained_and_unreadable_messages_are_reported(
    create_function: FunctionFactory, ada: User
) -> None:
    prompt = {
        "id": str(uuid4()),
        "user_id": ada.id,
        "prompt": "hello",
        "predicted_intent": "greeting",
        "confidence": 0.9,
        "source": "model",
        "model_version": "as-packaged",
    }
    spooled = {"spooled_at": "2026-11-24T09:12:33Z", "reason": "too_slow", "prompt": prompt}
    batch = read_event("sqs")
    [record] = batch["Records"]
    record["body"] = json.dumps(spooled)
    batch["Records"].append({**record, "messageId": "unreadable", "body": "{}"})

    with create_function("drain") as drain:
        for _ in ("cold", "warm"):
            response = drain.invoke(batch)
            assert response == {"batchItemFailures": [{"itemIdentifier": "unreadable"}]}


def test_a_missing_parameter_is_named_in_the_response_and_in_the_log(
    create_function: FunctionFactory,
) -> None:
    missing = {"API_KEY_HASHES_PARAMETER": "/packaged/missing"}
    with create_function("correct", environment=missing) as function:
        response = function.invoke(url_event("/v1/corrections", {}))

    assert response["statusCode"] == 503
    assert "The Parameter Store has no /packaged/missing." in response["body"]
    records = [json.loads(line) for line in function.log.splitlines() if line.startswith("{")]
    [*_, reported] = [record for record in records if record.get("level") == "ERROR"]
    # The alarm NotConfigured looks for this message.
    assert reported["message"] == "The function is not configured."
    assert reported["reason"] == "The Parameter Store has no /packaged/missing."


def test_a_missing_parameter_stops_a_function_without_a_url(
    create_function: FunctionFactory,
) -> None:
    missing = {"SUPABASE_URL_PARAMETER": "/packaged/missing"}
    with (
        create_function("drain", environment=missing) as function,
        pytest.raises(OSError, match="502"),
    ):
        function.invoke(read_event("sqs"))

    assert "The Parameter Store has no /packaged/missing." in function.log


def test_the_packaged_retraining_says_what_it_lacks(create_function: FunctionFactory) -> None:
    with create_function("retrain", seconds=60) as function:
        report = function.invoke({"occasion": "request", "tick": "packaged"})
        again = function.invoke({"occasion": "request", "tick": "packaged"})

    assert report["outcome"] == "not_ready"
    assert "Publish it once: prompt-capture models publish" in report["messages"][0]
    assert again["outcome"] is None


@pytest.fixture
def probe(packages: Path) -> tuple[Path, Path]:
    return PROBE, layer_folder(TARGETS[0], packages)


def test_only_tmp_is_writable(probe: tuple[Path, Path]) -> None:
    with EmulatedFunction(*probe, {}) as function:
        results = {
            folder: function.invoke({"write": folder}) for folder in ("/var/task", "/opt", "/tmp")
        }

    assert results == {"/var/task": "denied", "/opt": "denied", "/tmp": "written"}


def test_an_invocation_times_out_and_the_next_one_succeeds(
    probe: tuple[Path, Path],
) -> None:
    with EmulatedFunction(*probe, {}, seconds=1) as function:
        assert "timed out" in str(function.invoke({"sleep": 30}))
        assert function.invoke({}) == "done"


def test_an_invocation_runs_out_of_memory_and_the_next_one_succeeds(
    probe: tuple[Path, Path],
) -> None:
    with EmulatedFunction(*probe, {}, memory_bytes=2**30) as function:
        assert function.invoke({"allocate": 2**31})["errorType"] == "MemoryError"
        assert function.invoke({}) == "done"


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.architecture)
@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_a_layer_is_within_its_budget_and_its_zip_matches_its_folder(
    packages: Path, target: Target, layer: Layer
) -> None:
    archive = layer_zip(target, packages, layer.name)
    with ZipFile(archive) as zip_file:
        names = set(zip_file.namelist())
    folder = layer_folder(target, packages, layer.name)

    budgets.check(budgets.measure(archive), layer.budget)
    assert names == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    }
    assert not [name for name in names if name.endswith((".pyi", ".h"))]


def test_the_layer_of_the_retraining_has_code_and_no_model_and_no_data(packages: Path) -> None:
    folder = layer_folder(TARGETS[0], packages, RETRAIN.name)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    assert RETRAIN.budget.unzipped == 235
    assert "python/training/report/card.html.jinja" in files
    assert {name for name in files if name.startswith("model_artifacts/")} == {
        "model_artifacts/assistant/manifest.json"
    }
    assert not [name for name in files if name.endswith((".onnx", ".jsonl"))]
    assert not [name for name in files if name.startswith("python/training/data/train/")]
    for package in ("matplotlib", "pandas", "jax", "boto3", "onnx/backend", "sympy"):
        assert not [name for name in files if name.startswith(f"python/{package}/")]


def test_both_architectures_have_the_same_packages_and_arm64_has_native_libraries(
    packages: Path,
) -> None:
    entries = {
        target: {path.name for path in (layer_folder(target, packages) / "python").glob("*")}
        for target in TARGETS
    }
    modules = [name for name in entries[ARM64] if ".so" in name]

    assert {name for name in entries[ARM64] if ".so" not in name} == {
        name
        for target, names in entries.items()
        if target is not ARM64
        for name in names
        if ".so" not in name
    }
    assert modules
    assert native_libraries.find_libraries(layer_folder(ARM64, packages))


def test_a_layer_rebuilt_in_another_folder_has_the_same_bytes(
    packages: Path, tmp_path: Path
) -> None:
    rebuilt = build_layer(TARGETS[0], tmp_path / "elsewhere" / "deeper")

    assert _digest(rebuilt) == _digest(layer_zip(TARGETS[0], packages))


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
