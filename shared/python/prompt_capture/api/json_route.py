"""Routes that parse the request body and serialise the response in one step each.

FastAPI still provides the OpenAPI description, the routing and the error handling. Its dependency
resolution, which no endpoint here uses, would take longer than the rest of a request's handling.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeVar, get_type_hints

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

Model = TypeVar("Model", bound=BaseModel)
HeaderValue = TypeVar("HeaderValue")

_JSON = "application/json"


class PendingResponse(BaseModel):
    """The change is deferred: it is applied when the prompt log arrives."""

    status: Literal["pending"] = "pending"


PENDING_RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {"model": PendingResponse, "description": "The prompt log has not arrived yet."}
}
"""The OpenAPI description of the responses of an endpoint that may defer a change."""


class JsonRoute(APIRoute):
    """Calls endpoints with `body`, a model, and `connection`. They return a model.

    The status is 202 for a `PendingResponse`, and 200 otherwise.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint, model = self.endpoint, get_type_hints(self.endpoint)["body"]

        async def handle(connection: Request) -> Response:
            body = _parse_body(model, connection, await connection.body())
            result = await endpoint(body, connection)
            status = 202 if isinstance(result, PendingResponse) else 200
            return Response(result.model_dump_json(), status, media_type=_JSON)

        return handle


def read_header(
    name: str, adapter: TypeAdapter[HeaderValue], connection: Request
) -> HeaderValue | None:
    """Return a validated header, or None where it is missing.

    Raise `RequestValidationError`.
    """
    value = connection.headers.get(name)
    if value is None:
        return None
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise _request_error(error, "header", name) from None


def _parse_body(model: type[Model], connection: Request, body: bytes) -> Model:
    media_type = connection.headers.get("content-type", _JSON).partition(";")[0].strip().lower()
    is_json = media_type == _JSON or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
    if not body or not is_json:
        raise RequestValidationError([{"type": "model_type", "loc": ("body",), "msg": "No JSON."}])
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _request_error(error, "body") from None


def _request_error(error: ValidationError, *location: str) -> RequestValidationError:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return RequestValidationError(
        [{**detail, "loc": (*location, *detail["loc"])} for detail in details]
    )
