"""The stack's parts, started side by side and stopped together."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from infra.local.edge import Beside, Edge
from infra.local.faults import FaultProxy
from infra.local.keys import Keys
from infra.local.postgres import Postgres
from infra.local.postgrest import PostgREST
from infra.local.s3 import S3Server
from infra.local.sqs import SqsServer

Report = Callable[[str], None]


class Parts:
    """Made with all addresses known; whatever `closing` closes, has begun to start."""

    def __init__(
        self,
        folder: Path,
        keys: Keys,
        overrides: Mapping[str, Mapping[str, str]],
        closing: ExitStack,
        migrated: bool = True,
        with_faults: bool = False,
    ) -> None:
        self._closing = closing
        self.postgres = Postgres(folder, migrated)
        self.s3 = S3Server(folder, "prompt-exports")
        self.rest = PostgREST(folder, self.postgres.dsn("authenticator"), keys)
        self.sqs = SqsServer(folder)
        self.faults = FaultProxy(folder) if with_faults else None
        beside = Beside(self.rest.url, self.s3, self.sqs, self.faults)
        self.edge = Edge(folder, keys, beside, overrides)
        closing.callback(self.edge.close)

    def start(self, report: Report) -> None:
        """Return when all serve; `report` is told the name of each as it does."""
        starts = (
            self._start_database,
            self._start_s3,
            self._start_queue,
            self._start_faults,
            self._start_edge,
        )
        with ThreadPoolExecutor(len(starts)) as executor:
            for future in [executor.submit(start, report) for start in starts]:
                future.result()
        self.edge.start_polling()

    def _start_database(self, report: Report) -> None:
        self._closing.callback(self.postgres.stop)
        self.postgres.create()
        self.postgres.start()
        report("PostgreSQL")
        self._closing.callback(self.rest.stop)
        self.rest.start()
        report("PostgREST")

    def _start_s3(self, report: Report) -> None:
        self._closing.callback(self.s3.stop)
        self.s3.start()
        report("S3")

    def _start_queue(self, report: Report) -> None:
        self._closing.callback(self.sqs.stop)
        self.sqs.start()
        report("SQS")

    def _start_faults(self, report: Report) -> None:
        if self.faults:
            self._closing.callback(self.faults.stop)
            self.faults.start()
            report("faults")

    def _start_edge(self, report: Report) -> None:
        self.edge.start()
        report("HTTP")
