"""Orders: which of the captured texts reviewers decide next."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

RECOMMENDED_AUDITS = 50
"""The number of audits a week that the reference of the settings recommends."""


class Week(NamedTuple):
    """How many messages a week has, how many texts are reviewed, and how many audits are wanted."""

    messages: int
    reviews: int
    audits: int


# The copies of a text that nobody has decided; the audited one first, as an audit is of a message.
_UNDECIDED = """
with undecided as (
  select distinct on (logs.text_key) logs.*
  from public.nlu_prompt_logs logs left join public.review_queue queue using (text_key)
  where queue.decided_at is null and logs.within_daily_cap
  order by logs.text_key, not logs.is_audited, logs.created_at, logs.id
)
select id from undecided order by {}, id limit %s
"""

_QUEUE = """
select (
  select logs.id from public.nlu_prompt_logs logs where logs.text_key = queue.text_key
  order by not (has_review_reason or is_audited), created_at, id limit 1
) from public.review_queue queue
where waiting_since is not null order by rank, id limit %s
"""


@dataclass(frozen=True)
class Order:
    """The order in which texts are reviewed.

    `query` returns the ids of the rows to review next. `audit_rate` returns the rate of the audit
    for weeks like this. `fills` is whether random texts enter the queue where it runs dry.
    """

    title: str
    query: str
    audit_rate: Callable[[Week], float]
    fills: bool = False


ORDERS = {
    "random": Order(
        "at random: as many audits as reviews",
        # The audit is complete up to the oldest one that waits.
        _UNDECIDED.format("not is_audited, case when is_audited then created_at end, random()"),
        lambda week: min(1.0, week.reviews / week.messages),
    ),
    "margin": Order(
        "by margin, no audit",
        _UNDECIDED.format("confidence - coalesce(runner_up_confidence, 0)"),
        lambda week: 0.0,
    ),
    "queue": Order(
        "the product's queue: audits, then by margin, then at random",
        _QUEUE,
        lambda week: min(1.0, week.audits / week.messages),
        fills=True,
    ),
}
"""The orders by the names that `--orders` takes."""
