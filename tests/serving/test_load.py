"""Models change under load: no request fails, and every row names the model that answered."""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

import psycopg

from tests.serving.conftest import PACKAGED, RETRAINED, LocalRegistry, Sender

CHANGES = 200
SENDERS = 2


class ContinuousSender(threading.Thread):
    """Sends one message after the other until `stop` is set."""

    def __init__(self, sender: Sender, name: str, stop: threading.Event) -> None:
        super().__init__(name=name)
        self._sender, self._stopped = sender, stop
        self.answers: list[Mapping[str, Any]] = []
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            while not self._stopped.is_set():
                message = f"remind me of {self.name} {'x' * (len(self.answers) % 50)}"
                self.answers.append(self._sender.send(message))
        except Exception as error:  # noqa: BLE001 - the test reports it
            self.error = error


def test_200_changes_of_the_champion_under_load(registry: LocalRegistry, sender: Sender) -> None:
    stop = threading.Event()
    senders = [ContinuousSender(sender, name, stop) for name in ("plants", "meals")[:SENDERS]]
    for thread in senders:
        thread.start()

    for number in range(CHANGES // 4):
        registry.promote(RETRAINED[number % 2])
        registry.promote(RETRAINED[(number + 1) % 2])
        registry.roll_back()
        registry.roll_back()
    registry.promote("retrained-1")
    stop.set()
    for thread in senders:
        thread.join()

    assert [thread.error for thread in senders] == [None] * SENDERS
    answers = [answer for thread in senders for answer in thread.answers]
    assert {answer["captured"] for answer in answers} <= {"stored", "spooled"}
    used = Counter(answer["model_version"] for answer in answers)
    assert set(used) == {PACKAGED, *RETRAINED}
    with psycopg.connect(registry.stack.postgres_admin_dsn) as connection:
        rows = connection.execute("select id::text, model_version from public.nlu_prompt_logs")
        recorded: dict[str, str] = dict(rows.fetchall())
    wrong = [
        answer
        for answer in answers
        if recorded.get(answer["log_id"], answer["model_version"]) != answer["model_version"]
    ]
    assert wrong == []
    final = [sender.model_of_next_answer() for _ in range(2 * SENDERS)]
    assert set(final[SENDERS:]) == {"retrained-1"}
