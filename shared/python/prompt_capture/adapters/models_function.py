"""The function `models`, called over its URL."""

import httpx

from prompt_capture.domain.errors import StoreUnavailable


class ModelsFunction:
    """Sends the decisions of operators, each with the operator's own token."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        """`url` is that of the function's list of models: `https://.../v1/models`."""
        self._client, self._url = client, url.rstrip("/")

    async def send(self, token: str, decision: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            response = await self._client.post(
                f"{self._url}/{decision}", content=body, headers=headers
            )
        except httpx.HTTPError as error:
            raise StoreUnavailable(
                f"The function models did not respond ({type(error).__name__})."
            ) from None
        return response.status_code, response.content
