"""The addresses of the service, and the requests to it."""

import json
import operator
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Self, SupportsIndex
from uuid import UUID, uuid4

from prompt_capture.client.errors import (
    RequestRejected,
    is_from_signal_handler,
    to_capture_error,
)
from prompt_capture.client.keys import clean_key
from prompt_capture.client.retries import ServiceRequest
from prompt_capture.client.texts import (
    clean_error,
    clean_idempotency_key,
    clean_identifier,
    clean_intent,
    clean_intents,
    clean_message,
    clean_note,
    clean_workflow_type,
    is_missing,
    strip_invisible,
    to_plain,
    to_plain_or_none,
)
from prompt_capture.client.urls import complete_url, find_url_problem

_VISIBLE_ASCII = re.compile(r"[\x21-\x7e]+")
_PLACEHOLDER = re.compile(
    r"[$#]\{.*\}|\$[A-Za-z_]\w*|\{\{.*\}\}|<[^<>]*>|(?P<mark>%|__|@@)[A-Za-z]\w*(?P=mark)"
)
"""What stands in place of a whole key: a variable that nothing replaced."""

_SCHEME = re.compile(r"\A(?:bearer[ \t]+)+", re.IGNORECASE)


@dataclass(frozen=True)
class Service:
    """The URLs of the service's functions, and the backend's API key.

    A URL without a path gets that of its function, such as `/v1/classify`. Without a key, requests
    need a user's token, and outcomes cannot be recorded. White space around
    the values is removed, and so are quotation marks around the key. Raise `ValueError` for values
    with which no request can succeed; it contains no value.
    """

    classify_url: str
    outcomes_url: str
    corrections_url: str
    api_key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("classify_url", "outcomes_url", "corrections_url"):
            object.__setattr__(self, name, _check_url(name, getattr(self, name)))
        object.__setattr__(self, "api_key", _check_key(self.api_key))

    @classmethod
    def from_env(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read CLASSIFY_URL, OUTCOMES_URL, CORRECTIONS_URL and, where it is set, API_KEY."""
        return cls(
            environment.get("CLASSIFY_URL", ""),
            environment.get("OUTCOMES_URL", ""),
            environment.get("CORRECTIONS_URL", ""),
            environment.get("API_KEY"),
        )

    def classify_request(
        self,
        message: str,
        *,
        user_id: UUID | str | None,
        token: str | None,
        idempotency_key: str | None,
        **fields: Any,
    ) -> ServiceRequest:
        """Create a request to classify a message. Its idempotency key makes retries safe."""
        key = {"Idempotency-Key": clean_idempotency_key(idempotency_key) or str(uuid4())}
        body = {"message": message, "user_id": user_id, **fields}
        url = complete_url(self.classify_url, "/v1/classify")
        return self._request(url, body, self._credentials(token) | key)

    def outcome_request(
        self,
        log_id: UUID | str,
        was_successful: bool,
        workflow_type: str,
        execution_error: str | BaseException | None,
    ) -> ServiceRequest:
        """Create a request to record the outcome of a workflow."""
        body = {
            "log_id": log_id,
            "was_successful": was_successful,
            "workflow_type": workflow_type,
            "execution_error": execution_error,
        }
        url = complete_url(self.outcomes_url, "/v1/outcomes")
        return self._request(url, body, self._credentials(None))

    def correction_request(
        self, log_id: UUID | str, corrected_intent: str, *, token: str | None, **fields: Any
    ) -> ServiceRequest:
        """Create a request to record a reviewer's correction."""
        body = {"log_id": log_id, "corrected_intent": corrected_intent, **fields}
        url = complete_url(self.corrections_url, "/v1/corrections")
        return self._request(url, body, self._credentials(token))

    def _credentials(self, token: str | None) -> dict[str, str]:
        # A Function URL with AWS_IAM needs the header `Authorization` for its own signature.
        if token is not None:
            return {"X-User-Token": _check_token(token)}
        return {"X-Api-Key": self.api_key} if self.api_key else {}

    @staticmethod
    def _request(url: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> ServiceRequest:
        present = [text for name, value in body.items() if (text := _encode(name, value))]
        # UTF-8 takes a third of the bytes of escaped characters, and a body has a limit.
        content = f"{{{', '.join(present)}}}".encode("utf-8", "replace")
        all_headers = {"Content-Type": "application/json", **headers}
        return ServiceRequest(url, content, all_headers, tuple(body))


def _encode(name: str, value: Any) -> str | None:
    """Return a field in JSON, or None where its value is missing. Raise `NoResponse`."""
    try:
        cleaned = _to_json(name, value)
        return None if cleaned is None else json.dumps({name: cleaned}, ensure_ascii=False)[1:-1]
    except Exception as error:  # noqa: BLE001 - the code of a value can raise any error
        failure = to_capture_error(error, is_from_signal_handler, [name])
    raise failure


def _check_url(name: str, value: object) -> str:
    """Return a URL that requests can be sent to. Raise `ValueError`."""
    setting = _describe(name)
    text = _read_text(name, value)
    if not text:
        raise ValueError(f"{setting} is empty. Set it to the URL of the function")
    if problem := find_url_problem(text):
        raise ValueError(f"{setting} {problem}")
    return text


def _check_key(value: object) -> str | None:
    """Return a key that a header can hold, or None for an empty one. Raise `ValueError`."""
    text = clean_key(_read_text("api_key", value))
    if _PLACEHOLDER.fullmatch(text):
        raise ValueError(
            f"{_describe('api_key')} is a variable or a placeholder that nothing replaced. Set it "
            "to the key itself"
        )
    if text and not _VISIBLE_ASCII.fullmatch(text):
        raise ValueError(
            f"{_describe('api_key')} has white space or characters outside ASCII, such as curly "
            "quotation marks, which no API key has. Copy it again"
        )
    return text or None


def _read_text(name: str, value: object) -> str:
    """Return the text of a setting without what is invisible at its ends. Raise `ValueError`."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(
            f"{_describe(name)} is of the type {type(value).__name__}. Pass a str; of a SecretStr, "
            "its get_secret_value()"
        )
    return strip_invisible(str(value))


def _describe(name: str) -> str:
    return f"{name} (in the environment: {name.upper()})"


def _check_token(value: object) -> str:
    """Return a token that a header can hold. Raise `RequestRejected` for what is no token.

    It may be the value of a header `Authorization`, with the word `Bearer`.
    """
    plain = to_plain(value)
    text = strip_invisible(str(plain)) if isinstance(plain, str) else ""
    text = _SCHEME.sub("", text)
    if not _VISIBLE_ASCII.fullmatch(text):
        raise RequestRejected(None, "token_invalid")  # as the service says it
    return text


def _to_number(value: Any) -> Any:
    """Return a number that JSON can hold, also of numpy, pandas and decimals; None if missing.

    Others stay as they are.
    """
    if is_missing(value):
        return None
    number: Any = to_plain(value)
    if isinstance(number, str | bool | int | float):
        return number
    if isinstance(number, SupportsIndex):
        return operator.index(number)
    if isinstance(number, Decimal | Fraction):
        return int(number) if number == int(number) else float(number)
    number = number.item() if callable(getattr(number, "item", None)) else number
    return None if is_missing(number) else number


def _to_id(value: Any) -> Any:
    """Return an id as a text, also of another library's class. What is no id stays as it is."""
    plain: Any = to_plain_or_none(value)
    if isinstance(plain, str):
        return strip_invisible(str(plain))
    if plain is not None:
        with suppress(Exception):  # the code of the value can raise any error
            return str(UUID(str(plain)))
    return plain


def _to_flag(value: Any) -> Any:
    """Return a truth value, also of the 0 or 1 of a database. Others stay as they are.

    A column of a table has 0.0 and 1.0 where a value of another row is missing.
    """
    number = _to_number(value)
    return bool(number) if isinstance(number, int | float) and number in {0, 1} else number


def _to_consent(value: Any) -> Any:
    """Return whether a message may be captured. One whose consent is missing may not."""
    flag = _to_flag(value)
    return False if flag is None else flag


_CLEANERS: Mapping[str, Callable[[object], object]] = {
    "message": clean_message,
    "user_id": _to_id,
    "log_id": _to_id,
    "capture": _to_consent,
    "was_successful": _to_flag,
    "conversation_id": clean_identifier,
    "workflow_type": clean_workflow_type,
    "execution_error": clean_error,
    "notes": clean_note,
    "corrected_intent": clean_intent,
    "corrected_secondary_intents": clean_intents,
    "reviewer": clean_identifier,
}


def _to_json(name: str, value: Any) -> Any:
    clean: Callable[[object], object] = _CLEANERS.get(name, _to_number)
    return clean(value)
