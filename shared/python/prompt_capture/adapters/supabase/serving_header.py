"""The header in which the store names the champion, in the response to each insert of a prompt."""

import logging
from collections.abc import Callable

import httpx
from pydantic import ValidationError

from prompt_capture.domain.models import ModelAddress

SERVING_MODEL_HEADER = "X-Serving-Model"
PACKAGED = "{}"
"""The value of the header where the packaged model serves."""

logger = logging.getLogger(__name__)


async def notice_champion(
    notice: Callable[[ModelAddress | None], None], response: httpx.Response
) -> None:
    """Pass on the champion that a response names. A value that is not valid is only logged."""
    value = response.headers.get(SERVING_MODEL_HEADER)
    if value is None:
        return
    try:
        notice(None if value == PACKAGED else ModelAddress.model_validate_json(value))
    except ValidationError:
        logger.warning("The store names the champion in a form that is not valid.")
