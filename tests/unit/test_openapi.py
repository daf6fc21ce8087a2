"""Random requests against the description: none breaks the app, none is answered otherwise."""

from typing import Any
from uuid import uuid4

import jwt
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.openapi import from_asgi
from schemathesis.specs.openapi.checks import positive_data_acceptance

from prompt_capture.adapters.memory_store import InMemoryPromptStore
from prompt_capture.api.tokens import TokenVerifier
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

generously = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@classify.parametrize()
@generously
def test_users_classify_as_described(case: Case[Any]) -> None:
    case.call_and_validate(headers=USER)


@classify.parametrize()
@generously
def test_backends_classify_as_described(case: Case[Any]) -> None:
    """A backend may leave `user_id` out only with `capture: false`: no schema can say so."""
    case.call_and_validate(headers=BACKEND, excluded_checks=[positive_data_acceptance])


@outcomes.parametrize()
@generously
def test_outcomes_are_recorded_as_described(case: Case[Any]) -> None:
    case.call_and_validate(headers=BACKEND)


@corrections.parametrize()
@generously
def test_reviewers_correct_as_described(case: Case[Any]) -> None:
    case.call_and_validate(headers=REVIEWER)


@corrections.parametrize()
@generously
def test_backends_correct_as_described(case: Case[Any]) -> None:
    """A backend must name the reviewer, a reviewer's token need not: no schema can say so."""
    case.call_and_validate(headers=BACKEND, excluded_checks=[positive_data_acceptance])
