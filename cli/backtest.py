"""The backtest behind `prompt-capture models backtest`."""

from collections.abc import Callable, Sequence

from pydantic import BaseModel

from prompt_capture.domain.datasets.kinds import GoldDataset
from prompt_capture.domain.errors import PromptCaptureError
from prompt_capture.ports.evaluation import EvaluationStore
from prompt_capture.ports.models import ModelRegistry
from training.data.examples import InvalidExamples
from training.data.exported_datasets import StoredDataset, datasets_in_use, find_datasets
from training.data.formats.reading import Reading
from training.data.sources import DataSource
from training.gate.backtest import Backtest
from training.gate.candidate_looks import open_look, record_look, run_backtest
from training.gate.comparison import CandidateComparison, ComparedModel, ComparedModelLoader
from training.gate.pool import draw_if_needed
from training.gate.verdict import Verdict


class NothingToCompare(PromptCaptureError):
    """The model serves already, so there is nothing to compare it with."""


class BacktestReport(BaseModel):
    """What a backtest found and what the gate decided, without any text.

    `is_new`: this look was recorded. Otherwise the evidence is that of the latest verdict, which
    still stands. `drawn` disagreements were put into the pool, and `waiting` of the pool are not
    decided.
    """

    backtest: Backtest
    verdict: Verdict
    is_new: bool
    drawn: int
    waiting: int


async def find_models(
    registry: ModelRegistry, loader: ComparedModelLoader, version: str
) -> tuple[ComparedModel, ComparedModel]:
    """Fetch a candidate and the champion, which is the packaged model where none is registered.

    Raise `ModelNotFound`, `NothingToCompare`, or an error of the registry or the loader.
    """
    candidate = await registry.model(version)
    champions = [model for model in await registry.models() if model.state == "champion"]
    if candidate.state == "champion":
        raise NothingToCompare(f"{version} is the champion. Name another model to compare with it.")
    champion = champions[0].address if champions else None
    return await loader.load(candidate.address), await loader.load(champion)


def read_gold_ids(sources: Sequence[DataSource]) -> list[str]:
    """Return the ids of the texts in gold datasets. Raise `InvalidExamples` for other data."""
    datasets = [each for source in sources for each in _find_gold_datasets(source)]
    return sorted({text_id for each in datasets for text_id in each.read(Reading()).by_id})


def _find_gold_datasets(source: DataSource) -> Sequence[StoredDataset]:
    datasets = datasets_in_use(find_datasets(source))
    if not datasets:
        raise InvalidExamples(
            f"{source.given_name} has no exported dataset. Export one with --mode gold."
        )
    for each in datasets:
        request = each.manifest.request
        if not isinstance(request.kind, GoldDataset):
            raise InvalidExamples(
                f"{each.name} is a dataset of the kind {request.kind.name}, whose texts are no "
                "evidence. Export one with --mode gold."
            )
        if request.anonymize:
            raise InvalidExamples(
                f"{each.name} is anonymised, so its texts cannot be found in the database. Export "
                "it to the bucket, or with --no-anonymize."
            )
    return datasets


async def compare_models(
    evaluation: EvaluationStore,
    registry: ModelRegistry,
    comparison: CandidateComparison,
    operator: str,
    on_progress: Callable[[int, int], None],
) -> BacktestReport:
    """Run a backtest, decide by the gate, and record the verdict as a look at the candidate.

    The same evidence as at the latest look is no new look: its verdict stands. While the gate holds
    and no disagreement waits for review, a new sample of them is drawn.
    """
    look = await open_look(evaluation, registry, comparison)
    result = await run_backtest(evaluation, look, on_progress)
    if look.standing:
        verdict, is_new = look.standing.verdict, False
        drawn, pool = await draw_if_needed(evaluation, result, verdict)
    else:
        made = await record_look(evaluation, look, result, operator)
        verdict, is_new = made.recorded.verdict, True
        drawn, pool = made.drawn, made.pool
    return BacktestReport(
        backtest=result.report,
        verdict=verdict,
        is_new=is_new,
        drawn=drawn,
        waiting=pool.drawn - pool.decided + drawn,
    )
