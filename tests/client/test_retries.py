"""When a client sends a request again. The tests of the rules use a clock that stands still."""

import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_capture.client import NoResponse, Timeouts
from prompt_capture.client.retries import MAX_ATTEMPTS, SendStep, ServiceResponse, retry_steps
from prompt_capture.client.retry_after import read_retry_after

from .conftest import Connect
from .scripted_service import CLASSIFICATION, RECORDED, ScriptedService

BUSY = {"error": {"code": "too_many_pending"}, "request_id": "r-1"}
DATE = "Sat, 28 Nov 2026 12:00:00 GMT"


class Call:
    """A call whose attempts all get the same response, under a clock that only delays move."""

    def __init__(self, response: ServiceResponse | None, deadline: float = 6.0) -> None:
        self.seconds, self.delays, self.attempts = 1_000.0, list[float](), 0
        steps = retry_steps(Timeouts(deadline=deadline), lambda: self.seconds)
        step = next(steps)
        try:
            while True:
                if isinstance(step, SendStep):
                    self.attempts += 1
                else:
                    self.delays.append(step.seconds)
                    self.seconds += step.seconds
                step = steps.send(response)
        except StopIteration as end:
            self.response: ServiceResponse | None = end.value
        except NoResponse:
            self.response = None


def busy(status: int, retry_after: str | None = None, **headers: str) -> ServiceResponse:
    named = {} if retry_after is None else {"Retry-After": retry_after}
    return ServiceResponse(status, b"", named | headers)


def test_without_the_header_the_pauses_are_short() -> None:
    for response in (busy(503), busy(500), None):
        call = Call(response)
        assert (call.attempts, call.response) == (MAX_ATTEMPTS, response)
        assert all(delay <= 0.1 * 2**number for number, delay in enumerate(call.delays))


@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_waits_as_long_as_the_service_asks(status: int) -> None:
    call = Call(busy(status, "1"))
    assert [int(delay) for delay in call.delays] == [1, 1, 1]
    assert call.attempts == MAX_ATTEMPTS


@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_a_date_waits_until_then(status: int) -> None:
    call = Call(busy(status, "Sat, 28 Nov 2026 12:00:02 GMT", Date=DATE))
    assert [int(delay) for delay in call.delays] == [2, 2]


@pytest.mark.parametrize("retry_after", ["6", "180", "9" * 5_000, "Sun, 29 Nov 2099 12:00:00 GMT"])
def test_a_wait_beyond_the_deadline_ends_the_call_at_once(retry_after: str) -> None:
    response = busy(429, retry_after)
    call = Call(response)
    assert (call.attempts, call.delays, call.response) == (1, [], response)


def test_the_waits_together_stay_within_the_deadline() -> None:
    call = Call(busy(503, "2"), deadline=5.5)
    assert call.attempts == 3
    assert sum(call.delays) < 5.5


@pytest.mark.parametrize("status", [500, 502, 504])
def test_other_errors_say_nothing_about_when_to_retry(status: int) -> None:
    assert max(Call(busy(status, "3")).delays) < 1


INVALID = [
    "", " ", "-1", "-180", "+1", "1.5", "1e3", "soon", "1, 2", "1 s", "0x10", "\u0663", "NaN",
    "inf", "2026-11-28T12:00:00Z", "Sat, 99 Nov 2026 12:00:00 GMT",
    "Sat, 28 Nov 2026 12:00:00 +9999999", "\x00", "()", "<>", ",",
]  # fmt: skip


@pytest.mark.parametrize("value", INVALID, ids=[ascii(value)[:40] for value in INVALID])
def test_an_invalid_header_is_ignored(value: str) -> None:
    assert read_retry_after({"Retry-After": value}) is None
    assert Call(busy(503, value)).attempts == MAX_ATTEMPTS


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("0", DATE, 0),
        (" 7 ", DATE, 7),
        ("007", DATE, 7),
        ("Sat, 28 Nov 2026 12:00:30 GMT", DATE, 30),
        ("Saturday, 28-Nov-26 12:00:30 GMT", DATE, 30),
        ("Sat Nov 28 12:00:30 2026", DATE, 30),
        ("Sat, 28 Nov 2026 13:00:30 +0100", DATE, 30),
        ("Sat, 28 Nov 2026 12:00:30 -0000", DATE, 30),
        ("Sat, 28 Nov 2026 11:00:00 GMT", DATE, 0),
    ],
)
def test_both_forms_of_the_header_are_read(value: str, date: str, seconds: float) -> None:
    assert read_retry_after({"Retry-After": value, "Date": date}) == seconds


@pytest.mark.parametrize("date", ["", "today"])
def test_a_date_is_compared_with_the_clock_where_the_response_has_none(date: str) -> None:
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    seconds = read_retry_after({"Retry-After": in_an_hour, "Date": date})
    assert seconds is not None
    assert 3_000 < seconds <= 3_600


@given(st.text() | st.datetimes(timezones=st.just(UTC)).map(format_datetime), st.text())
def test_no_header_raises_an_exception(value: str, date: str) -> None:
    seconds = read_retry_after({"Retry-After": value, "Date": date})
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("headers", [{"retry-after": "1"}, {"Retry-After": DATE, "Date": DATE}])
async def test_the_clients_retry_when_the_service_asks(
    connect: Connect, scripted: ScriptedService, headers: Mapping[str, str]
) -> None:
    client = connect(timeouts=Timeouts())
    for status in (429, 503):
        scripted.script = [(status, BUSY, headers), (200, CLASSIFICATION)]
        started_at = time.monotonic()
        assert (await client.classify("hm", user_id="u")).captured == "stored"
        assert time.monotonic() - started_at >= ("retry-after" in headers)


@pytest.mark.parametrize("status", [408, 425])
async def test_what_a_proxy_refuses_for_the_moment_is_sent_again(
    connect: Connect, scripted: ScriptedService, status: int
) -> None:
    scripted.script = [(status, {}), RECORDED]

    assert await connect().record_outcome(CLASSIFICATION["log_id"], True, "greet") == "recorded"
    assert len(scripted.requests) == 2


async def test_the_clients_do_not_wait_beyond_their_deadline(
    connect: Connect, scripted: ScriptedService
) -> None:
    scripted.script = [(429, BUSY, {"Retry-After": "180"}), RECORDED]
    with pytest.raises(Exception, match="too_many_pending"):
        await connect(raise_errors=True).correct("id", "help", reviewer="grace")
    assert len(scripted.requests) == 1


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf"), sys.maxsize, None, "6"])
@pytest.mark.parametrize("name", ["deadline", "attempt"])
def test_a_time_limit_that_bounds_nothing_is_refused(name: str, limit: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} is .* a positive number of seconds"):
        Timeouts(**{name: limit})
