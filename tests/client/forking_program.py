"""A program that uses one client in several processes.

`python -m tests.client.forking_program KIND SCENARIO URL REPORT` appends one line to the report for
each message: the message, the answer, and the code of an error. The kind `asynchronous` has an
event loop for each message, and `asynchronous-loops` has one for each thread.
"""

import asyncio
import ctypes
import json
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from prompt_capture.client import (
    AsyncCaptureClient,
    CaptureClient,
    Classification,
    Service,
    Timeouts,
)

KIND, SCENARIO, URL, REPORT = sys.argv[1:]
report = os.open(REPORT, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def ask(label: str) -> None:
    """Send a message that names the process, and report its answer."""
    message = f"{os.getpid()} {label}"
    answer = classify(message)
    os.write(report, json.dumps([message, answer.intent, answer.error_code]).encode() + b"\n")


def start_process(work: Callable[[], None], fork: Callable[[], int] = os.fork) -> int:
    """Run a function in a forked process, and return the id of that."""
    process = fork()
    if process == 0:
        with suppress(BaseException):
            work()
        os._exit(0)
    return process


def in_turn() -> None:
    """A process and its child send a message at the same time, again and again."""
    for number in range(10):
        child = start_process(lambda: ask("child"))
        ask(f"parent {number}")
        os.waitpid(child, 0)


def in_flight() -> None:
    """Threads of the first process send messages while others are forked and do the same.

    Their connections are open by then: a fork during a TLS handshake can leave a lock of OpenSSL
    locked in the new process.
    """
    stop, connected = threading.Event(), threading.Barrier(5)

    def keep_asking() -> None:
        ask("of a thread, first")
        connected.wait()
        while not stop.is_set():
            ask("of a thread")
        close_event_loop()

    threads = start_threads(keep_asking)
    connected.wait()
    children = [start_process(ask_in_threads) for _ in range(8)]
    for child in children:
        os.waitpid(child, 0)
    stop.set()
    join(threads)


def ask_in_threads() -> None:
    """Send a message from each of four threads."""
    join(start_threads(lambda: ask("of a forked thread")))


def start_threads(work: Callable[[], None]) -> list[threading.Thread]:
    """Start four threads that run a function."""
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    return threads


def join(threads: list[threading.Thread]) -> None:
    """Wait for the end of threads."""
    for thread in threads:
        thread.join()


def generations() -> None:
    """Each process forks the next one before it sends its messages."""

    def live(generation: int) -> None:
        child = start_process(lambda: live(generation + 1)) if generation < 4 else None
        for number in range(5):
            ask(f"generation {generation}, {number}")
        if child:
            os.waitpid(child, 0)

    live(0)


def outside_python() -> None:
    """A fork by other code than Python's, as in an embedding server, runs no hooks."""
    library = ctypes.PyDLL(None)
    child = start_process(lambda: ask("child"), library.fork)
    ask("parent")
    os.waitpid(child, 0)


service = Service(URL, URL, URL, "pc_key")
patience = Timeouts(deadline=100, attempt=100)
client = CaptureClient(service, timeouts=patience)
async_client = AsyncCaptureClient(service, timeouts=patience)
of_thread = threading.local()


def classify(message: str) -> Classification:
    """Classify a message with the client of the given kind."""
    if KIND == "synchronous":
        return client.classify(message, user_id="u")
    if KIND == "asynchronous":
        return asyncio.run(async_client.classify(message, user_id="u"))
    if not hasattr(of_thread, "runner"):
        of_thread.runner = asyncio.Runner()
    answer: Classification = of_thread.runner.run(async_client.classify(message, user_id="u"))
    return answer


def close_event_loop() -> None:
    """Close the event loop of the thread, if it has one."""
    if hasattr(of_thread, "runner"):
        of_thread.runner.close()


ask("before the fork")
globals()[SCENARIO]()
client.close()
close_event_loop()
