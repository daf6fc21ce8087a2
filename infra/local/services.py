"""The services of the stack, started in parallel and stopped together."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from infra.local.edge import Edge, UpstreamServices
from infra.local.faults import FaultProxy
from infra.local.keys import Keys
from infra.local.postgres import Postgres
from infra.local.postgrest import PostgREST
from infra.local.s3 import S3Server
from infra.local.sqs import SqsServer

OnReady = Callable[[str], None]
"""Receives the name of a service when the service is ready."""


class LocalServices:
    """Owns every service of a stack.

    The constructor assigns all addresses, and `start` starts the services. `cleanup` receives a
    callback for each service before the service starts.
    """

    def __init__(
        self,
        folder: Path,
        keys: Keys,
        overrides: Mapping[str, Mapping[str, str]],
        cleanup: ExitStack,
        migrated: bool = True,
        with_faults: bool = False,
    ) -> None:
        self._cleanup = cleanup
        self.postgres = Postgres(folder, migrated)
        self.s3 = S3Server(folder, "prompt-exports")
        self.postgrest = PostgREST(folder, self.postgres.dsn("authenticator"), keys)
        self.sqs = SqsServer(folder)
        self.faults = FaultProxy(folder) if with_faults else None
        upstream = UpstreamServices(self.postgrest.url, self.s3, self.sqs, self.faults)
        self.edge = Edge(folder, keys, upstream, overrides)
        cleanup.callback(self.edge.close)

    def start(self, on_ready: OnReady) -> None:
        """Start all services in parallel and return when all are ready."""
        starts = (
            self._start_database,
            self._start_s3,
            self._start_queue,
            self._start_faults,
            self._start_edge,
        )
        with ThreadPoolExecutor(len(starts)) as executor:
            for future in [executor.submit(start, on_ready) for start in starts]:
                future.result()
        self.edge.start_polling()

    def _start_database(self, on_ready: OnReady) -> None:
        self._cleanup.callback(self.postgres.stop)
        self.postgres.create()
        self.postgres.start()
        on_ready("PostgreSQL")
        self._cleanup.callback(self.postgrest.stop)
        self.postgrest.start()
        on_ready("PostgREST")

    def _start_s3(self, on_ready: OnReady) -> None:
        self._cleanup.callback(self.s3.stop)
        self.s3.start()
        on_ready("S3")

    def _start_queue(self, on_ready: OnReady) -> None:
        self._cleanup.callback(self.sqs.stop)
        self.sqs.start()
        on_ready("SQS")

    def _start_faults(self, on_ready: OnReady) -> None:
        if self.faults:
            self._cleanup.callback(self.faults.stop)
            self.faults.start()
            on_ready("faults")

    def _start_edge(self, on_ready: OnReady) -> None:
        self.edge.start()
        on_ready("HTTP")
