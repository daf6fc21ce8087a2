"""The function `models`, called over its URL."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import httpx

from prompt_capture.adapters.aws.requests import UnsignedRequest, sign
from prompt_capture.domain.errors import StoreUnavailable
from prompt_capture.settings.aws import AwsSettings

Sign = Callable[[UnsignedRequest], Mapping[str, str]]
"""Returns the headers of a request, with those that let it through to the function."""


def unsigned(request: UnsignedRequest) -> Mapping[str, str]:
    """Return the headers of a request to a Function URL that wants no signature."""
    return request.headers


def signer(settings: AwsSettings) -> Sign:
    """Sign requests to a Function URL with AWS_IAM, as the role of the function that calls."""

    def sign_request(request: UnsignedRequest) -> Mapping[str, str]:
        return sign(request, "lambda", settings, datetime.now(UTC))

    return sign_request


class ModelsFunction:
    """Sends what operators decide and ask, each with the operator's own token."""

    def __init__(self, client: httpx.AsyncClient, url: str, sign_request: Sign = unsigned) -> None:
        """`url` is that of the function's list of models: `https://.../v1/models`."""
        self._client, self._url, self._sign = client, url.rstrip("/"), sign_request

    async def send(self, token: str, decision: str, body: bytes) -> tuple[int, bytes]:
        return await self._request("POST", decision, token, body)

    async def split(self, token: str) -> tuple[int, bytes]:
        return await self._request("GET", "split", token, b"")

    async def _request(self, method: str, path: str, token: str, body: bytes) -> tuple[int, bytes]:
        # A signature needs the header `Authorization`.
        headers = {"X-User-Token": token, "Content-Type": "application/json"}
        url = httpx.URL(f"{self._url}/{path}")
        signed = self._sign(UnsignedRequest(method, url, headers, body))
        try:
            response = await self._client.request(method, url, content=body, headers=signed)
        except httpx.HTTPError as error:
            raise StoreUnavailable(
                f"The function models did not respond ({type(error).__name__})."
            ) from None
        return response.status_code, response.content
