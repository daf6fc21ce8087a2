"""The classification of messages, and what is redacted before."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from prompt_capture.domain.entity_types import ENTITY_TYPES, EntityType
from prompt_capture.domain.keys import clean_key, split_list
from prompt_capture.domain.predictions import SMALL_TALK_INTENTS
from prompt_capture.domain.types import Label, Probability
from prompt_capture.settings.base import Settings


def _split_list(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _split_list_or_none(value: object) -> object:
    return () if value == "none" else _split_list(value)


_SIGNS_OF_A_LIST = frozenset('[]{};"')


def _split_intents(value: object) -> object:
    if not isinstance(value, str):
        return value
    names = split_list(clean_key(value).removesuffix(","))
    return () if [name.lower() for name in names] == ["none"] else names


def _check_intent(value: str) -> str:
    if _SIGNS_OF_A_LIST & set(value):
        raise ValueError(
            "it is no name of an intent. Write the names with commas between, without brackets"
        )
    return value


Intents = Annotated[
    tuple[Annotated[Label, AfterValidator(_check_intent)], ...], BeforeValidator(_split_intents)
]
"""Names of intents. A name that no model knows has no effect, so none may come of its form."""


class ClassifierSettings(Settings):
    """The model, the rules, and the thresholds.

    Messages with a confidence below `review_threshold` need a review. `small_talk_intents` do not
    count beside a request. `redact` lists the entity types that are redacted before a message is
    classified and stored: by default all, and with `none` nothing.
    """

    model_dir: Path
    rules_file: Path | None = None
    review_threshold: Probability = 0.7
    secondary_intent_threshold: Probability = 0.7
    small_talk_intents: Intents = SMALL_TALK_INTENTS
    redact: Annotated[tuple[EntityType, ...], BeforeValidator(_split_list_or_none)] = ENTITY_TYPES
