"""Rules that test counts by day: accuracy, failures, shares of intents, scope, and silence."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from prompt_capture.domain.monitoring.budgets import (
    ACCURACY_DROP,
    OUT_OF_SCOPE,
    SILENCE_THRESHOLD,
    failing_workflows,
    out_of_scope_groups,
    shifted_intents,
)
from prompt_capture.domain.monitoring.drops import Drop, DropEvidence, drop_evidence, firing
from prompt_capture.domain.monitoring.figures import MonitoringFigures
from prompt_capture.domain.monitoring.findings import Finding
from prompt_capture.domain.monitoring.shares import Shift, share_evidence
from prompt_capture.domain.monitoring.silence import missing_events

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MAX_NAMED = 5
"""The most intents that a summary names."""


def drop_alerts(evidence: DropEvidence, drop: Drop) -> Flags:
    """Return where an alert about a drop is open. One row per day, one column per stream."""
    return firing(evidence.statistic, drop.threshold, drop.threshold / 10)


def share_alerts(evidence: Floats, shift: Shift) -> Flags:
    """Return where an alert about a CUSUM is open. One row per day, one column per stream."""
    return firing(evidence, shift.threshold, shift.threshold / 2)


def silence_alerts(hours: Floats) -> Flags:
    """Return where an alert about silence is open. One row per hour, one column per stream."""
    return missing_events(hours) >= SILENCE_THRESHOLD


def dropped_accuracy(figures: MonitoringFigures) -> Iterator[Finding]:
    """Yield a finding where live accuracy dropped, by the completed audits."""
    decided, correct = figures.audited
    evidence = drop_evidence(correct, decided, ACCURACY_DROP)
    if not _is_open(drop_alerts(evidence, ACCURACY_DROP), 0):
        return
    day = int(evidence.since[-1, 0])
    before, after = _share(correct[:day], decided[:day]), _share(correct[day:], decided[day:])
    audits = int(decided[day:].sum())
    yield Finding(
        rule="accuracy_dropped",
        since=figures.day(day),
        summary=f"Live accuracy is {after:.1%} by {audits:,} audits, {before:.1%} before.",
        evidence={"accuracy": round(after, 4), "before": round(before, 4), "audits": audits},
    )


def failing_intents(figures: MonitoringFigures) -> Iterator[Finding]:
    """Yield a finding for each intent whose workflows fail more often than before."""
    _, with_outcome, failed, _, _ = figures.by_intent
    drop = failing_workflows(max(1, len(figures.intent_names)))
    evidence = drop_evidence(with_outcome - failed, with_outcome, drop)
    alerts = drop_alerts(evidence, drop)
    for column, intent in enumerate(figures.intent_names):
        if not _is_open(alerts, column):
            continue
        day = int(evidence.since[-1, column])
        before = _share(failed[:day, column], with_outcome[:day, column])
        after = _share(failed[day:, column], with_outcome[day:, column])
        count = int(with_outcome[day:, column].sum())
        yield Finding(
            rule="workflows_fail",
            subject=intent,
            since=figures.day(day),
            summary=f"{after:.1%} of {count:,} workflows of {intent} failed, {before:.1%} before.",
            evidence={"failed": round(after, 4), "before": round(before, 4), "workflows": count},
        )


def shifted_shares(figures: MonitoringFigures) -> Iterator[Finding]:
    """Yield one finding where the shares of predicted intents moved and stayed so."""
    messages = figures.by_intent[0]
    totals = messages.sum(axis=1, keepdims=True)
    shift = shifted_intents(max(1, len(figures.intent_names)))
    evidence = share_evidence(messages, totals, shift)
    larger = np.maximum(evidence.rising, evidence.falling)
    moved = _open_columns(share_alerts(larger, shift))
    if not moved:
        return
    moved.sort(key=lambda column: -larger[-1, column])
    day = int(min(evidence.since[-1, column] for column in moved))
    shares = {
        figures.intent_names[column]: (
            float(evidence.expected[-1, column]),
            _share(messages[day:, column], totals[day:, 0]),
        )
        for column in moved[:_MAX_NAMED]
    }
    named = ", ".join(f"{name} {old:.1%} to {new:.1%}" for name, (old, new) in shares.items())
    more = f", and {len(moved) - _MAX_NAMED} more" if len(moved) > _MAX_NAMED else ""
    yield Finding(
        rule="intents_shifted",
        since=figures.day(day),
        summary=f"The shares of predicted intents moved: {named}{more}.",
        evidence={
            "intents": len(moved),
            **{name: round(new, 4) for name, (_, new) in shares.items()},
        },
    )


def surged_out_of_scope(figures: MonitoringFigures) -> Iterator[Finding]:
    """Yield one finding where more messages than before are out of scope.

    The messages are grouped by the intent that they are nearest to.
    """
    outside = figures.by_intent[4]
    near = figures.by_intent[3]
    with_scope = near.sum(axis=1, keepdims=True)
    groups_shift = out_of_scope_groups(max(1, len(figures.intent_names)))
    total = share_evidence(outside.sum(axis=1, keepdims=True), with_scope, OUT_OF_SCOPE)
    groups = share_evidence(outside, near, groups_shift)
    open_groups = _open_columns(share_alerts(groups.rising, groups_shift))
    is_open = _is_open(share_alerts(total.rising, OUT_OF_SCOPE), 0)
    if not (is_open or open_groups):
        return
    starts = [total.since[-1, 0]] if is_open else [groups.since[-1, one] for one in open_groups]
    day = int(min(starts))
    share = _share(outside[day:].sum(axis=1), with_scope[day:, 0])
    excess = outside[day:].sum(axis=0) - groups.expected[-1] * near[day:].sum(axis=0)
    largest = int(np.argmax(excess))
    yield Finding(
        rule="out_of_scope_surged",
        since=figures.day(day),
        summary=f"{share:.1%} of the messages are out of scope, "
        f"{total.expected[-1, 0]:.1%} before. "
        f"The largest group has {outside[day:, largest].sum():,.0f} messages, "
        f"{excess[largest]:,.0f} more than expected, near {figures.intent_names[largest]}.",
        evidence={
            "share": round(share, 4),
            "before": round(float(total.expected[-1, 0]), 4),
            "group": figures.intent_names[largest],
            "group_messages": float(outside[day:, largest].sum()),
            "group_excess": round(float(excess[largest]), 1),
        },
    )


def silent_hours(figures: MonitoringFigures) -> Iterator[Finding]:
    """Yield a finding where no message arrives in hours that usually have many.

    The present hour is not complete; a message in it ends the silence.
    """
    hours = np.array(figures.hours, dtype=float)[:, None]
    if figures.last_message_at is None or len(hours) < 2 or hours[-1, 0] > 0:
        return
    missing = missing_events(hours[:-1])
    if missing[-1, 0] >= SILENCE_THRESHOLD:
        silent_for = figures.at - figures.last_message_at
        yield Finding(
            rule="no_messages",
            since=figures.last_message_at,
            summary=f"No message arrived for {silent_for / timedelta(hours=1):.0f} hours, in which "
            "many are usual.",
            evidence={"missing_events": round(float(missing[-1, 0]), 1)},
        )


def _is_open(alerts: Flags, column: int) -> bool:
    return len(alerts) > 0 and bool(alerts[-1, column])


def _open_columns(alerts: Flags) -> list[int]:
    return [int(column) for column in np.flatnonzero(alerts[-1])] if len(alerts) else []


def _share(part: Floats, whole: Floats) -> float:
    return float(part.sum() / max(1.0, whole.sum()))
