"""What can go wrong in the domain's own terms.

PromptCaptureError
├── UnknownUser           no such user: nothing was written
├── CaptureConflict       the id stands for another message already
├── UnknownIntent         not in the catalogue: carries the close ones
├── PromptLogNotFound     no captured prompt has this id
├── ErasureIncomplete     something of a person is still there
├── InvalidExport         the export's event asks for what cannot be had
├── ExportTooLarge        more rows than one run may hold
├── ExportInvalidated       somebody was erased meanwhile: nothing was left behind
├── DatasetsUnavailable   the bucket or the folder cannot be used
├── InvalidReview         the file is no review file
├── InvalidArtifact       the model's files are damaged or do not belong together
├── InvalidRules          the rules file cannot be used
├── InvalidSettings       the environment lacks or garbles a setting
├── ParametersUnavailable the store of settings did not answer, or not in time
├── SpoolUnavailable      the queue behind the store did not answer, or not in time
└── StoreUnavailable      the store did not answer, or not in time
    └── PromptRefused     it did: it takes no such row, however often it is sent

Messages never hold a prompt, a token, a key or the content of a row.
"""

from collections.abc import Sequence


class PromptCaptureError(Exception):
    """Base of all errors that this package raises on purpose."""


class UnknownUser(PromptCaptureError):
    """The prompt's owner is not a user of this project."""


class CaptureConflict(PromptCaptureError):
    """The id is taken, by another owner or with other content."""


class UnknownIntent(PromptCaptureError):
    """The intent is not in the catalogue."""

    def __init__(self, close: Sequence[str]) -> None:
        super().__init__("The intent is not in the catalogue.")
        self.close = tuple(close)


class PromptLogNotFound(PromptCaptureError):
    """No captured prompt has this id."""


class ErasureIncomplete(PromptCaptureError):
    """Something of a person was found after they were erased."""


class InvalidExport(PromptCaptureError):
    """The export's event asks for what cannot be had."""


class ExportTooLarge(PromptCaptureError):
    """The window holds more rows than one run may; says what to do."""


class ExportInvalidated(PromptCaptureError):
    """People were erased while their rows were exported: run it again."""


class DatasetsUnavailable(PromptCaptureError):
    """Where datasets go cannot be read or written."""


class DatasetChanged(DatasetsUnavailable):
    """Somebody else wrote or deleted the object since it was read: read it again."""


class InvalidReview(PromptCaptureError):
    """The file as a whole is no review file."""


class InvalidArtifact(PromptCaptureError):
    """The model's files are damaged or do not belong together."""


class InvalidRules(PromptCaptureError):
    """The rules file cannot be used."""


class InvalidSettings(PromptCaptureError):
    """A setting is missing or malformed; says which, never its value."""


class ParametersUnavailable(PromptCaptureError):
    """The store of settings did not answer, or not in time."""


class StoreUnavailable(PromptCaptureError):
    """The store did not answer, or not in time."""


class PromptRefused(StoreUnavailable):
    """The store takes no such row, however often it is sent."""


class SpoolUnavailable(PromptCaptureError):
    """The queue behind the store did not answer, or not in time."""
