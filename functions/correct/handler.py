"""POST /v1/corrections: record the intent that a reviewer assigns to a message."""

from prompt_capture import cold_start

# isort: split

from prompt_capture.api.app import create_app
from prompt_capture.api.corrections import corrections_router
from prompt_capture.api.lambda_handler import Handler, handle_requests, start
from prompt_capture.bootstrap import callers, corrections


def create() -> Handler:
    """Wire the function."""
    router = corrections_router(corrections.correct(), callers.authenticator())
    return handle_requests(create_app("Correct", router, callers.allowed_origins()))


handler = start(create, callers.allowed_origins)
cold_start.enable_garbage_collection()
