"""Make the ASGI app of one function."""

from typing import Any

from fastapi import APIRouter, FastAPI

from prompt_capture.api.callers import SECURITY_SCHEMES
from prompt_capture.api.errors import install_error_handlers
from prompt_capture.api.guard import Guard


class _App(FastAPI):
    """Describes the credentials that its routes name."""

    def openapi(self) -> dict[str, Any]:
        description = super().openapi()
        description["components"].setdefault("securitySchemes", SECURITY_SCHEMES)
        return description


def create_app(title: str, router: APIRouter) -> FastAPI:
    """Make an app with one router, the shared errors, and the guard around it.

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
    app.add_middleware(Guard)
    return app
