"""The drain of the spool."""

from prompt_capture.adapters.aws.metrics import EmfMetrics
from prompt_capture.bootstrap.access import WRITER_ROLE
from prompt_capture.bootstrap.stores import prompt_store
from prompt_capture.workflows.drain_spool import DrainSpool

DRAIN_TIMEOUT_SECONDS = 5.0
DRAIN_CONNECT_SECONDS = 2.0
"""Less than the whole timeout, which shows whether the store is slow or cannot be reached."""

DRAIN_BUDGET_SECONDS = 10.0
"""A third of the function's timeout: the last write begins then, and may take two requests."""


def drain_spool() -> DrainSpool:
    """Wire the drain of the spool. Raise `InvalidSettings`."""
    store = prompt_store(WRITER_ROLE, DRAIN_TIMEOUT_SECONDS, DRAIN_CONNECT_SECONDS)
    return DrainSpool(store, EmfMetrics("drain").record_counts, DRAIN_BUDGET_SECONDS)
