"""The champion of the registry answers messages, from the next one or two on."""

import sys
import time

import pytest

from infra.local.model_variants import HEADS
from tests.serving.conftest import PACKAGED, RETRAINED, LocalRegistry, Sender

SWITCH_SECONDS = 5.0
"""The goal of the registry."""


def test_a_promoted_model_answers_after_the_next_message(
    registry: LocalRegistry, sender: Sender
) -> None:
    assert sender.model_of_next_answer() == PACKAGED
    assert sender.model_of_next_answer() == PACKAGED

    registry.promote("retrained-1")
    sender.send()

    assert sender.model_of_next_answer() == "retrained-1"


def test_a_warm_instance_switches_within_5_seconds_of_its_next_message(
    registry: LocalRegistry, sender: Sender, capsys: pytest.CaptureFixture[str]
) -> None:
    sender.send()
    for version in RETRAINED:
        registry.promote(version)
        sender.send()
        noticed_at = time.monotonic()

        assert sender.model_of_next_answer() == version

        seconds = time.monotonic() - noticed_at
        with capsys.disabled():
            sys.stdout.write(f" {version} serves {seconds:.2f} s after the message ")
        assert seconds < SWITCH_SECONDS


def test_a_rollback_returns_to_the_model_before(registry: LocalRegistry, sender: Sender) -> None:
    for version in RETRAINED:
        registry.promote(version)
        sender.send()
        assert sender.model_of_next_answer() == version

    for version in ("retrained-1", PACKAGED):
        registry.roll_back()
        sender.send()
        assert sender.model_of_next_answer() == version


def test_quarantining_the_champion_takes_it_out_of_service(
    registry: LocalRegistry, sender: Sender
) -> None:
    registry.publish("unwanted-1", HEADS)
    registry.promote("unwanted-1")
    sender.send()
    assert sender.model_of_next_answer() == "unwanted-1"

    registry.quarantine("unwanted-1")
    sender.send()

    assert sender.model_of_next_answer() == PACKAGED


def test_the_first_message_of_a_new_instance_is_answered_by_the_champion(
    registry: LocalRegistry, sender: Sender
) -> None:
    for version in RETRAINED:
        registry.promote(version)
        registry.start_new_instances()
        assert sender.model_of_next_answer() == version
