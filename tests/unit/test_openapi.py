"""Random requests get the responses that the OpenAPI description promises."""

import asyncio
from typing import Any
from uuid import uuid4

import jwt
from hypothesis import HealthCheck, settings
from schemathesis import Case, HookContext
from schemathesis.openapi import from_asgi
from schemathesis.specs.openapi.checks import positive_data_acceptance

from prompt_capture.api.tokens import TokenVerifier
from prompt_capture.workflows.models.decisions import decision_of
from tests.fakes.model_registry import InMemoryModelRegistry
from tests.fakes.prompt_store import InMemoryPromptStore
from tests.unit.conftest import INTENTS, make_apps
from tests.unit.registered_models import new_model
from tests.unit.tokens import API_KEY, OPERATOR_KEY, SUPABASE_URL, TokenMint

LEGACY_SECRET = "a legacy project's HS256 secret, long enough"
USER_ID = uuid4()
BACKEND = {"X-Api-Key": API_KEY}


def _bearer(**claims: Any) -> dict[str, str]:
    token = jwt.encode(TokenMint().claims(USER_ID, **claims), LEGACY_SECRET, "HS256")
    return {"Authorization": f"Bearer {token}"}


USER = _bearer()
REVIEWER = _bearer(app_metadata={"role": "reviewer"})
OPERATOR = _bearer(app_metadata={"role": "operator"})
OPERATOR_BACKEND = {"X-Api-Key": OPERATOR_KEY}


def _registry() -> InMemoryModelRegistry:
    """Return a registry with some models, whose versions are short enough to be guessed."""
    registry = InMemoryModelRegistry()
    for version in "0123":
        asyncio.run(registry.register(new_model(version), decision_of("ada", "trained")))
    return registry


apps = make_apps(
    InMemoryPromptStore(users=[USER_ID], intents=INTENTS),
    TokenVerifier(SUPABASE_URL, LEGACY_SECRET),
    registry=_registry(),
)
classify = from_asgi("/openapi.json", apps["classify"])
outcomes = from_asgi("/openapi.json", apps["outcomes"])
corrections = from_asgi("/openapi.json", apps["corrections"])
models = from_asgi("/openapi.json", apps["models"])
console = from_asgi("/openapi.json", apps["console"])


@console.hook
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


@console.parametrize()
@many_examples
def test_the_console_is_used_as_described(case: Case[Any]) -> None:
    """Which intents there are is in the database, which no schema can express."""
    case.call_and_validate(headers=REVIEWER, excluded_checks=[positive_data_acceptance])


@models.parametrize()
@many_examples
def test_operators_with_a_token_decide_as_described(case: Case[Any]) -> None:
    """An operator may name only itself, which no schema can express."""
    case.call_and_validate(headers=OPERATOR, excluded_checks=[positive_data_acceptance])


@models.parametrize()
@many_examples
def test_operators_with_a_key_decide_as_described(case: Case[Any]) -> None:
    """Only with a key must the operator be named, which no schema can express."""
    case.call_and_validate(headers=OPERATOR_BACKEND, excluded_checks=[positive_data_acceptance])
