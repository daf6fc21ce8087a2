"""Prompts in a review file that stand beside the ids of others."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from prompt_capture.domain.text import canonical_text


class StatedPrompt(NamedTuple):
    """The text that an entry states for a prompt, in canonical form; None: it states no id."""

    id: UUID | None
    text: str


def find_moved(stated: Mapping[int, StatedPrompt], captured: Mapping[UUID, str]) -> frozenset[int]:
    """Return the entries whose prompt moved to another entry, by their numbers in `stated`.

    `captured` has the prompts by id. The entry has another text than was captured with its id, and
    another entry has that text without being a copy: an entry whose id has the same prompt. So a
    prompt that was edited, or damaged by a spreadsheet, has not moved.
    """
    expected = {
        number: canonical_text(captured.get(each.id, "")) if each.id else ""
        for number, each in stated.items()
    }
    misplaced = {each.text for number, each in stated.items() if each.text != expected[number]}
    entries = set(stated.values())
    return frozenset(
        number
        for number, (log_id, text) in stated.items()
        if (wanted := expected[number]) not in {"", text}
        and (wanted in misplaced or StatedPrompt(log_id, wanted) in entries)
    )
