"""A process that does one thing over and over, and tells how long each time took.

`python -m benchmarks.capture.worker KIND USER_ID`, with a function's settings in the environment.
For each line that it reads it does the thing once, or `IN_A_ROW` where only the processor's time is
asked for, and prints the seconds of one, by the clock and of the processor; processes of several
kinds, asked by turns, see the same machine.
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

BATCH = 100
IN_A_ROW = 20
MESSAGE = "move my dentist appointment to friday"

Once = Callable[[], object]


def through_handler(user_id: str, capture: bool) -> Once:
    """The whole function in this process: Mangum, FastAPI, the model, and the write if any."""
    handler = import_module("handler").handler  # the worker's path holds the function's folder
    body = {"message": MESSAGE, "user_id": user_id, "capture": capture}
    event = called(json.dumps(body), os.environ["API_KEY"])

    def once() -> None:
        answer = handler(event, _context())
        captured = json.loads(answer["body"]).get("captured")
        if captured != ("stored" if capture else "skipped"):
            raise RuntimeError(f"The function answered {answer['statusCode']}, {captured}.")

    return once


def _context() -> SimpleNamespace:
    return SimpleNamespace(
        aws_request_id=str(uuid4()),
        get_remaining_time_in_millis=lambda: 10_000,
        function_name="classify-and-log",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:eu-west-1:123456789012:function:classify-and-log",
    )


def called(body: str, api_key: str) -> dict[str, Any]:
    """Make the event of a Function URL's call."""
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


def framework(user_id: str) -> Once:
    """The function's own app, under Mangum, around a workflow that is done at once.

    That is all between the event and the workflow: the caller's key and the message are checked.
    """
    from mangum import Mangum

    from prompt_capture import bootstrap
    from prompt_capture.api.app import create_app
    from prompt_capture.api.classify import classify_router
    from prompt_capture.domain.predictions import Prediction
    from prompt_capture.workflows.classify_and_log import ClassifiedMessage, IncomingMessage

    prediction = Prediction(intent="reschedule", confidence=0.9, source="model", model_version="1")
    done = ClassifiedMessage(
        log_id=None, prediction=prediction, needs_review=False, captured="skipped"
    )

    async def nothing(incoming: IncomingMessage, seconds_left: float) -> ClassifiedMessage:
        return done

    asyncio.set_event_loop(asyncio.new_event_loop())
    router = classify_router(cast("ClassifyAndLog", nothing), bootstrap.callers())
    handler = Mangum(create_app("Nothing", router), lifespan="off")
    body = json.dumps({"message": MESSAGE, "user_id": user_id, "capture": False})
    event = called(body, os.environ["API_KEY"])
    return lambda: handler(event, _context())


def _prompt(user_id: str) -> Any:
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


def postgrest(user_id: str) -> Once:
    """The bare insert by postgrest's client, one connection, as the function's own role."""
    from postgrest import AsyncPostgrestClient, ReturnMethod

    from prompt_capture.adapters.connections import warm_client
    from prompt_capture.adapters.supabase_access import SupabaseAccess
    from prompt_capture.settings import SupabaseSettings

    settings, runner = SupabaseSettings.from_env(), asyncio.Runner()
    http = warm_client(10, SupabaseAccess(settings, "prompt_writer"))
    client = AsyncPostgrestClient(settings.rest_url, http_client=http)

    async def insert() -> None:
        row = _prompt(user_id).model_dump(mode="json")
        logs = client.from_("nlu_prompt_logs")
        await logs.insert(row, returning=ReturnMethod.minimal).execute()

    return lambda: runner.run(insert())


def psycopg(user_id: str) -> Once:
    """The bare insert by psycopg, one connection, as the dashboard's role."""
    import psycopg as driver

    connection = driver.connect(os.environ["DATABASE_URL"], autocommit=True)
    columns = "id, user_id, prompt, predicted_intent, confidence, source, model_version"
    query = f"insert into public.nlu_prompt_logs ({columns}) values (%s, %s, %s, %s, %s, %s, %s)"  # noqa: S608

    def once() -> None:
        row = _prompt(user_id)
        values = (row.id, row.user_id, row.prompt, row.predicted_intent, 0.9, "model", "bench")
        connection.execute(query.encode(), values)

    return once


def drain(user_id: str, size: int) -> Once:
    """The drain, told `size` messages at once; the time is that of all of them."""
    from prompt_capture import bootstrap
    from prompt_capture.domain.spool import SpooledPrompt

    runner, work = asyncio.Runner(), bootstrap.drain_spool()

    def body() -> str:
        now = datetime.now(UTC)
        spooled = SpooledPrompt(spooled_at=now, reason="unavailable", prompt=_prompt(user_id))
        return spooled.model_dump_json()

    return lambda: runner.run(work({str(place): body() for place in range(size)}))


ON_THE_PROCESSOR = {"framework", "whole"}
KINDS: dict[str, Callable[[str], Once]] = {
    "without": lambda user_id: through_handler(user_id, capture=False),
    "write-first": lambda user_id: through_handler(user_id, capture=True),
    "whole": lambda user_id: through_handler(user_id, capture=False),
    "framework": framework,
    "postgrest": postgrest,
    "psycopg": psycopg,
    "drain-1": lambda user_id: drain(user_id, 1),
    "drain-batch": lambda user_id: drain(user_id, BATCH),
}


def main(kind: str, user_id: str) -> None:
    """Answer each line with the seconds of one more time."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what is measured may log to the standard output
    once = KINDS[kind](user_id)
    times = IN_A_ROW if kind in ON_THE_PROCESSOR else 1
    once()
    print("ready", file=answers, flush=True)
    for _ in sys.stdin:
        began, worked = time.perf_counter(), time.process_time()
        for _ in range(times):
            once()
        seconds = time.perf_counter() - began, time.process_time() - worked
        print(*(each / times for each in seconds), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
