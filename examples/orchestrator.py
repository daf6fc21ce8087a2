"""An example backend: each message's intent selects a workflow, and its outcome is recorded.

`python -m examples.orchestrator` starts the local stack, sends a few messages to the backend, and
prints what was captured.
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

from infra.local import stack_env
from infra.local.stack import Stack
from prompt_capture.client import AsyncCaptureClient

MESSAGES = (
    "add milk to my shopping list",
    "move my dentist appointment to friday",
    "email the report to my boss",
    "hello",
)
CAPTURED_PROMPTS_QUERY = """
select prompt, predicted_intent, workflow_type, was_successful, execution_error
from public.nlu_prompt_logs order by created_at, id
"""


class UserMessage(BaseModel):
    """A message from a user. A repeated request has the same `message_id`."""

    message_id: str
    user_id: str
    text: str


class AssistantReply(BaseModel):
    """The assistant's reply to the user."""

    text: str


class WorkflowFailed(Exception):
    """A workflow failed; the message is shown to the user."""


async def create_task(text: str) -> str:
    """Simulate adding a task."""
    return "I added it to your list."


async def reschedule_event(text: str) -> str:
    """Simulate moving an event."""
    return "I rescheduled the event."


async def send_email(text: str) -> str:
    """Simulate a workflow that fails."""
    raise WorkflowFailed("The mail server does not respond.")


async def ask_again(text: str) -> str:
    """Ask the user for a request, because no workflow handles the intent."""
    return "What can I do for you?"


WORKFLOWS: dict[str, Callable[[str], Awaitable[str]]] = {
    "task_management": create_task,
    "reschedule": reschedule_event,
    "email": send_email,
}


def create_app(capture: AsyncCaptureClient) -> FastAPI:
    """Create the backend; it closes the client on shutdown."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with capture:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/messages")
    async def reply(message: UserMessage) -> AssistantReply:
        classification = await capture.classify(
            message.text, user_id=message.user_id, idempotency_key=message.message_id
        )
        workflow = WORKFLOWS.get(classification.intent, ask_again)
        try:
            async with capture.workflow(classification, workflow.__name__):
                return AssistantReply(text=await workflow(message.text))
        except WorkflowFailed as error:
            return AssistantReply(text=f"The request failed. {error}")

    return app


async def converse(app: FastAPI, user_id: str, messages: Sequence[str]) -> list[str]:
    """Send messages to the backend as an app would, and return its replies."""
    replies = []
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://backend") as http,
    ):
        for number, text in enumerate(messages):
            body = {"message_id": f"{user_id}-{number}", "user_id": user_id, "text": text}
            response = await http.post("/messages", json=body)
            replies.append(response.raise_for_status().json()["text"])
    return replies


def main() -> None:
    """Start the stack, send the messages, and print the replies and the captured prompts."""
    console = Console()
    with Stack("orchestrator") as stack:
        user = stack.create_user("ada@example.com")
        app = create_app(AsyncCaptureClient.from_env(stack_env.variables(stack)))
        replies = asyncio.run(converse(app, user.id, MESSAGES))
        for message, reply in zip(MESSAGES, replies, strict=True):
            console.print(f"  user:      {message}\n  assistant: {reply}\n", markup=False)
        table = Table("prompt", "intent", "workflow", "successful", "error")
        with psycopg.connect(stack.postgres_dsn) as connection:
            for row in connection.execute(CAPTURED_PROMPTS_QUERY):
                table.add_row(*(str(cell) for cell in row))
        console.print(table)


if __name__ == "__main__":
    main()
