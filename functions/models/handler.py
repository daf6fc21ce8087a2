"""GET and POST /v1/models: the registered models, and which of them serves."""

from prompt_capture import cold_start

# isort: split

from prompt_capture import bootstrap
from prompt_capture.api.app import create_app
from prompt_capture.api.lambda_handler import Handler, handle_requests, start
from prompt_capture.api.models import models_router


def create() -> Handler:
    """Wire the function."""
    router = models_router(bootstrap.manage_models(), bootstrap.operator_authenticator())
    return handle_requests(create_app("Models", router))


handler = start(create)
cold_start.enable_garbage_collection()
