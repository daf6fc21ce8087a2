"""Build what is deployed: a Lambda layer per architecture and a zip per function."""


class PackagingError(Exception):
    """A package cannot be built, would fail on Lambda, or exceeds its size budget."""
