"""The notification about a run. It holds no text of a user."""

from collections.abc import Mapping
from typing import Final

from training.retrain.requests import Outcome, RetrainingReport

_SUBJECTS: Final[Mapping[Outcome, str]] = {
    "promoted": "promoted {candidate}",
    "waits_for_a_person": "{candidate} waits for your decision",
    "held": "{candidate} needs more evidence",
    "rejected": "{candidate} is rejected",
    "unchanged": "nothing new about {candidate}",
    "nothing_new": "nothing to do",
    "not_ready": "the retraining cannot run yet",
}


def describe_report(report: RetrainingReport) -> tuple[str, str]:
    """Return the subject and the message of the notification about a run."""
    outcome = report.outcome or "nothing_new"
    subject = f"Prompt Capture: {_SUBJECTS[outcome].format(candidate=report.candidate)}"
    return subject, "\n".join([*report.messages, *_next_steps(report)])


def _next_steps(report: RetrainingReport) -> list[str]:
    steps = []
    if report.card:
        steps.append(f"Model card: {report.card}")
    if report.drawn:
        steps.append(
            f"{report.drawn:,} disagreements wait in the table model_disagreements. Decide each: "
            "which of the two intents is right, or another one?"
        )
    if report.outcome == "waits_for_a_person":
        steps.append(f"To serve it: prompt-capture models promote {report.candidate} --reason ...")
    if report.outcome == "promoted":
        steps.append("To undo it: prompt-capture models rollback --reason ...")
    return steps
