"""Every key is rotated under load, in the order of the guide, and no request fails."""

import asyncio
import hashlib
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import httpx
import pytest

from infra.lambda_emulator import REGION
from infra.local import functions
from infra.local.keys import Keys, new_api_key, new_secret, new_signing_jwk
from infra.local.stack import Stack
from infra.local.users import User, user_claims
from tests.conftest import GENEROUS_TIMEOUTS

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "rotate-keys.md"
PARAMETERS = {
    functions.CLASSIFY: ("API_KEY_HASHES", "SUPABASE_SIGNING_KEY", "IDEMPOTENCY_SECRET"),
    functions.OUTCOME: ("API_KEY_HASHES", "SUPABASE_SECRET_KEY"),
    functions.CORRECT: ("API_KEY_HASHES", "SUPABASE_SECRET_KEY"),
    functions.MODELS: ("API_KEY_HASHES", "OPERATOR_KEY_HASHES", "SUPABASE_SIGNING_KEY"),
    functions.DRAIN: ("SUPABASE_SIGNING_KEY",),
    functions.EXPORT: ("SUPABASE_SIGNING_KEY",),
}
"""The settings that each function reads from the Parameter Store, as in serverless.yml."""

STEPS = (
    "Create the new keys beside the old ones",
    "Rotate to the new signing key",
    "Put the new keys into the Parameter Store",
    "Restart the functions",
    "Use the new keys in callers",
    "Remove the old API key from the Parameter Store",
    "Delete the old keys",
)

ROUNDS = 3
SECONDS = 120


class Operator:
    """Performs the steps of the guide on the parameters of a deployment."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._store = boto3.client(
            "ssm",
            region_name=REGION,
            endpoint_url=stack.sqs_endpoint,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        self._deploys = count()

    def put(self, setting: str, value: str) -> None:
        """Overwrite a parameter."""
        self._store.put_parameter(
            Name=f"/rotation/{setting}", Value=value, Type="SecureString", Overwrite=True
        )

    def deploy(self) -> None:
        """Restart every function, so that it reads the parameters."""
        version = str(next(self._deploys))
        for function, settings in PARAMETERS.items():
            environment = {
                "PARAMETERS_VERSION": version,
                "AWS_ENDPOINT_URL_SSM": self.stack.sqs_endpoint,
                **{f"{setting}_PARAMETER": f"/rotation/{setting}" for setting in settings},
                **dict.fromkeys(settings, ""),
            }
            self.stack.redeploy(function, environment)


@dataclass
class ConstantTraffic:
    """A backend with an API key and a user with a token, who call all the time."""

    stack: Stack
    user: User
    api_key: str
    token: str
    responses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    rounds: dict[str, int] = field(default_factory=dict)
    round_completed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Call until the block ends, both at the same time."""
        self._is_over = False
        async with httpx.AsyncClient(timeout=60) as http, asyncio.TaskGroup() as tasks:
            for name, calls in {"backend": self._backend, "user": self._user}.items():
                tasks.create_task(self._repeat(name, calls, http))
            try:
                yield
            finally:
                self._is_over = True

    async def _repeat(self, name: str, calls: Callable[..., Any], http: httpx.AsyncClient) -> None:
        self.rounds[name] = 0
        while not self._is_over:
            await calls(http)
            async with self.round_completed:
                self.rounds[name] += 1
                self.round_completed.notify_all()

    async def wait_for_rounds(self) -> None:
        """Return when each has completed `ROUNDS` more rounds."""
        targets = {name: rounds + ROUNDS for name, rounds in self.rounds.items()}
        async with asyncio.timeout(SECONDS), self.round_completed:
            await self.round_completed.wait_for(
                lambda: all(self.rounds[name] >= target for name, target in targets.items())
            )

    async def _backend(self, http: httpx.AsyncClient) -> None:
        key = {"X-Api-Key": self.api_key}
        body = {"message": "move the meeting to friday", "user_id": self.user.id}
        log_id = await self._classify(http, body, key)
        outcome = {"log_id": log_id, "was_successful": True, "workflow_type": "rotation"}
        await self._post(http, self.stack.outcomes_url, outcome, key)
        correction = {"log_id": log_id, "corrected_intent": "scheduling", "reviewer": "grace"}
        await self._post(http, self.stack.corrections_url, correction, key)
        operator = {"X-Api-Key": self.stack.keys.operator_key}
        self._read(await http.get(self.stack.models_url, headers=operator))

    async def _user(self, http: httpx.AsyncClient) -> None:
        token = {"Authorization": f"Bearer {self.token}"}
        await self._classify(http, {"message": "what is left for today?"}, token)

    async def _classify(
        self, http: httpx.AsyncClient, body: dict[str, Any], headers: dict[str, str]
    ) -> str:
        response = await self._post(http, self.stack.classify_url, body, headers)
        if response.get("captured") != "stored":
            self.failures.append(f"captured: {response.get('captured')}")
        return str(response.get("log_id"))

    async def _post(
        self, http: httpx.AsyncClient, url: str, body: dict[str, Any], headers: dict[str, str]
    ) -> dict[str, Any]:
        return self._read(await http.post(url, json=body, headers=headers))

    def _read(self, response: httpx.Response) -> dict[str, Any]:
        url = str(response.url)
        self.responses[url] += 1
        content: dict[str, Any] = response.json()
        if response.status_code != httpx.codes.OK:
            self.failures.append(f"{url}: {response.status_code} {response.text}")
        return content


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A separate stack, because the test invalidates its keys and tokens."""
    settings = dict.fromkeys(PARAMETERS, GENEROUS_TIMEOUTS | {"STORE_TIMEOUT_SECONDS": "8"})
    with Stack(f"rotation-{os.getpid()}", settings) as running:
        yield running


@pytest.fixture
def operator(stack: Stack) -> Operator:
    operator = Operator(stack)
    for function, settings in PARAMETERS.items():
        for setting in settings:
            operator.put(setting, stack.environment(function)[setting])
    for function in PARAMETERS:
        stack.redeploy(function, _CREDENTIALS)
    operator.deploy()
    stack.warm()
    return operator


_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": REGION,
}


def create_token(stack: Stack, user: User) -> str:
    """Return a new token, signed with the project's current key."""
    return stack.keys.sign(user_claims(f"{stack.supabase_url}/auth/v1", user.id, user.email))


