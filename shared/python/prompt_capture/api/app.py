"""Make the ASGI app of one function."""

from fastapi import APIRouter, FastAPI

from prompt_capture.api.errors import install_error_handlers
from prompt_capture.api.guard import Guard


def create_app(title: str, router: APIRouter) -> FastAPI:
    """Make an app with one router, the shared errors, and the guard around it.

    A body without a content type is read as JSON.
    """
    app = FastAPI(
        title=title,
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    app.include_router(router, prefix="/v1")
    install_error_handlers(app)
    app.add_middleware(Guard)
    return app
