"""GET and POST /v1/models: which registered models serve. A schedule evaluates the split."""

from prompt_capture import cold_start

# isort: split

from prompt_capture.api.app import create_app
from prompt_capture.api.lambda_handler import Handler, handle_requests, start, with_jobs
from prompt_capture.api.models import models_router
from prompt_capture.bootstrap import callers, registry


async def evaluate_split() -> None:
    """Stop the split where the challenger does harm."""
    await registry.evaluate_split()()


def create() -> Handler:
    """Wire the function."""
    router = models_router(
        registry.manage_models(), registry.evaluate_split(), callers.operator_authenticator()
    )
    requests = handle_requests(create_app("Models", router))
    return with_jobs(requests, {"evaluate-split": evaluate_split})


handler = start(create)
cold_start.enable_garbage_collection()
