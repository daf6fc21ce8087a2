"""An assistant's backend: what a message means decides the workflow, and how it ends is recorded.

`python -m examples.orchestrator` starts everything on this machine, sends a few messages to it,
and shows what was captured.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import httpx
import psycopg
from fastapi import FastAPI
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from infra.local import variables
from infra.local.stack import Stack
from prompt_capture.client import AsyncCaptureClient

MESSAGES = (
    "add milk to my shopping list",
    "move my dentist appointment to friday",
    "email the report to my boss",
    "hello",
)
CAPTURED = """
select prompt, predicted_intent, workflow_type, was_successful, execution_error
from public.nlu_prompt_logs order by created_at, id
"""


class Incoming(BaseModel):
    """A user's message; its id is the same if the app sends it again."""

    message_id: str
    user_id: str
    text: str


class Reply(BaseModel):
    """What the assistant says."""

    text: str


class WorkflowFailed(Exception):
    """A workflow could not do what was asked; the text is for the user."""


async def create_task(text: str) -> str:
    """Pretend to add a task."""
    return "It is on your list."


async def reschedule_event(text: str) -> str:
    """Pretend to move an event."""
    return "I have moved it."


async def send_email(text: str) -> str:
    """Fail, as workflows do."""
    raise WorkflowFailed("The mail server does not answer.")


async def ask_again(text: str) -> str:
    """Say that the message was not understood, or that there was nothing to do."""
    return "What can I do for you?"


WORKFLOWS: dict[str, Callable[[str], Awaitable[str]]] = {
    "task_management": create_task,
    "reschedule": reschedule_event,
    "email": send_email,
}


def create_app(capture: AsyncCaptureClient) -> FastAPI:
    """Make the backend; it closes the client when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with capture:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/messages")
    async def answer(incoming: Incoming) -> Reply:
        meant = await capture.classify(
            incoming.text, user_id=incoming.user_id, idempotency_key=incoming.message_id
        )
        workflow = WORKFLOWS.get(meant.intent, ask_again)
        try:
            async with capture.workflow(meant, workflow.__name__):
                return Reply(text=await workflow(incoming.text))
        except WorkflowFailed as failure:
            return Reply(text=f"That did not work. {failure}")

    return app


async def converse(app: FastAPI, user_id: str, messages: Sequence[str]) -> list[str]:
    """Send messages to the backend as an app would, and return what it says."""
    said = []
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://backend") as http,
    ):
        for number, text in enumerate(messages):
            body = {"message_id": f"{user_id}-{number}", "user_id": user_id, "text": text}
            answer = await http.post("/messages", json=body)
            said.append(answer.raise_for_status().json()["text"])
    return said


def main() -> None:
    """Start the stack, converse, and show the table."""
    console = Console()
    with Stack("orchestrator") as stack:
        user = stack.create_user("ada@example.com")
        app = create_app(AsyncCaptureClient.from_env(variables.of(stack)))
        said = asyncio.run(converse(app, user.id, MESSAGES))
        for message, reply in zip(MESSAGES, said, strict=True):
            console.print(f"  user:      {message}\n  assistant: {reply}\n", markup=False)
        table = Table("prompt", "intent", "workflow", "successful", "error")
        with psycopg.connect(stack.postgres_dsn) as connection:
            for row in connection.execute(CAPTURED):
                table.add_row(*(str(cell) for cell in row))
        console.print(table)


if __name__ == "__main__":
    main()
