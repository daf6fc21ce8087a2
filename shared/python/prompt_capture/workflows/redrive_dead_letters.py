"""Summarise the spool's dead letters, and redrive them."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from prompt_capture.domain.spool import DeadLetter, UnreadableMessage, parse_spooled_prompt
from prompt_capture.domain.types import FrozenModel, Timestamp
from prompt_capture.ports.drain import DeadLetters


class RedriveSummary(FrozenModel):
    """The number of dead letters, by the reason of their spooling, and the oldest and newest time.

    `sent` is the number of redriven messages. Unreadable ones are not redriven, since the drain
    could not read them either.
    """

    dead_letters: int
    reasons: dict[str, int]
    oldest: Timestamp | None
    newest: Timestamp | None
    sent: int


class RedriveDeadLetters:
    """Summarises dead letters without showing a prompt. A prompt sent twice is stored once."""

    def __init__(self, dead_letters: DeadLetters) -> None:
        self._dead_letters = dead_letters

    def __call__(self, send: bool = False) -> RedriveSummary:
        """Return the summary. With `send`, redrive the readable messages.

        Raise `SpoolUnavailable`.
        """
        dead_letters = self._dead_letters.read()
        readable = [one for one in dead_letters if _reason(one) != "unreadable"]
        redriven = readable if send else []
        self._dead_letters.release([one for one in dead_letters if one not in redriven])
        self._dead_letters.redrive(redriven)
        times = [one.sent_at for one in dead_letters]
        return _summary(dead_letters, times, len(redriven))


def _summary(
    dead_letters: Sequence[DeadLetter], times: Sequence[datetime], sent: int
) -> RedriveSummary:
    return RedriveSummary(
        dead_letters=len(dead_letters),
        reasons=dict(Counter(map(_reason, dead_letters))),
        oldest=min(times, default=None),
        newest=max(times, default=None),
        sent=sent,
    )


def _reason(dead_letter: DeadLetter) -> str:
    try:
        return parse_spooled_prompt(dead_letter.body).reason
    except UnreadableMessage:
        return "unreadable"
