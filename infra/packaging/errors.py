"""The error that ends a build."""


class PackagingError(Exception):
    """A package cannot be built, would fail on Lambda, or exceeds its size budget."""
