"""Labels that are numbers, beside a field with their names, as in many published datasets."""

import re
from collections.abc import Mapping
from typing import Any

from training.data.examples import InvalidExamples
from training.data.formats.aliases import list_label_aliases
from training.data.locations import Location
from training.data.remarks import Remarks

_LABEL = "label"
_NUMBER = re.compile(r"\s*(-?\d+)(?:\.0*)?\s*")
_REMEDY = "Rename the field with the intents to label, and delete the numbers"


class NumberedLabels:
    """Replaces the labels of a file that are numbers by their names, which another field has.

    `field` is that field, or empty where there is none. Each number has one name, and each name one
    number.
    """

    def __init__(self, remarks: Remarks) -> None:
        self.field = ""
        self._remarks = remarks
        self._names: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._has_unnamed = False

    def name(self, values: Mapping[str, Any], location: Location) -> Mapping[str, Any]:
        """Return the fields of a text, with the name of its label; raise `InvalidExamples`."""
        number = find_number(values.get(_LABEL))
        if number is None:
            return values
        fields = list_label_aliases(name for name, value in values.items() if _is_name(value))
        if not fields and not self.field:
            self._has_unnamed = True
            return values
        if len(fields) != 1 or self._has_unnamed or self.field not in {"", fields[0]}:
            raise InvalidExamples(
                f"{location}: the label is a number, and not each line has its name in one and the "
                f"same other field. {_REMEDY}."
            )
        self.field = fields[0]
        name = values[self.field].strip()
        if (
            self._names.setdefault(number, name) != name
            or self._numbers.setdefault(name, number) != number
        ):
            raise InvalidExamples(
                f"{location}: the label is a number, and {self.field} is not its name: other lines "
                f"have another number or name. {_REMEDY}."
            )
        reason = f"labels that are numbers get their names, which {self.field} has"
        self._remarks.change(reason, location)
        return {**values, _LABEL: name}


def find_number(label: object) -> str | None:
    """Return the digits of a label that is a whole number, also as a text or as `1.0`."""
    if isinstance(label, bool) or not isinstance(label, int | float | str):
        return None
    found = _NUMBER.fullmatch(str(label))
    return found[1] if found else None


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and find_number(value) is None
