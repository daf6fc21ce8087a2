"""The champion of the registry answers messages, from the next one or two on."""

from infra.local.functions import CLASSIFY
from tests.serving.conftest import PACKAGED, Registry, Sender


def test_a_promoted_model_answers_after_the_next_message(
    registry: Registry, sender: Sender
) -> None:
    assert sender.model_of_next_answer() == PACKAGED
    registry.publish("retrained-1")
    assert sender.model_of_next_answer() == PACKAGED

    registry.promote("retrained-1")
    sender.send()

    assert sender.model_of_next_answer() == "retrained-1"


def test_a_rollback_returns_to_the_model_before(registry: Registry, sender: Sender) -> None:
    for version in ("retrained-1", "retrained-2"):
        registry.publish(version)
        registry.promote(version)
        sender.send()
        assert sender.model_of_next_answer() == version

    for version in ("retrained-1", PACKAGED):
        registry.roll_back()
        sender.send()
        assert sender.model_of_next_answer() == version


def test_quarantining_the_champion_takes_it_out_of_service(
    registry: Registry, sender: Sender
) -> None:
    registry.publish("retrained-1")
    registry.promote("retrained-1")
    sender.send()
    assert sender.model_of_next_answer() == "retrained-1"

    registry.quarantine("retrained-1")
    sender.send()

    assert sender.model_of_next_answer() == PACKAGED


def test_the_first_message_of_a_new_instance_is_answered_by_the_champion(
    registry: Registry, sender: Sender
) -> None:
    registry.publish("retrained-1")
    registry.promote("retrained-1")

    sender.stack.redeploy(CLASSIFY, {"X_TEST": "new instances"})

    assert sender.model_of_next_answer() == "retrained-1"
