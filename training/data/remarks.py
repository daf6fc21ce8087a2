"""What reading and writing files leaves out or changes: counted, with the first locations."""

from collections.abc import Iterator
from typing import NamedTuple

from training.data.locations import Location

SHOWN_LOCATIONS = 5


class _Group(NamedTuple):
    """The remarks that one line of the report sums up."""

    source: str
    action: str
    reason: str
    unit: str


class Remarks:
    """Collects remarks. Iteration yields one line for each source and reason."""

    def __init__(self) -> None:
        self._numbers: dict[_Group, list[int]] = {}
        self._counts: dict[_Group, int] = {}

    def leave_out(self, reason: str, location: Location, count: int = 1) -> None:
        """Record that something was left out; `reason` says what, in the plural."""
        self._add("left out", reason, location, count)

    def change(self, reason: str, location: Location, count: int = 1) -> None:
        """Record that something was changed; `reason` says what, in the plural, and how."""
        self._add("changed", reason, location, count)

    def note(self, fact: str, location: Location, count: int = 1) -> None:
        """Record something to know; `fact` says what, in the plural."""
        self._add("noted", fact, location, count)

    def __iter__(self) -> Iterator[str]:
        for group, numbers in self._numbers.items():
            places = _list_places(group.unit, numbers)
            count = self._counts[group]
            yield f"{group.source}: {count:,} {group.action}: {group.reason}{places}."

    def _add(self, action: str, reason: str, location: Location, count: int) -> None:
        group = _Group(location.source, action, reason, location.unit)
        self._counts[group] = self._counts.get(group, 0) + count
        numbers = self._numbers.setdefault(group, [])
        if location.number and location.number not in numbers[-1:]:
            numbers.append(location.number)


def _list_places(unit: str, numbers: list[int]) -> str:
    """Return the first numbers in brackets, and how many follow."""
    if not numbers:
        return ""
    shown = [str(number) for number in numbers[:SHOWN_LOCATIONS]]
    units = "entries" if unit == "entry" else f"{unit}s"
    if more := len(numbers) - len(shown):
        return f" ({units} {', '.join(shown)} and {more:,} more)"
    if len(shown) == 1:
        return f" ({unit} {shown[0]})"
    return f" ({units} {', '.join(shown[:-1])} and {shown[-1]})"
