"""What a decision of an operator becomes in the ledger."""

from prompt_capture.domain.long_texts import redact_and_shorten
from prompt_capture.domain.models import RegistryDecision
from prompt_capture.domain.types import MAX_NOTE_LENGTH


def decision_of(actor: str, reason: str) -> RegistryDecision:
    """Return a decision whose reason is redacted as messages are, and can have any length."""
    return RegistryDecision(actor=actor, reason=redact_and_shorten(reason, MAX_NOTE_LENGTH))
