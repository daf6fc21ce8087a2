"""What a rule found."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, get_args

from prompt_capture.domain.types import FrozenModel, Timestamp

RuleName = Literal[
    "accuracy_dropped",
    "intents_shifted",
    "out_of_scope_surged",
    "workflows_fail",
    "no_messages",
    "export_overdue",
    "retraining_overdue",
    "retraining_failed",
    "retention_overdue",
    "jobs_stopped",
    "drain_overdue",
    "dead_letters_waiting",
    "nobody_reviews",
]
RULES: tuple[RuleName, ...] = get_args(RuleName)

RUNBOOK_PAGE = "docs/how-to/operate.md"


class Finding(FrozenModel):
    """A rule that fires for a subject: an intent, an export, or empty for all messages.

    `since` is when what was found began, as far as the counts show. `summary` and `evidence` hold
    figures and names of intents, models and exports, never a text.
    """

    rule: RuleName
    subject: str = ""
    since: Timestamp
    summary: str
    evidence: Mapping[str, float | str | None] = {}

    @property
    def runbook(self) -> str:
        """The section of the documentation that says what to do."""
        return f"{RUNBOOK_PAGE}#{self.rule.replace('_', '-')}"


def hours_between(earlier: datetime, later: datetime) -> float:
    """Return the hours from `earlier` to `later`."""
    return (later - earlier).total_seconds() / 3600
