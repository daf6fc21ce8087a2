"""Random requests get the responses that the OpenAPI description promises."""

from typing import Any
from uuid import uuid4

import jwt
from hypothesis import HealthCheck, settings
from schemathesis import Case, HookContext
from schemathesis.openapi import from_asgi
from schemathesis.specs.openapi.checks import positive_data_acceptance

from prompt_capture.api.tokens import TokenVerifier
from tests.fakes.prompt_store import InMemoryPromptStore
from tests.unit.conftest import INTENTS, make_apps
from tests.unit.tokens import API_KEY, SUPABASE_URL, TokenMint

LEGACY_SECRET = "a legacy project's HS256 secret, long enough"
USER_ID = uuid4()
BACKEND = {"X-Api-Key": API_KEY}


def _bearer(**claims: Any) -> dict[str, str]:
    token = jwt.encode(TokenMint().claims(USER_ID, **claims), LEGACY_SECRET, "HS256")
    return {"Authorization": f"Bearer {token}"}


USER = _bearer()
REVIEWER = _bearer(app_metadata={"role": "reviewer"})

apps = make_apps(
    InMemoryPromptStore(users=[USER_ID], intents=INTENTS),
    TokenVerifier(SUPABASE_URL, LEGACY_SECRET),
)
classify = from_asgi("/openapi.json", apps["classify"])
outcomes = from_asgi("/openapi.json", apps["outcomes"])
corrections = from_asgi("/openapi.json", apps["corrections"])


@corrections.hook
def filter_body(_: HookContext, body: Any) -> bool:
    """Leave out a secondary intent that is the primary intent: no schema can express the rule."""
    match body:
        case {"corrected_intent": intent, "corrected_secondary_intents": list(secondary_intents)}:
            return intent not in secondary_intents
    return True


many_examples = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@classify.parametrize()
@many_examples
def test_users_classify_as_described(case: Case[Any]) -> None:
    case.call_and_validate(headers=USER)


@classify.parametrize()
@many_examples
def test_backends_classify_as_described(case: Case[Any]) -> None:
    """A backend may omit `user_id` only with `capture: false`, which no schema can express."""
    case.call_and_validate(headers=BACKEND, excluded_checks=[positive_data_acceptance])


@outcomes.parametrize()
@many_examples
def test_outcomes_are_recorded_as_described(case: Case[Any]) -> None:
    case.call_and_validate(headers=BACKEND)


@corrections.parametrize()
@many_examples
def test_reviewers_correct_as_described(case: Case[Any]) -> None:
    case.call_and_validate(headers=REVIEWER)


@corrections.parametrize()
@many_examples
def test_backends_correct_as_described(case: Case[Any]) -> None:
    """Only a backend must send the reviewer, which no schema can express."""
    case.call_and_validate(headers=BACKEND, excluded_checks=[positive_data_acceptance])
