"""The deployed retraining while its bucket or its registry fails: nothing is done by half."""

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from infra.local.faults import Fault
from infra.local.functions import CLASSIFY, RETRAIN
from infra.local.stack import Stack
from prompt_capture.adapters.onnx.model_artifact import ModelManifest
from prompt_capture.domain.models import blob_key
from tests.conftest import GENEROUS_TIMEOUTS
from training.data.examples import Example
from training.data.reading import read_examples

HELD_OUT = Path(__file__).parents[2] / "training" / "data" / "heldout"
OVERRIDES = {CLASSIFY: GENEROUS_TIMEOUTS, RETRAIN: {"AWS_MAX_ATTEMPTS": "1"}}
TICK = {"occasion": "request", "tick": "outages"}
MESSAGES = 40


@dataclass(frozen=True)
class Outage:
    """A fault of a route of the stack: `models` is the bucket, `store` PostgREST."""

    what: str
    route: str
    fault: Fault


def _outages(bucket: str) -> Sequence[Outage]:
    """Return outages in the order in which a run comes upon them."""
    register = "/rest/v1/rpc/register_model"
    blobs, manifests = f"/{bucket}/models/blobs/", f"/{bucket}/models/manifests/"
    return [
        Outage("the bucket is down", "models", Fault("refuse")),
        Outage("datasets are cut off", "models", Fault("half", method="GET", path=f"/{bucket}/ex")),
        Outage(
            "blobs cannot be written after the first one",
            "models",
            Fault("reset", method="PUT", path=blobs, skip=1),
        ),
        Outage(
            "the manifest is written and nobody says so",
            "models",
            Fault("reset_after", method="PUT", path=manifests),
        ),
        Outage("the registry is down", "store", Fault("status", path=register)),
        Outage(
            "the registry registers and does not answer",
            "store",
            Fault("reset_after", path=register),
        ),
        Outage(
            "the registry records the verdict and does not answer",
            "store",
            Fault("reset_after", path="/rest/v1/rpc/record_verdict"),
        ),
    ]


@pytest.fixture(scope="module")
def stack(seeds: list[Example]) -> Iterator[Stack]:
    """A stack with reviewed messages, and the datasets that they give."""
    with Stack(f"outages-{os.getpid()}", OVERRIDES, with_faults=True) as stack:
        lines = "".join(f"{one.model_dump_json(include={'text', 'label'})}\n" for one in seeds)
        stack.s3_client().put_object(
            Bucket=stack.bucket, Key="seeds/seeds.jsonl", Body=lines.encode()
        )
        _send_and_review(stack, read_examples([HELD_OUT])[::80][:MESSAGES])
        for event in ({"mode": "retraining", "policy": "audited"}, {"mode": "gold"}):
            _, error = _invoke(stack, "export", event)
            assert error is None
        yield stack


def _send_and_review(stack: Stack, examples: Sequence[Example]) -> None:
    user = stack.create_user("ada@example.com")
    with httpx.Client(headers={"X-Api-Key": stack.keys.api_key}, timeout=60) as backend:
        for number, example in enumerate(examples):
            message = {"message": example.text, "user_id": user.id}
            answer = backend.post(stack.classify_url, json=message).raise_for_status().json()
            correction = {
                "log_id": answer["log_id"],
                "corrected_intent": example.label,
                "reviewer": ("grace", "hedy")[number % 2],
            }
            backend.post(stack.corrections_url, json=correction).raise_for_status()


def _invoke(stack: Stack, function: str, event: object) -> tuple[dict[str, Any], str | None]:
    """Return the response of a function, and the message of its error, if it has one."""
    response = stack.lambda_client().invoke(FunctionName=function, Payload=json.dumps(event))
    payload = json.loads(response["Payload"].read())
    return payload, payload["errorMessage"] if response.get("FunctionError") else None


def _retrain(stack: Stack) -> tuple[dict[str, Any], str | None]:
    """Run the tick. The claim of a run that failed ends a second after it."""
    deadline = time.monotonic() + 60
    report, error = _invoke(stack, RETRAIN, TICK)
    while error and "Another retraining is under way" in error and time.monotonic() < deadline:
        time.sleep(0.5)
        report, error = _invoke(stack, RETRAIN, TICK)
    return report, error


def _keys(stack: Stack) -> set[str]:
    pages = stack.s3_client().get_paginator("list_objects_v2").paginate(Bucket=stack.bucket)
    return {each["Key"] for page in pages for each in page.get("Contents", [])}


def _events(stack: Stack) -> list[tuple[str, str]]:
    """Return the kinds and the versions of the events, the oldest first."""
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        query = "select kind, version from public.model_events order by id"
        return connection.execute(query).fetchall()


def _check_that_nothing_is_done_by_half(stack: Stack) -> None:
    """Each manifest has all its files, and each registered model its manifest."""
    keys = _keys(stack)
    manifests = {key for key in keys if key.startswith("models/manifests/")}
    for key in manifests:
        content = stack.s3_client().get_object(Bucket=stack.bucket, Key=key)["Body"].read()
        files = ModelManifest.model_validate_json(content).files.values()
        assert {blob_key(file.sha256) for file in files} <= keys
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        registered = connection.execute("select version from public.models").fetchall()
    assert len(registered) <= len(manifests) <= 1
    assert all(any(version in key for key in manifests) for (version,) in registered)


def _notifications(stack: Stack) -> int:
    attributes = stack.sqs_client().get_queue_attributes(
        QueueUrl=stack.notifications_url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(attributes["Attributes"]["ApproximateNumberOfMessages"])


def test_a_tick_that_meets_every_outage_in_turn_ends_with_exactly_one_candidate(
    stack: Stack,
) -> None:
    for outage in _outages(stack.bucket):
        with stack.faults.inject(outage.route, outage.fault):
            _, error = _retrain(stack)
            affected = stack.faults.counts(outage.route).affected
        assert error is not None, outage.what
        assert affected or outage.fault.kind == "refuse", f"{outage.what}: {error}"
        _check_that_nothing_is_done_by_half(stack)
        assert not _notifications(stack), outage.what

    report, error = _retrain(stack)

    assert error is None
    assert report["outcome"] in {"held", "rejected"}
    candidate = report["candidate"]
    assert _events(stack) == [("registered", candidate), ("verdict", candidate)]
    _check_that_nothing_is_done_by_half(stack)
    assert _notifications(stack) == 1
    keys = _keys(stack)
    again, _ = _retrain(stack)
    assert again["outcome"] is None
    assert _keys(stack) == keys


def test_while_the_store_is_down_a_run_changes_nothing(stack: Stack) -> None:
    before = _events(stack), _keys(stack)

    with stack.faults.inject("store", Fault("refuse")):
        _, error = _invoke(stack, RETRAIN, {"occasion": "request", "tick": "store-down"})

    assert error is not None
    assert (_events(stack), _keys(stack)) == before
