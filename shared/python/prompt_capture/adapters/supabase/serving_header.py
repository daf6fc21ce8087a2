"""The header in which the store names the champion, in the response to each insert of a prompt."""

import logging
from collections.abc import Callable

import httpx
from pydantic_core import from_json

from prompt_capture.adapters.supabase.model_registry import champion_address
from prompt_capture.domain.errors import StoreUnavailable
from prompt_capture.domain.models import ModelAddress

SERVING_MODEL_HEADER = "X-Serving-Model"

logger = logging.getLogger(__name__)


async def notice_champion(
    notice: Callable[[ModelAddress | None], None], response: httpx.Response
) -> None:
    """Pass on the champion that a response names. A value that is not valid is only logged."""
    value = response.headers.get(SERVING_MODEL_HEADER)
    if value is None:
        return
    try:
        notice(champion_address(from_json(value)))
    except (ValueError, StoreUnavailable):
        logger.warning("The store names the champion in a form that is not valid.")
