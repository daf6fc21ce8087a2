"""The captured texts of a backtest, and the draw of disagreements into the pool."""

import hashlib

from prompt_capture.domain.evaluation import CapturedText, DrawProgress
from prompt_capture.ports.evaluation import EvaluationStore
from training.gate.backtest import BacktestResult
from training.gate.verdict import Verdict


def seed_of(version: str) -> int:
    """Return a seed that the same candidate always has, so that the same texts come again."""
    return int.from_bytes(hashlib.sha256(version.encode()).digest()[:4], "big") // 2


async def read_captured_texts(
    evaluation: EvaluationStore, days: int, seed: int
) -> list[CapturedText]:
    """Return the distinct texts of the last days, from all pages. Raise `StoreUnavailable`."""
    pages = evaluation.captured_texts(days, seed)
    return [text async for page in pages for text in page]


async def draw_if_needed(
    evaluation: EvaluationStore, result: BacktestResult, verdict: Verdict
) -> tuple[int, DrawProgress]:
    """Draw disagreements where the gate holds and none waits for review.

    Return how many were drawn, and what was in the pool before. Raise `StoreUnavailable`.
    """
    progress = await evaluation.draw_progress(verdict.candidate, verdict.champion)
    is_needed = verdict.decision == "hold" and progress.drawn == progress.decided
    if result.draw is None or not is_needed:
        return 0, progress
    return await evaluation.draw_disagreements(result.draw), progress
