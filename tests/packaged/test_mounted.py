"""Every function as it is uploaded: cold and warm, with what each trigger sends."""

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
from infra.packaging import budgets, natives
from infra.packaging.build import build_layer, layer_folder, layer_zip
from infra.packaging.mounted import MountedFunction
from infra.packaging.targets import ARM64, TARGETS, Target
from tests.packaged.conftest import Mount, called, recorded

PROBE = Path(__file__).parent / "probe"


def message(stack: Stack, ada: User, text: str) -> Any:
    body = {"message": text, "user_id": ada.id}
    return called("/v1/classify", body, **{"x-api-key": stack.keys.api_key})


def log_id(answer: Any) -> str:
    assert answer["statusCode"] == 200, answer
    content = json.loads(answer["body"])
    assert content["captured"] == "stored"
    return str(content["log_id"])


def test_a_message_is_classified_and_captured_cold_and_warm(
    classify: MountedFunction, stack: Stack, ada: User
) -> None:
    event = message(
        stack, ada, "move my dentist appointment to friday, iban DE89370400440532013000"
    )
    ids = {log_id(classify.invoke(event)) for _ in range(3)}

    assert len(ids) == 3


def test_it_answers_after_a_freeze_and_a_thaw(
    classify: MountedFunction, stack: Stack, ada: User
) -> None:
    log_id(classify.invoke(message(stack, ada, "thanks!")))
    classify.signal(signal.SIGSTOP)
    time.sleep(1)
    classify.signal(signal.SIGCONT)

    log_id(classify.invoke(message(stack, ada, "thanks!")))


def test_an_outcome_and_a_correction_find_their_message(
    classify: MountedFunction, mount: Mount, stack: Stack, ada: User
) -> None:
    captured = log_id(classify.invoke(message(stack, ada, "what is left for today?")))
    key = {"x-api-key": stack.keys.api_key}
    outcome = {"log_id": captured, "was_successful": True, "workflow_type": "test"}
    correction = {"log_id": captured, "corrected_intent": "status"}
    reviewer = stack.create_reviewer(f"{uuid4()}@example.com")
    token = {"authorization": f"Bearer {reviewer.access_token}"}

    with mount("record-outcome") as outcomes, mount("correct") as corrections:
        for _ in ("cold", "warm"):
            answered = outcomes.invoke(called("/v1/outcomes", outcome, **key))
            assert answered["statusCode"] in (200, 204), answered
            answered = corrections.invoke(called("/v1/corrections", correction, **token))
            assert answered["statusCode"] in (200, 204), answered


@pytest.mark.parametrize("trigger", ["schedule", "rule", "schedule_without_input"])
def test_an_export_runs_for_each_of_its_triggers(mount: Mount, trigger: str) -> None:
    with mount("export", seconds=60) as export:
        for _ in ("cold", "warm"):
            answer = export.invoke(recorded(trigger))
            assert "errorMessage" not in answer, answer
            assert answer["key"].startswith("exports/")


def test_a_batch_of_the_queue_is_drained_and_what_cannot_be_read_is_named(
    mount: Mount, ada: User
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
    batch = recorded("sqs")
    [record] = batch["Records"]
    record["body"] = json.dumps(spooled)
    batch["Records"].append({**record, "messageId": "unreadable", "body": "{}"})

    with mount("drain") as drain:
        for _ in ("cold", "warm"):
            answer = drain.invoke(batch)
            assert answer == {"batchItemFailures": [{"itemIdentifier": "unreadable"}]}


def test_a_key_that_is_not_in_the_store_ends_the_start_and_is_named(mount: Mount) -> None:
    lost = {"API_KEY_HASHES_PARAMETER": "/packaged/lost"}
    with mount("correct", environment=lost) as function, pytest.raises(OSError, match="502"):
        function.invoke(called("/v1/corrections", {}))

    assert "The Parameter Store has no /packaged/lost." in function.log


@pytest.fixture
def probe(packages: Path) -> tuple[Path, Path]:
    return PROBE, layer_folder(TARGETS[0], packages)


def test_nothing_can_be_written_but_below_tmp(probe: tuple[Path, Path]) -> None:
    with MountedFunction(*probe, {}) as function:
        told = {place: function.invoke({"write": place}) for place in ("/var/task", "/opt", "/tmp")}

    assert told == {"/var/task": "refused", "/opt": "refused", "/tmp": "written"}


def test_a_call_that_takes_too_long_is_ended_and_the_next_one_answered(
    probe: tuple[Path, Path],
) -> None:
    with MountedFunction(*probe, {}, seconds=1) as function:
        assert "timed out" in str(function.invoke({"sleep": 30}))
        assert function.invoke({}) == "here"


def test_a_call_that_wants_more_memory_than_there_is_fails_alone(
    probe: tuple[Path, Path],
) -> None:
    with MountedFunction(*probe, {}, memory_bytes=2**30) as function:
        assert function.invoke({"allocate": 2**31})["errorType"] == "MemoryError"
        assert function.invoke({}) == "here"


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.architecture)
def test_a_layer_is_within_its_budget_and_what_was_checked_is_what_is_zipped(
    packages: Path, target: Target
) -> None:
    with ZipFile(layer_zip(target, packages)) as zip_file:
        names = set(zip_file.namelist())
    folder = layer_folder(target, packages)

    budgets.keep(budgets.weigh(layer_zip(target, packages)))
    assert names == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    }
    assert not [name for name in names if name.endswith((".pyi", ".h"))]


def test_both_layers_have_the_same_packages_and_arm64_has_libraries_of_its_own(
    packages: Path,
) -> None:
    tops = {
        target: {path.name for path in (layer_folder(target, packages) / "python").glob("*")}
        for target in TARGETS
    }
    native = [path for path in tops[ARM64] if ".so" in path]

    assert {name for name in tops[ARM64] if ".so" not in name} == {
        name
        for one, names in tops.items()
        if one is not ARM64
        for name in names
        if ".so" not in name
    }
    assert native
    assert natives.libraries(layer_folder(ARM64, packages))


def test_a_layer_built_again_elsewhere_is_the_same_bytes(packages: Path, tmp_path: Path) -> None:
    again = build_layer(TARGETS[0], tmp_path / "elsewhere" / "deeper")

    assert _digest(again) == _digest(layer_zip(TARGETS[0], packages))


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
