"""In a split each user is answered by the model of an arm, and nobody is told of it."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.local.faults import Fault
from infra.local.functions import CLASSIFY, MODELS
from infra.local.model_variants import NEW_STUDENT
from infra.local.stack import Stack
from prompt_capture.domain.splits import Arm, Split
from tests.serving.conftest import RETRAINED, LocalRegistry, Sender

CHAMPION, CHALLENGER = RETRAINED


@pytest.fixture
def split(registry: LocalRegistry) -> Iterator[Split]:
    """A split of half of the users between the models RETRAINED, which new instances notice."""
    registry.promote(CHAMPION)
    started = start_split(registry, CHALLENGER)
    registry.start_new_instances()
    yield started
    registry.post("split/stop")


def start_split(registry: LocalRegistry, version: str) -> Split:
    registry.post(f"{version}/split", share=0.5)
    with psycopg.connect(registry.stack.postgres_admin_dsn) as connection:
        (serving,) = connection.execute("select address from private.champion").fetchone() or ({},)
    return Split.model_validate(serving["split"])


def sender_of(stack: Stack, split: Split, arm: Arm) -> Sender:
    """Return a new user with an arm."""
    while True:
        user = stack.create_user(f"{os.urandom(4).hex()}@example.com")
        if split.arm_of(UUID(user.id)) == arm:
            return Sender(stack, user)


def read_arm(stack: Stack, answer: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Return the arm of a message, and whether the champion answered for the challenger."""
    query = "select arm, is_fallback from private.split_messages where log_id = %s"
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        return connection.execute(query, [answer["log_id"]]).fetchone()


def test_each_arm_is_answered_by_its_model_and_the_row_says_which(
    serving_stack: Stack, split: Split
) -> None:
    senders = {
        "champion": sender_of(serving_stack, split, "champion"),
        "challenger": sender_of(serving_stack, split, "challenger"),
    }
    senders["champion"].send()  # the instance loads the challenger after its first response

    for arm, version in (("champion", CHAMPION), ("challenger", CHALLENGER)):
        for _ in range(3):
            answer = senders[arm].send()
            assert answer["model_version"] == version
            assert read_arm(serving_stack, answer) == (arm, False)


def test_the_answers_of_both_arms_have_the_same_fields(serving_stack: Stack, split: Split) -> None:
    answers = [sender_of(serving_stack, split, arm).send() for arm in ("champion", "challenger")]

    assert answers[0].keys() == answers[1].keys()
    for answer in answers:
        assert not {"arm", "split", "challenger", "share"} & answer.keys()
        assert split.key not in json.dumps(answer)


def test_the_end_of_a_split_returns_everybody_to_the_champion(
    registry: LocalRegistry, split: Split
) -> None:
    sender = sender_of(registry.stack, split, "challenger")
    sender.send()
    assert sender.model_of_next_answer() == CHALLENGER

    registry.post("split/stop")
    sender.send()

    assert sender.model_of_next_answer() == CHAMPION


def test_a_promotion_ends_the_split(registry: LocalRegistry, split: Split) -> None:
    sender = sender_of(registry.stack, split, "champion")
    sender.send()

    registry.promote(CHALLENGER)
    sender.send()

    answer = sender.send()
    assert answer["model_version"] == CHALLENGER
    assert read_arm(registry.stack, answer) is None


def test_an_instance_that_cannot_load_the_challenger_answers_with_the_champion_and_says_so(
    registry: LocalRegistry,
) -> None:
    registry.promote(CHAMPION)
    registry.publish("challenger-1", NEW_STUDENT)
    split = start_split(registry, "challenger-1")
    registry.start_new_instances()
    sender = sender_of(registry.stack, split, "challenger")
    warm_up = sender_of(registry.stack, split, "champion")
    assert warm_up.model_of_next_answer() == CHAMPION  # loaded before the fault

    with registry.stack.faults.inject("models", Fault("refuse")):
        registry.stack.redeploy(CLASSIFY, {"X_INSTANCES": "cold"})
        for _ in range(3):
            answer = sender.send()
            assert answer["model_version"] != "challenger-1"
            assert read_arm(registry.stack, answer) == ("challenger", True)

    registry.post("split/stop")


def test_the_scheduled_evaluation_stops_a_challenger_that_does_harm(
    registry: LocalRegistry, split: Split
) -> None:
    run_evaluation(registry.stack)
    assert registry.events()[0]["kind"] == "split_started"
    record_outcomes(registry.stack, split, {"champion": 5, "challenger": 1})

    run_evaluation(registry.stack)

    stopped = registry.events()[0]
    assert (stopped["kind"], stopped["version"]) == ("split_stopped", CHALLENGER)
    assert stopped["evidence"]["difference"] < -0.5
    assert stopped["evidence"]["highest"] < 0
    assert registry.champion() == CHAMPION


def run_evaluation(stack: Stack) -> None:
    """Invoke the function as its schedule does."""
    response = stack.lambda_client().invoke(
        FunctionName=MODELS, Payload=json.dumps({"job": "evaluate-split"}).encode()
    )
    assert json.loads(response["Payload"].read()) == {"status": "done"}


def record_outcomes(stack: Stack, split: Split, successes: Mapping[Arm, int]) -> None:
    """Give each of 60 users of an arm so many successes of 5."""
    with psycopg.connect(stack.postgres_admin_dsn) as connection:
        for arm, count in successes.items():
            users = [user for user in (uuid4() for _ in range(400)) if split.arm_of(user) == arm]
            connection.execute(
                "insert into auth.users (id) select unnest(%s::uuid[])", [users[:60]]
            )
            connection.execute(
                """insert into public.nlu_prompt_logs (id, user_id, prompt, predicted_intent,
                     confidence, source, model_version, was_successful)
                   select gen_random_uuid(), user_id, 'message ' || number, 'help', 0.99, 'model',
                     'any-1', number <= %s
                   from unnest(%s::uuid[]) as user_id, generate_series(1, 5) as number""",
                [count, users[:60]],
            )
