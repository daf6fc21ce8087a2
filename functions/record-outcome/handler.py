"""POST /v1/outcomes: record the outcome of the workflow that handled a message."""

from prompt_capture import cold_start

# isort: split

from prompt_capture.api.app import create_app
from prompt_capture.api.lambda_handler import Handler, handle_requests, start
from prompt_capture.api.outcomes import outcomes_router
from prompt_capture.bootstrap import callers, outcomes


def create() -> Handler:
    """Wire the function. Web pages may not call it, since it needs an API key."""
    router = outcomes_router(outcomes.record_outcome(), callers.authenticator())
    return handle_requests(create_app("Record outcome", router))


handler = start(create)
cold_start.enable_garbage_collection()
