"""Versions of LUIS apps."""

from collections.abc import Iterator, Sequence

from training.data.examples import LocatedExample
from training.data.formats.azure import leave_out_long, list_labels, read, to_json
from training.data.remarks import Remarks

__all__ = ["encode", "fit", "read"]


def fit(examples: Sequence[LocatedExample], remarks: Remarks) -> Iterator[LocatedExample]:
    """Yield the examples for training, since LUIS has no splits."""
    for located in leave_out_long(examples, remarks):
        if located.example.is_for_training:
            yield located
        else:
            reason = "texts of other splits than train, which LUIS lacks"
            remarks.leave_out(reason, located.location)


def encode(examples: Sequence[LocatedExample]) -> bytes:
    """Return the version of an app."""
    return to_json(
        {
            "luis_schema_version": "7.0.0",
            "versionId": "0.1",
            "name": "prompt-capture",
            "culture": "en-us",
            "intents": [{"name": label, "features": []} for label in list_labels(examples)],
            "entities": [],
            "utterances": [
                {"text": example.text, "intent": example.label, "entities": []}
                for example, _location in examples
            ],
        }
    )
