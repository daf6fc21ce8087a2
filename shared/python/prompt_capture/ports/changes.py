"""What the recording of outcomes and corrections needs."""

from typing import Protocol
from uuid import UUID

from prompt_capture.domain.changes import ChangeStatus, Correction, Outcome


class OutcomeStore(Protocol):
    """The store that records outcomes."""

    async def update_prompt_log_outcome(self, log_id: UUID, outcome: Outcome) -> ChangeStatus:
        """Record how the workflow ended, or defer the outcome until the prompt arrives.

        The same outcome again changes nothing. Raise `PromptLogNotFound` when the prompt does not
        exist and cannot arrive any more, and `StoreUnavailable` when the store cannot be reached.
        """


class CorrectionStore(Protocol):
    """The store that records corrections."""

    async def add_prompt_correction(self, log_id: UUID, correction: Correction) -> ChangeStatus:
        """Record a reviewer's intents for the text of a prompt, or defer them.

        The correction applies to every copy of the text. A later correction replaces an earlier
        one, and the same again changes nothing. While reviewers disagree about the primary intent,
        the text is disputed and has no label for retraining. The latest correction alone decides
        the secondary intents.

        Raise `PromptLogNotFound`, `StoreUnavailable`, `UnknownIntent` with suggestions when the
        catalogue lacks the intent, `ReviewerErased`, and `TooManyDeferred`.
        """

    async def known_intents(self) -> list[str]:
        """Return the intents of the catalogue that are not retired. Raise `StoreUnavailable`."""
