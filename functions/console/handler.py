"""The console: the page for reviewers and operators, and what it sends."""

from prompt_capture import cold_start

# isort: split

from pathlib import Path

from prompt_capture.api.app import create_app
from prompt_capture.api.console import console_router
from prompt_capture.api.console_page import ConsolePage, page_router
from prompt_capture.api.lambda_handler import Handler, handle_requests, start
from prompt_capture.bootstrap import callers, console

PAGE = Path(__file__).parent / "page"


def create() -> Handler:
    """Wire the function."""
    router = console_router(
        console.decide_on_item(), console.decide_on_model(), callers.authenticator()
    )
    app = create_app("Console", router)
    app.include_router(page_router(ConsolePage(PAGE, console.page_settings())))
    return handle_requests(app)


handler = start(create)
cold_start.enable_garbage_collection()
