"""The header in which the store names what serves, in the response to each insert of a prompt."""

import logging
from collections.abc import Callable

import httpx
from pydantic_core import from_json

from prompt_capture.adapters.supabase.model_registry import serving_models
from prompt_capture.domain.errors import StoreUnavailable
from prompt_capture.domain.splits import ServingModels

SERVING_MODEL_HEADER = "X-Serving-Model"

logger = logging.getLogger(__name__)


async def notice_serving(notice: Callable[[ServingModels], None], response: httpx.Response) -> None:
    """Pass on which models serve, if a response says it. A value that is not valid is logged."""
    value = response.headers.get(SERVING_MODEL_HEADER)
    if value is None:
        return
    try:
        notice(serving_models(from_json(value)))
    except (ValueError, StoreUnavailable):
        logger.warning("The store names what serves in a form that is not valid.")
