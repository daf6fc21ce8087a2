"""Policies: which labels of the captured messages training receives."""

from dataclasses import dataclass
from pathlib import Path

from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.predictions import UNKNOWN_INTENT
from training.data.examples import Example
from training.data.reading import read_with_training_splits
from training.data.remarks import Remarks
from training.data.sources import DataSource

CONFIDENT = ExportRequest(mode="retraining")
CORRECTED = ExportRequest(mode="retraining", confidence_threshold=1.0)
"""No prediction has a confidence above 1."""
EVERYTHING = ExportRequest(mode="retraining", confidence_threshold=0.0)
AUDITED = ExportRequest(mode="retraining", policy="audited")
REFERENCE, WITHOUT_UNKNOWN = "people", "intents"
"""The policy that all others are compared with, and one that only some datasets have."""


@dataclass(frozen=True)
class Policy:
    """An export, and what becomes of its predicted labels.

    `train` renews predicted labels, unless the policy `keeps_predicted`. A policy that
    `leaves_out_unknown` shows what knowing out-of-scope messages costs the others.
    """

    title: str
    request: ExportRequest
    keeps_predicted: bool = False
    leaves_out_unknown: bool = False

    def read(self, folder: Path) -> list[Example]:
        """Return what training receives from the dataset in a folder, which may be nothing."""
        read = read_with_training_splits([DataSource(folder)], Remarks())
        examples = [each.example for each in read if each.example.is_for_training]
        if self.keeps_predicted:
            examples = [_trust(example) for example in examples]
        if self.leaves_out_unknown:
            return [example for example in examples if example.label != UNKNOWN_INTENT]
        return examples


def _trust(example: Example) -> Example:
    """Return a predicted label as one that training keeps."""
    if example.origin != "predicted":
        return example
    return example.model_copy(update={"tier": "person", "audited": False})


POLICIES = {
    REFERENCE: Policy("people's labels alone", CORRECTED),
    "captured": Policy("and labels above 0.85, as captured", CONFIDENT, keeps_predicted=True),
    "renewed": Policy("and labels above 0.85, renewed", CONFIDENT),
    "all": Policy("and all other messages, renewed", EVERYTHING),
    "audited": Policy("the audited export", AUDITED),
    WITHOUT_UNKNOWN: Policy(
        "people's labels without `unknown`", CORRECTED, leaves_out_unknown=True
    ),
}
"""The policies by the names that `--policies` takes."""
