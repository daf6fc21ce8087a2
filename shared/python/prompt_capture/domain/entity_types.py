"""The types of entities that redaction replaces, apart from it: it takes long to import."""

from typing import Literal, get_args

EntityType = Literal[
    "url", "secret", "email", "bank", "card", "national_id", "phone", "ip", "mac", "birth_date",
    "wallet",
]  # fmt: skip
ENTITY_TYPES: tuple[EntityType, ...] = get_args(EntityType)
