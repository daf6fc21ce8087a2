"""What a retraining needs from outside, and its options."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from prompt_capture.ports.evaluation import EvaluationStore, QueueScores, RetrainingRuns
from prompt_capture.ports.exports import DatasetStore
from prompt_capture.ports.models import ModelObjects, ModelRegistry, PublishedFiles, ServingSource
from prompt_capture.ports.notifications import Notifier
from prompt_capture.settings.exports import ExportSettings
from prompt_capture.settings.retraining import RetrainingSettings
from training.gate.settings import GateSettings
from training.retrain.datasets import DatasetPrefixes


class Catalogue(Protocol):
    """The intents in use."""

    async def known_intents(self) -> list[str]:
        """Return the intents that are not retired. Raise `StoreUnavailable`."""


@dataclass(frozen=True)
class RetrainingPorts:
    """Everything outside. `datasets` and `objects` may be of one bucket."""

    runs: RetrainingRuns
    evaluation: EvaluationStore
    queue: QueueScores
    registry: ModelRegistry
    serving: ServingSource
    catalogue: Catalogue
    files: PublishedFiles
    objects: ModelObjects
    datasets: DatasetStore
    notifier: Notifier


@dataclass(frozen=True)
class RetrainingOptions:
    """How to retrain.

    `packaged` is the folder of the packaged model: its manifest is there, and perhaps its other
    files. With `auto_promotes`, a candidate may serve without a person. A run of a day retrains
    from `min_new_labels` on, and texts of the last `days` are classified by both models. Versions
    start with `name`.
    """

    packaged: Path
    auto_promotes: bool = False
    min_new_labels: int = 200
    days: int = 30
    name: str = "assistant"
    prefixes: DatasetPrefixes = field(default_factory=DatasetPrefixes)
    gate: GateSettings = field(default_factory=GateSettings)

    @classmethod
    def of(cls, settings: RetrainingSettings, exports: ExportSettings) -> Self:
        """Return the options of a function with these settings."""
        return cls(
            packaged=settings.model_dir,
            auto_promotes=settings.retrain_auto_promote,
            min_new_labels=settings.retrain_min_new_labels,
            days=settings.retrain_days,
            name=settings.retrain_name,
            prefixes=DatasetPrefixes(
                exports.export_prefix, exports.export_retained_prefix, settings.retrain_seeds
            ),
            gate=GateSettings(disagreements=settings.retrain_disagreements),
        )
