"""What the lines of a text file are in place of texts alone, and what to do about it."""

from typing import NamedTuple

JSON_LINES = 'JSON lines, {"text": ..., "label": ...}, where a text may have any form'
"""What a file may have whatever its texts look like."""

REMEDY = f"Write {JSON_LINES}, or the texts alone, in a file for each label"
"""What to do about a file in most other forms."""


class OtherForm(NamedTuple):
    """What a file has or does in place of texts alone, and what to do about it."""

    fact: str
    remedy: str = f"{REMEDY}."
