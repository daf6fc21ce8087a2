"""A worker process that runs one variant of the benchmark on request and reports its time.

`python -m benchmarks.capture.worker VARIANT USER_ID`, with a function's settings in the
environment. For each line of its standard input, the worker runs the variant once (or
`CPU_REPETITIONS` times for the variants in `CPU_VARIANTS`) and prints the seconds of one run: wall
clock time and CPU time. The parent process interleaves the workers, so that all variants see the
same machine.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

if TYPE_CHECKING:
    from prompt_capture.workflows.classify_and_log import ClassifyAndLog

BATCH_SIZE = 100
CPU_REPETITIONS = 20
MESSAGE = "move my dentist appointment to friday"

Operation = Callable[[], object]


def call_handler(user_id: str, capture: bool) -> Operation:
    """Run the whole function in this process: Mangum, FastAPI, the model, and the write if any."""
    handler = import_module("handler").handler  # the function's folder is on PYTHONPATH
    body = {"message": MESSAGE, "user_id": user_id, "capture": capture}
    event = function_url_event(json.dumps(body), os.environ["API_KEY"])

    def operation() -> None:
        response = handler(event, _lambda_context())
        captured = json.loads(response["body"]).get("captured")
        if captured != ("stored" if capture else "skipped"):
            raise RuntimeError(
                f"Unexpected response of the function: status {response['statusCode']}, "
                f"captured: {captured}."
            )

    return operation


def _lambda_context() -> SimpleNamespace:
    return SimpleNamespace(
        aws_request_id=str(uuid4()),
        get_remaining_time_in_millis=lambda: 10_000,
        function_name="classify-and-log",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:classify-and-log",
    )


def function_url_event(body: str, api_key: str) -> dict[str, Any]:
    """Return the event of a request to the Function URL."""
    return {
        "version": "2.0",
        "rawPath": "/v1/classify",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "x-api-key": api_key},
        "requestContext": {
            "http": {"method": "POST", "path": "/v1/classify", "sourceIp": "127.0.0.1"},
            "stage": "$default",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def call_framework(user_id: str) -> Operation:
    """Run the function's app under Mangum with a workflow that returns at once.

    This covers everything between the event and the workflow, including the check of the API key
    and the validation of the message.
    """
    from prompt_capture.api.app import create_app
    from prompt_capture.api.classify import classify_router
    from prompt_capture.api.lambda_handler import handle_requests
    from prompt_capture.bootstrap.callers import authenticator
    from prompt_capture.domain.captures import ClassifiedMessage
    from prompt_capture.domain.predictions import Prediction

    prediction = Prediction(intent="reschedule", confidence=0.9, source="model", model_version="1")
    result = ClassifiedMessage(
        log_id=None, prediction=prediction, needs_review=False, captured="skipped", seconds=0.0
    )

    async def no_op_workflow(
        message: str, user_id: UUID | None, **fields: Any
    ) -> ClassifiedMessage:
        return result

    asyncio.set_event_loop(asyncio.new_event_loop())
    router = classify_router(cast("ClassifyAndLog", no_op_workflow), authenticator())
    handler = handle_requests(create_app("No-op", router))
    body = json.dumps({"message": MESSAGE, "user_id": user_id, "capture": False})
    event = function_url_event(body, os.environ["API_KEY"])
    return lambda: handler(event, _lambda_context())


def _new_prompt(user_id: str) -> Any:
    from prompt_capture.domain.log_ids import new_log_id
    from prompt_capture.domain.prompts import CapturedPrompt

    return CapturedPrompt(
        id=new_log_id(),
        user_id=UUID(user_id),
        prompt=MESSAGE,
        predicted_intent="reschedule",
        confidence=0.9,
        source="model",
        model_version="bench",
    )


def insert_with_postgrest(user_id: str) -> Operation:
    """Insert a row with postgrest's client, on one connection, as the function's own role."""
    from postgrest import AsyncPostgrestClient, ReturnMethod

    from prompt_capture.adapters.http_client import create_http_client
    from prompt_capture.adapters.supabase.access import SupabaseAccess
    from prompt_capture.settings.supabase import SupabaseSettings

    settings, runner = SupabaseSettings.from_env(), asyncio.Runner()
    http = create_http_client(10, SupabaseAccess(settings, "prompt_writer"))
    client = AsyncPostgrestClient(settings.rest_url, http_client=http)

    async def insert() -> None:
        row = _new_prompt(user_id).model_dump(mode="json")
        logs = client.from_("nlu_prompt_logs")
        await logs.insert(row, returning=ReturnMethod.minimal).execute()

    return lambda: runner.run(insert())


def insert_with_psycopg(user_id: str) -> Operation:
    """Insert a row with psycopg, on one connection, as the dashboard's role."""
    import psycopg

    connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    columns = "id, user_id, prompt, predicted_intent, confidence, source, model_version"
    query = f"insert into public.nlu_prompt_logs ({columns}) values (%s, %s, %s, %s, %s, %s, %s)"  # noqa: S608

    def operation() -> None:
        row = _new_prompt(user_id)
        values = (row.id, row.user_id, row.prompt, row.predicted_intent, 0.9, "model", "bench")
        connection.execute(query.encode(), values)

    return operation


def drain_batch(user_id: str, size: int) -> Operation:
    """Drain a batch of `size` spooled prompts; the time covers the whole batch."""
    from prompt_capture.bootstrap.drain import drain_spool
    from prompt_capture.domain.spool import SpooledPrompt

    runner, drain = asyncio.Runner(), drain_spool()

    def spooled_body() -> str:
        now = datetime.now(UTC)
        spooled = SpooledPrompt(spooled_at=now, reason="unavailable", prompt=_new_prompt(user_id))
        return spooled.model_dump_json()

    return lambda: runner.run(drain({str(index): spooled_body() for index in range(size)}))


CPU_VARIANTS = {"framework", "handler"}
"""Variants whose CPU time is measured, over several runs in a row."""

VARIANTS: dict[str, Callable[[str], Operation]] = {
    "no capture": lambda user_id: call_handler(user_id, capture=False),
    "write-first": lambda user_id: call_handler(user_id, capture=True),
    "handler": lambda user_id: call_handler(user_id, capture=False),
    "framework": call_framework,
    "postgrest": insert_with_postgrest,
    "psycopg": insert_with_psycopg,
    "drain single": lambda user_id: drain_batch(user_id, 1),
    "drain batch": lambda user_id: drain_batch(user_id, BATCH_SIZE),
}


def main(variant: str, user_id: str) -> None:
    """Run the variant for each line of the standard input and print the seconds of one run."""
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the variant may log to the standard output
    operation = VARIANTS[variant](user_id)
    repetitions = CPU_REPETITIONS if variant in CPU_VARIANTS else 1
    operation()
    print("ready", file=output, flush=True)
    for _ in sys.stdin:
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        for _ in range(repetitions):
            operation()
        seconds = time.perf_counter() - wall_start, time.process_time() - cpu_start
        print(*(each / repetitions for each in seconds), file=output, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
