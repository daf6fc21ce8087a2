"""Whether a day has brought enough for a retraining, or for another look at a candidate."""

from collections.abc import Sequence
from typing import Final

from prompt_capture.domain.datasets.manifest import Manifest
from prompt_capture.domain.evaluation import SCHEDULE_ACTOR
from prompt_capture.domain.models import ModelEvent, RegisteredModel
from prompt_capture.ports.evaluation import EvaluationStore
from training.gate.ledger import DECIDED, RecordedVerdict
from training.retrain.ports import RetrainingPorts

MIN_NEW_DECISIONS: Final = 50
"""So many decisions about disagreements are worth one of the looks at a candidate."""


async def find_held_candidate(ports: RetrainingPorts, champion: str) -> RegisteredModel | None:
    """Return the latest candidate if its verdict is to hold, and enough was decided since."""
    model = _latest_retrained(await ports.registry.models())
    if model is None or model.state != "candidate":
        return None
    version = model.address.version
    event = _latest_verdict(await ports.registry.events(version))
    if event is None:
        return None
    recorded = RecordedVerdict.of(event)
    if recorded is None or recorded.verdict.decision != "hold" or not recorded.verdict.looks_left:
        return None
    if recorded.verdict.champion != champion:
        return None
    has_enough = await _has_new_decisions(ports.evaluation, version, champion, event)
    return model if has_enough else None


def _latest_verdict(events: Sequence[ModelEvent]) -> ModelEvent | None:
    """Return the newest verdict among events, which are the newest first."""
    return next((event for event in events if event.kind == "verdict"), None)


async def _has_new_decisions(
    evaluation: EvaluationStore, candidate: str, champion: str, verdict: ModelEvent
) -> bool:
    """Return whether so much was decided since a verdict that it is worth another look."""
    drawn, decided = await evaluation.draw_progress(candidate, champion)
    before = verdict.evidence.get(DECIDED)
    decided_before = before if isinstance(before, int) else 0
    is_complete = drawn == decided > decided_before
    return is_complete or decided - decided_before >= MIN_NEW_DECISIONS


async def has_enough_new_labels(
    ports: RetrainingPorts, dataset: Manifest, min_new_labels: int
) -> bool:
    """Return whether enough was labelled since the last retraining, and exported since."""
    latest = _latest_retrained(await ports.registry.models())
    since = latest.registered_at if latest else None
    if since is not None and dataset.exported_at <= since:
        return False
    return await ports.runs.count_new_labels(since) >= min_new_labels


def _latest_retrained(models: Sequence[RegisteredModel]) -> RegisteredModel | None:
    """Return the newest model of a retraining; `models` are the newest first."""
    return next((model for model in models if model.registered_by == SCHEDULE_ACTOR), None)
