"""Whatever one thing fails, each message is answered rightly and is on record exactly once."""

import signal
import time

import pytest

from infra.local.faults import Fault
from infra.local.functions import CLASSIFY
from infra.local.stack import Stack

from .conftest import MESSAGES
from .load import AT_ONCE, Load, read_rows, wait_until_drained, waiting
from .scenarios import BOTH_DOWN, CLOCK, KILLS, PROCESS, QUEUE, STORE, clock_settings


@pytest.mark.parametrize("name", STORE)
def test_a_store_at_fault_costs_no_message(load: Load, name: str) -> None:
    account = load.run(STORE[name])
    assert account.is_clean, account
    assert account.answered == MESSAGES
    assert account.spooled > 0, "the fault befell nobody"


@pytest.mark.parametrize("name", QUEUE)
def test_a_queue_that_is_down_is_not_missed_while_the_store_is_well(
    load: Load, stack_at_fault: Stack, name: str
) -> None:
    stack_at_fault.redeploy(CLASSIFY, {})  # instances whose circuit an earlier fault has not opened
    account = load.run(QUEUE[name])
    assert account.is_clean, account
    assert account.stored == MESSAGES


@pytest.mark.parametrize("name", PROCESS)
def test_an_instance_that_dies_or_sleeps_costs_no_message(load: Load, name: str) -> None:
    account = load.run(PROCESS[name])
    assert account.is_clean, account
    assert account.answered == MESSAGES


@pytest.mark.parametrize("name", CLOCK)
def test_a_clock_that_jumps_costs_no_message(load: Load, stack_at_fault: Stack, name: str) -> None:
    settings = clock_settings(stack_at_fault)
    stack_at_fault.redeploy(CLASSIFY, settings)
    try:
        account = load.run(CLOCK[name])
    finally:
        stack_at_fault.redeploy(CLASSIFY, dict.fromkeys(settings, ""))
    assert account.is_clean, account
    assert account.answered == MESSAGES


def test_with_both_down_what_is_lost_is_said_to_be_lost_and_nothing_else_is(load: Load) -> None:
    account = load.run(BOTH_DOWN)
    assert 0 < account.said_lost <= MESSAGES // 2
    assert (account.lost, account.duplicated, account.wrong, account.unanswered) == (0, 0, 0, 0)
    assert account.stored + account.spooled + account.said_lost == MESSAGES


def test_answering_first_loses_no_more_than_what_a_killed_instance_had_in_hand(
    load: Load, stack_at_fault: Stack
) -> None:
    stack_at_fault.redeploy(CLASSIFY, {"CAPTURE_MODE": "answer-first"})
    try:
        account = load.run(PROCESS["instances are killed"])
    finally:
        stack_at_fault.redeploy(CLASSIFY, {"CAPTURE_MODE": ""})
    assert account.answered == MESSAGES
    assert account.writing > 0
    assert account.lost <= KILLS * AT_ONCE
    assert (account.duplicated, account.wrong, account.said_lost) == (0, 0, 0)


def test_an_environment_that_is_told_to_end_finishes_what_it_has_in_hand(
    load: Load, stack_at_fault: Stack
) -> None:
    stack_at_fault.redeploy(CLASSIFY, {"CAPTURE_MODE": "answer-first"})
    try:
        with stack_at_fault.faults.inject("store", Fault("hang")):
            answer = load.classify("remind me to call ada")
            stack_at_fault.signal(CLASSIFY, signal.SIGTERM)
            gives_up = time.monotonic() + 30
            while not waiting(stack_at_fault.sqs_client(), stack_at_fault.spool_url):
                assert time.monotonic() < gives_up, "It was gone before it had spooled."
                time.sleep(0.1)
    finally:
        stack_at_fault.redeploy(CLASSIFY, {"CAPTURE_MODE": ""})
    wait_until_drained(stack_at_fault)
    assert answer.captured == "writing"
    assert [log_id for log_id, _, _ in read_rows(stack_at_fault, load.user_id)] == [
        str(answer.log_id)
    ]