def test_the_guide_has_the_same_steps_in_the_same_order() -> None:
    steps = re.findall(r"^\d\. \*\*(.+?)\.\*\*", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert tuple(steps) == STEPS


async def test_no_request_fails_while_every_key_is_rotated(operator: Operator) -> None:
    stack, old = operator.stack, operator.stack.keys
    user = stack.create_user("rotated@example.com")
    traffic = ConstantTraffic(stack, user, old.api_key, user.access_token)
    secret, api_key, jwk = new_secret(), new_api_key(), new_signing_jwk()
    idempotency_header = {"Idempotency-Key": str(uuid4())}
    first = await _classify_once(traffic, idempotency_header)

    done: list[str] = []

    async def step(name: str, act: Callable[..., None], *arguments: Any) -> None:
        done.extend([name] if name not in done else [])
        await asyncio.to_thread(act, *arguments)
        await traffic.wait_for_rounds()

    both = replace(stack.keys, additional_secret=secret, standby_jwk=jwk)
    rotated = replace(both, signing_jwk=jwk, previous_jwk=old.signing_jwk, standby_jwk=None)
    new = replace(rotated, secret=secret, additional_secret=None, previous_jwk=None)
    hashes = [hashlib.sha256(key.encode()).hexdigest() for key in (old.api_key, api_key)]
    create, rotate, put, deploy, use, remove, delete = STEPS
    async with traffic.calling():
        await step(create, stack.set_keys, both)
        await step(rotate, stack.set_keys, rotated)
        await step(put, operator.put, "API_KEY_HASHES", ",".join(hashes))
        await step(put, operator.put, "SUPABASE_SECRET_KEY", secret)
        await step(put, operator.put, "SUPABASE_SIGNING_KEY", rotated.signing_key)
        await step(deploy, operator.deploy)
        await step(use, setattr, traffic, "api_key", api_key)
        await step(use, setattr, traffic, "token", create_token(stack, user))
        await step(remove, operator.put, "API_KEY_HASHES", hashes[1])
        await step(remove, operator.deploy)
        await step(delete, stack.set_keys, new)

    assert tuple(done) == STEPS
    assert traffic.failures == []
    assert min(traffic.responses.values()) >= ROUNDS
    assert await _classify_once(traffic, idempotency_header) == first
    await asyncio.to_thread(operator.deploy)
    assert _statuses_with_old_keys(stack, old, user) == [httpx.codes.UNAUTHORIZED] * 3


async def _classify_once(traffic: ConstantTraffic, header: dict[str, str]) -> str:
    async with httpx.AsyncClient(timeout=60) as http:
        response = await http.post(
            traffic.stack.classify_url,
            json={"message": "sent twice, stored once", "user_id": traffic.user.id},
            headers={"X-Api-Key": traffic.api_key} | header,
        )
    assert response.status_code == httpx.codes.OK, response.text
    return str(response.json()["log_id"])


def _statuses_with_old_keys(stack: Stack, old: Keys, user: User) -> list[int]:
    """Return the HTTP status for each key that was deleted."""
    message = {"message": "hello", "user_id": user.id}
    by_key, by_token = {"X-Api-Key": old.api_key}, {"Authorization": f"Bearer {user.access_token}"}
    with httpx.Client(timeout=60) as http:
        return [
            http.post(stack.classify_url, json=message, headers=by_key).status_code,
            http.post(stack.classify_url, json={"message": "hello"}, headers=by_token).status_code,
            http.get(f"{stack.supabase_url}/rest/v1/", headers={"apikey": old.secret}).status_code,
        ]
