"""A route that reads its body and writes its answer in one pass each.

FastAPI describes it, finds it, and answers its errors. What it does to a request by itself, for
whatever an endpoint might ask for, takes longer than all else that it does.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, get_type_hints

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError

Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value")

_JSON = "application/json"


class JsonRoute(APIRoute):
    """For endpoints that take a model, `body`, and the `connection`, and answer a model."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        endpoint, model = self.endpoint, get_type_hints(self.endpoint)["body"]

        async def handle(connection: Request) -> Response:
            body = _read(model, connection, await connection.body())
            answer = await endpoint(body, connection)
            if isinstance(answer, Response):
                return answer
            return Response(answer.model_dump_json(), media_type=_JSON)

        return handle


def read_header(name: str, adapter: TypeAdapter[Value], connection: Request) -> Value | None:
    """Validate a header, if it is there; raises `RequestValidationError`."""
    given = connection.headers.get(name)
    if given is None:
        return None
    try:
        return adapter.validate_python(given)
    except ValidationError as error:
        raise _invalid(error, "header", name) from None


def _read(model: type[Model], connection: Request, body: bytes) -> Model:
    kind = connection.headers.get("content-type", _JSON).partition(";")[0].strip().lower()
    is_json = kind == _JSON or (kind.startswith("application/") and kind.endswith("+json"))
    if not body or not is_json:
        raise RequestValidationError([{"type": "model_type", "loc": ("body",), "msg": "No JSON."}])
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _invalid(error, "body") from None


def _invalid(error: ValidationError, *place: str) -> RequestValidationError:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return RequestValidationError([{**fault, "loc": (*place, *fault["loc"])} for fault in faults])
