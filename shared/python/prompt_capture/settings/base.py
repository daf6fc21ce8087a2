"""What all settings have in common: how they are read from the environment and validated."""

import os
from collections.abc import Mapping
from typing import Self, get_args

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from prompt_capture.domain.errors import InvalidSettings
from prompt_capture.domain.keys import clean_key
from prompt_capture.domain.placeholders import IN_SETTING


def _mentions(annotation: object, type_: type) -> bool:
    """Return whether an annotation is a type, or a union or `Annotated` with it."""
    return annotation is type_ or any(_mentions(part, type_) for part in get_args(annotation))


class Settings(BaseModel):
    """Base class of each function's settings. The field `x_y` comes from the variable `X_Y`."""

    # Each function needs a few of these models only, so they are built on their first use.
    model_config = ConfigDict(frozen=True, protected_namespaces=(), defer_build=True)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read and validate the settings.

        A variable counts as unset where nothing remains of it without white space, a byte order
        mark and quotation marks around it. These are removed, except from secrets, which their
        readers clean.

        Raise `InvalidSettings`, whose message has the variables and the problems, but no value.
        """
        present = {
            name: value if cls._is_secret(name) else clean_key(value)
            for name in cls.model_fields
            if clean_key(value := environment.get(name.upper(), ""))
        }
        unreplaced = [
            name.upper()
            for name, value in present.items()
            if not cls._is_secret(name) and IN_SETTING.search(value)
        ]
        if unreplaced:
            raise InvalidSettings(
                f"Check the environment variables: {', '.join(unreplaced)}: in place of a value "
                "there is a variable or a placeholder, such as ${NAME}, {{ name }}, %NAME% or "
                "<name>. Write the value itself, or let what reads the file put it in"
            )
        try:
            return cls.model_validate(present)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(str(part) for part in detail['loc']).upper()}: {detail['msg']}"
                for detail in error.errors(include_input=False, include_url=False)
            )
            raise InvalidSettings(f"Check the environment variables: {problems}") from None

    @classmethod
    def _is_secret(cls, name: str) -> bool:
        """Return whether a setting is a secret, which may have any characters."""
        return _mentions(cls.model_fields[name].annotation, SecretStr)
