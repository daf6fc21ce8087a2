"""Texts whose entities are marked: `[[SECRET:hunter22]]`, after the name of the placeholder."""

import re

from prompt_capture.domain.redaction import redact
from prompt_capture.domain.text import normalise

_MARKED = re.compile(r"\[\[([A-Z_]+):(.+?)\]\](?!\])", re.DOTALL)


def check_redaction(marked: str) -> None:
    """Check that the marked entities alone are redacted, also twice and in the normalised text."""
    text = _MARKED.sub(r"\2", marked)
    redacted = _MARKED.sub(r"<\1>", marked)
    assert redact(text) == redacted
    assert redact(redacted) == redacted
    assert redact(normalise(text)) == normalise(redacted)
