"""Under any single fault, every message has the correct response and exactly one row."""

import signal
import time

import pytest

from infra.local.faults import Fault
from infra.local.functions import CLASSIFY
from infra.local.stack import Stack

from .conftest import MESSAGES
from .load import CONCURRENCY, MessageLoad, count_queued, read_rows, wait_until_drained
from .scenarios import (
    CLOCK_FAULTS,
    INSTANCE_FAULTS,
    KILLED_INSTANCES,
    KILLS,
    QUEUE_FAULTS,
    STORE_AND_QUEUE_DOWN,
    STORE_FAULTS,
    clock_variables,
)


@pytest.mark.parametrize("name", STORE_FAULTS)
def test_a_store_fault_loses_no_message(load: MessageLoad, name: str) -> None:
    report = load.run(STORE_FAULTS[name])
    assert report.is_clean, report
    assert report.answered == MESSAGES
    assert report.spooled > 0, "The fault affected no message."


@pytest.mark.parametrize("name", QUEUE_FAULTS)
def test_a_queue_fault_has_no_effect_while_the_store_works(
    load: MessageLoad, fault_stack: Stack, name: str
) -> None:
    fault_stack.redeploy(CLASSIFY, {})  # new instances, whose circuit breakers are closed
    report = load.run(QUEUE_FAULTS[name])
    assert report.is_clean, report
    assert report.stored == MESSAGES


@pytest.mark.parametrize("name", INSTANCE_FAULTS)
def test_a_killed_or_frozen_instance_loses_no_message(load: MessageLoad, name: str) -> None:
    report = load.run(INSTANCE_FAULTS[name])
    assert report.is_clean, report
    assert report.answered == MESSAGES


@pytest.mark.parametrize("name", CLOCK_FAULTS)
def test_a_clock_jump_loses_no_message(load: MessageLoad, fault_stack: Stack, name: str) -> None:
    variables = clock_variables(fault_stack)
    fault_stack.redeploy(CLASSIFY, variables)
    try:
        report = load.run(CLOCK_FAULTS[name])
    finally:
        before = dict.fromkeys(variables, "") | {"MODELS_BUCKET": fault_stack.bucket}
        fault_stack.redeploy(CLASSIFY, before)
    assert report.is_clean, report
    assert report.answered == MESSAGES


def test_with_store_and_queue_down_every_lost_message_is_reported_as_lost(
    load: MessageLoad,
) -> None:
    report = load.run(STORE_AND_QUEUE_DOWN)
    before_the_fault = MESSAGES // 4
    assert 0 < report.reported_lost <= MESSAGES - before_the_fault
    assert (report.lost, report.duplicated, report.wrong, report.no_response) == (0, 0, 0, 0)
    assert report.stored + report.spooled + report.reported_lost == MESSAGES


def test_answer_first_loses_at_most_the_messages_in_flight_in_killed_instances(
    load: MessageLoad, fault_stack: Stack
) -> None:
    fault_stack.redeploy(CLASSIFY, {"CAPTURE_MODE": "answer-first"})
    try:
        report = load.run(INSTANCE_FAULTS[KILLED_INSTANCES])
    finally:
        fault_stack.redeploy(CLASSIFY, {"CAPTURE_MODE": ""})
    assert report.answered == MESSAGES
    assert report.writing > 0
    assert report.lost <= KILLS * CONCURRENCY
    assert (report.duplicated, report.wrong, report.reported_lost) == (0, 0, 0)


def test_an_instance_that_receives_sigterm_finishes_its_writes(
    load: MessageLoad, fault_stack: Stack
) -> None:
    fault_stack.redeploy(CLASSIFY, {"CAPTURE_MODE": "answer-first"})
    try:
        with fault_stack.faults.inject("store", Fault("hang")):
            response = load.classify("remind me to call ada")
            fault_stack.signal(CLASSIFY, signal.SIGTERM)
            deadline = time.monotonic() + 30
            while not count_queued(fault_stack.sqs_client(), fault_stack.spool_url):
                assert time.monotonic() < deadline, "The instance did not spool the message."
                time.sleep(0.1)
    finally:
        fault_stack.redeploy(CLASSIFY, {"CAPTURE_MODE": ""})
    wait_until_drained(fault_stack)
    assert response.captured == "writing"
    assert [log_id for log_id, _, _ in read_rows(fault_stack, load.user_id)] == [
        str(response.log_id)
    ]
