"""Routes that parse the request body and serialise the response in one step each.

FastAPI still provides the OpenAPI description, the routing and the error handling. Its dependency
resolution, which no endpoint here uses, would take longer than the rest of a request's handling.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeVar, get_type_hints

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

from prompt_capture.api.errors import ApiError

Model = TypeVar("Model", bound=BaseModel)
HeaderValue = TypeVar("HeaderValue")

_JSON = "application/json"
_UNCOMPRESSED = frozenset({"", "identity", "utf-8"})
"""Values of Content-Encoding that change nothing. Some clients name the encoding of the text."""

_ESCAPE = re.compile(
    rb"""(?P<kept>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}  # a surrogate pair
        |\\(?!u[dD][89a-fA-F]).)                                            # any other escape
        |\\u[dD][89a-fA-F][0-9a-fA-F]{2}                                    # half a pair
    """,
    re.VERBOSE | re.DOTALL,
)
"""An escape in a JSON string. Outside strings, JSON has no backslash."""


class PendingResponse(BaseModel):
    """The change is deferred: it is applied when the prompt log arrives."""

    status: Literal["pending"] = "pending"


PENDING_RESPONSES: dict[int | str, dict[str, Any]] = {
    202: {"model": PendingResponse, "description": "The prompt log has not arrived yet."}
}
"""The OpenAPI description of the responses of an endpoint that may defer a change."""


class JsonRoute(APIRoute):
    """Calls endpoints with `connection`, and with `body`, a model, and parameters of the path.

    An endpoint names only what it needs, and returns a model. The status is 202 for a
    `PendingResponse`, and 200 otherwise.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint, hints = self.endpoint, get_type_hints(self.endpoint, include_extras=True)
        model = hints.get("body")
        parameters = {name: TypeAdapter(hints[name]) for name in self.param_convertors}

        async def handle(connection: Request) -> Response:
            arguments: dict[str, Any] = {"connection": connection}
            for name, adapter in parameters.items():
                arguments[name] = _parse_parameter(name, adapter, connection)
            if model:
                arguments["body"] = _parse_body(model, connection, await connection.body())
            result = await endpoint(**arguments)
            status = 202 if isinstance(result, PendingResponse) else 200
            return Response(result.model_dump_json(), status, media_type=_JSON)

        return handle


def read_header(
    name: str, adapter: TypeAdapter[HeaderValue], connection: Request
) -> HeaderValue | None:
    """Return a validated header, or None where it is missing or blank.

    Raise `RequestValidationError`.
    """
    value = connection.headers.get(name)
    if value is None or not value.strip(" \t"):
        return None
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise _request_error(error, "header", name) from None


def _parse_parameter(name: str, adapter: TypeAdapter[Any], connection: Request) -> Any:
    try:
        return adapter.validate_python(connection.path_params[name])
    except ValidationError as error:
        raise _request_error(error, "path", name) from None


def _parse_body(model: type[Model], connection: Request, body: bytes) -> Model:
    """Return the body. Raise `RequestValidationError` or `ApiError`.

    A byte order mark is ignored, and half a surrogate pair is read as U+FFFD.
    """
    encoding = connection.headers.get("content-encoding", "")
    if encoding.strip().lower() not in _UNCOMPRESSED:
        raise ApiError(
            415,
            "unsupported_encoding",
            "The body is compressed.",
            "Send it without Content-Encoding.",
        )
    content_type = connection.headers.get("content-type", "").strip() or _JSON
    media_type = content_type.partition(";")[0].strip().lower()
    is_json = media_type == _JSON or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
    if not body or not is_json:
        raise RequestValidationError([{"type": "model_type", "loc": ("body",), "msg": "No JSON."}])
    try:
        return _validate(model, body.removeprefix(BOM_UTF8))
    except ValidationError as error:
        raise _request_error(error, "body") from None


def _validate(model: type[Model], json: bytes) -> Model:
    try:
        return model.model_validate_json(json)
    except ValidationError:
        repaired = replace_half_pairs(json)
        if repaired == json:
            raise
    return model.model_validate_json(repaired)


def replace_half_pairs(json: bytes) -> bytes:
    """Replace the escapes of unpaired surrogates, which the grammar of JSON allows (RFC 8259, 8.2).

    Clients send them that cut a text within a character, such as an emoji.
    """
    return _ESCAPE.sub(lambda escape: escape["kept"] or rb"\ufffd", json)


def _request_error(error: ValidationError, *location: str) -> RequestValidationError:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    return RequestValidationError(
        [{**detail, "loc": (*location, *detail["loc"])} for detail in details]
    )
