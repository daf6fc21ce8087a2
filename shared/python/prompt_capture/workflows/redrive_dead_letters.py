"""Look at the spool's dead letters, and send them on their way again."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from prompt_capture.domain.spool import DeadLetter, UnreadableMessage, read_spooled
from prompt_capture.domain.types import FrozenModel, Timestamp
from prompt_capture.ports import DeadLetters


class RedriveSummary(FrozenModel):
    """How many dead letters there are, why they were spooled, and when the first and last were.

    `sent` is how many were sent again. Unreadable ones are not: they would come back.
    """

    dead_letters: int
    reasons: dict[str, int]
    oldest: Timestamp | None
    newest: Timestamp | None
    sent: int


class RedriveDeadLetters:
    """Shows figures, never a prompt; what is sent twice is stored once."""

    def __init__(self, letters: DeadLetters) -> None:
        self._letters = letters

    def __call__(self, send: bool = False) -> RedriveSummary:
        """Answer what there is, and send the readable ones again if told so.

        Raises `SpoolUnavailable`.
        """
        letters = self._letters.read()
        readable = [letter for letter in letters if _reason(letter) != "unreadable"]
        again = readable if send else []
        self._letters.put_back([letter for letter in letters if letter not in again])
        self._letters.send_again(again)
        times = [letter.sent_at for letter in letters]
        return _summary(letters, times, len(again))


def _summary(letters: Sequence[DeadLetter], times: Sequence[datetime], sent: int) -> RedriveSummary:
    return RedriveSummary(
        dead_letters=len(letters),
        reasons=dict(Counter(map(_reason, letters))),
        oldest=min(times, default=None),
        newest=max(times, default=None),
        sent=sent,
    )


def _reason(letter: DeadLetter) -> str:
    try:
        return read_spooled(letter.body).reason
    except UnreadableMessage:
        return "unreadable"
