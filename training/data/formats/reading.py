"""What the readers of all formats share: the check of each text and its label."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from prompt_capture.domain.types import describe_first_error
from training.data.examples import Example, InvalidExamples, LocatedExample
from training.data.locations import Location
from training.data.remarks import Remarks

_NO_LABEL = "-"
"""Takes the place of the label where labels are not needed."""


_LABELS_NEEDED = ". Training and measuring need the label of each text; `predict` does not."


def ignore_position(position: int) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Reading:
    """How to read files: what was left out goes to `remarks`.

    Without `needs_labels`, rows need no label, and any label is ignored. `report` receives how many
    bytes were read since the last report.
    """

    remarks: Remarks = field(default_factory=Remarks)
    needs_labels: bool = True
    report: Callable[[int], None] = ignore_position

    def accept(self, values: Mapping[str, Any], location: Location) -> LocatedExample | None:
        """Return the example with some values, or None where its text is empty.

        Raise `InvalidExamples`.
        """
        values = dict(values)
        if not self.needs_labels:
            values["label"] = _NO_LABEL
        elif isinstance(label := values.get("label"), str) and label != label.strip():
            values["label"] = label.strip()
            self.remarks.change("white space around labels is removed", location)
        split = values.get("split")
        values["split"] = (split.strip().casefold() or None) if isinstance(split, str) else split
        try:
            example = Example.model_validate(values)
        except ValidationError as error:
            hint = _LABELS_NEEDED if "label" not in values else ""
            reason = f"{location}: {describe_first_error(error, 'line')}{hint}"
            raise InvalidExamples(reason) from None
        if not example.text.strip():
            self.remarks.leave_out("texts that are empty", location)
            return None
        return LocatedExample(example, location)
