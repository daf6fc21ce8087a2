"""Projects of Azure's conversational language understanding (CLU)."""

from collections.abc import Iterator, Sequence
from typing import Any

from training.data.examples import LocatedExample
from training.data.formats.azure import leave_out_long, list_labels, read, to_json
from training.data.remarks import Remarks

__all__ = ["encode", "fit", "read"]

_TEST_SPLIT = "test"


def fit(examples: Sequence[LocatedExample], remarks: Remarks) -> Iterator[LocatedExample]:
    """Yield the examples that Azure imports; every split but `train` becomes CLU's test set."""
    for located in leave_out_long(examples, remarks):
        example, location = located
        if not example.is_for_training and example.split != _TEST_SPLIT:
            remarks.change("other splits than train become the test set", location)
        yield located


def encode(examples: Sequence[LocatedExample]) -> bytes:
    """Return a project."""
    utterances: list[dict[str, Any]] = [
        {
            "text": example.text,
            "intent": example.label,
            "language": "en-us",
            "dataset": "Train" if example.is_for_training else "Test",
            "entities": [],
        }
        for example, _location in examples
    ]
    return to_json(
        {
            "projectFileVersion": "2023-04-01",
            "stringIndexType": "Utf16CodeUnit",
            "metadata": {
                "projectKind": "Conversation",
                "projectName": "prompt-capture",
                "multilingual": False,
                "language": "en-us",
            },
            "assets": {
                "projectKind": "Conversation",
                "intents": [{"category": label} for label in list_labels(examples)],
                "entities": [],
                "utterances": utterances,
            },
        }
    )
