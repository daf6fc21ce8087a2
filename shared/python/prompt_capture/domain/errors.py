"""The errors that this package raises on purpose.

PromptCaptureError
├── UnknownUser            the user does not exist; nothing was written
├── CaptureConflict        the id belongs to a different message
├── UnknownIntent          the intent is not in the catalogue; carries suggestions
├── PromptLogNotFound      no captured prompt has this id
├── NotPermitted           the account has no role for this in the console, or was erased
├── ReviewerErased         the account of the reviewer or operator was erased
├── TooManyDeferred        too many corrections of the reviewer wait for their prompts
├── ErasureIncomplete      the erasure has not ended, or data was found after it
├── InvalidExport          the export event is not valid
├── ExportTooLarge         the window has more rows than one run may export
├── ExportInvalidated      a user was erased during the export; nothing was written
├── DatasetsUnavailable    the bucket or folder cannot be read or written
│   └── DatasetChanged     another writer changed the object since it was read
├── InvalidFile            a file that people handed over cannot be read
│   └── InvalidReview      the file is not a review file
├── InvalidEntry           an entry of a review file is not valid (see `review_files.py`)
├── InvalidArtifact        the model files are damaged or do not belong together
├── ModelNotFound          the registry has no such model
├── ModelConflict          the version belongs to another model
├── ModelFilesUnavailable  the files of a published model cannot be read
├── ModelQuarantined       the model may not serve any more
├── VerdictMissing         no verdict supports the promotion, and it was not forced
├── ClaimLost              somebody else carries out the run, or it has ended
├── InvalidRequest         the event of a retraining is not valid
├── RetrainingNotReady     a retraining lacks what a person must provide first
├── NotificationFailed     the topic of notifications failed or timed out
├── NothingToRollBack      no registered model serves
├── NotTheChampion         another model is the champion
├── SplitConflict          the model cannot be compared now
├── AlertNotFound          there is no alert with this number
├── AlertResolved          the alert is not open any more
├── InvalidMonitoringEvent the event is nothing that the monitor does
├── TopicUnavailable       the topic for alerts failed or timed out
├── InvalidRules           the rules file is not valid
├── InvalidSettings        an environment variable is missing or malformed
├── ParametersUnavailable  the Parameter Store failed or timed out
├── SpoolUnavailable       the spool queue failed or timed out
├── UnreadableMessage      a queue message is not a spooled prompt (see `spool.py`)
└── StoreUnavailable       the store failed or timed out
    ├── PromptRefused      the store rejected the row, and will reject it again
    └── RequestAborted     the store did not complete the request, perhaps because of one row
        └── LockConflict   another transaction was in the way

No error message contains a prompt, a token, a key or the content of a row.
"""

from collections.abc import Sequence


class PromptCaptureError(Exception):
    """Base class of all errors that this package raises on purpose."""


class UnknownUser(PromptCaptureError):
    """The user of the prompt does not exist in this project."""


class CaptureConflict(PromptCaptureError):
    """The id belongs to a prompt of another user, or with other content."""


class UnknownIntent(PromptCaptureError):
    """The intent is not in the catalogue; `suggestions` are similar ones, best first.

    `field` names the field of the correction: a secondary intent may be the unknown one.
    """

    def __init__(self, suggestions: Sequence[str], field: str = "corrected_intent") -> None:
        super().__init__("The intent is not in the catalogue.")
        self.suggestions = tuple(suggestions)
        self.field = field


class RepeatedIntent(PromptCaptureError):
    """Secondary intents name the primary one, or one of them twice; the text says which."""


class NotPermitted(PromptCaptureError):
    """The account has no role for this in the console, or was erased."""


class PromptLogNotFound(PromptCaptureError):
    """No captured prompt has this id."""


class ReviewerErased(PromptCaptureError):
    """The account of the reviewer or operator was erased, so nobody can decide in its name."""


class TooManyDeferred(PromptCaptureError):
    """Too many corrections of the reviewer wait for their prompts, or are about one text."""


class ErasureIncomplete(PromptCaptureError):
    """The erasure has not ended, or data of an erased user was found again. Erase again."""


class InvalidExport(PromptCaptureError):
    """The export event is not valid; the message says what to send."""


class ExportTooLarge(PromptCaptureError):
    """The window has more rows than one run may export; the message says what to do."""


class ExportInvalidated(PromptCaptureError):
    """A user whose rows were being exported was erased, or may have been. Run the export again."""


class DatasetsUnavailable(PromptCaptureError):
    """The bucket or folder of the datasets cannot be read or written."""


class DatasetChanged(DatasetsUnavailable):
    """Another writer changed or deleted the object since it was read. Read it again."""


class InvalidFile(PromptCaptureError):
    """A file that people handed over cannot be read; the message names the line and the remedy."""


class InvalidReview(InvalidFile):
    """The file is not a review file."""


class InvalidEntry(PromptCaptureError):
    """An entry of a review file is not valid. The others are."""


class InvalidArtifact(PromptCaptureError):
    """The model files are damaged or do not belong together."""


class ModelNotFound(PromptCaptureError):
    """The registry has no model with this version."""


class ModelConflict(PromptCaptureError):
    """The version belongs to another model, with other files."""


class ModelFilesUnavailable(PromptCaptureError):
    """The bucket of the published models did not answer, or has no such object."""


class ModelQuarantined(PromptCaptureError):
    """The model is quarantined, so it may not serve any more."""


class VerdictMissing(PromptCaptureError):
    """The latest verdict does not support the promotion, or a schedule may not decide it."""


class ClaimLost(PromptCaptureError):
    """The claim to a run has expired and somebody else took it over, or the run has ended."""


class InvalidRequest(PromptCaptureError):
    """The event of a retraining is not valid; the message says what to send."""


class RetrainingNotReady(PromptCaptureError):
    """A retraining lacks what a person must provide first; the message says what."""


class NotificationFailed(PromptCaptureError):
    """The topic of notifications failed or timed out."""


class NothingToRollBack(PromptCaptureError):
    """The packaged model serves, so there is no earlier model to return to."""


class NotTheChampion(PromptCaptureError):
    """The model that a rollback names is not the champion any more, for another reason."""


class SplitConflict(PromptCaptureError):
    """The model is the champion, or another split is under way."""


class AlertNotFound(PromptCaptureError):
    """There is no alert with this number."""


class AlertResolved(PromptCaptureError):
    """The alert is not open any more, so there is nothing to handle."""


class InvalidMonitoringEvent(PromptCaptureError):
    """The event is nothing that the monitor does; the message says what to send."""


class TopicUnavailable(PromptCaptureError):
    """The topic for alerts failed or timed out."""


class InvalidRules(PromptCaptureError):
    """The rules file is not valid."""


class InvalidSettings(PromptCaptureError):
    """A setting is missing or malformed; the message names the setting, never its value."""


class ParametersUnavailable(PromptCaptureError):
    """The Parameter Store failed or timed out."""


class StoreUnavailable(PromptCaptureError):
    """The store failed or timed out."""


class PromptRefused(StoreUnavailable):
    """The store rejected the row, and will reject it on every attempt."""


class RequestAborted(StoreUnavailable):
    """The store was reached and did not complete the request, perhaps because of one of its rows.

    Without that row, the request may succeed. To repeat a write is harmless, whatever became of it.
    """


class LockConflict(RequestAborted):
    """Another transaction was in the way. The same request may succeed at once."""


class SpoolUnavailable(PromptCaptureError):
    """The spool queue failed or timed out."""
