"""Create the ASGI app of one function."""

from typing import Any

from fastapi import APIRouter, FastAPI

from prompt_capture.api.authentication import SECURITY_SCHEMES
from prompt_capture.api.errors import install_error_handlers
from prompt_capture.api.guard import GuardMiddleware


class _App(FastAPI):
    """Adds the security schemes to the OpenAPI description."""

    def openapi(self) -> dict[str, Any]:
        description = super().openapi()
        description["components"].setdefault("securitySchemes", SECURITY_SCHEMES)
        return description


def create_app(title: str, router: APIRouter) -> FastAPI:
    """Create an app with one router, the shared error handlers and the guard middleware.

    A body without a content type is read as JSON.
    """
    app = _App(
        title=title,
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.include_router(router, prefix="/v1")
    install_error_handlers(app)
    app.add_middleware(GuardMiddleware)
    return app
