"""What ends a build with a sentence."""


class PackageRefused(Exception):
    """A package would break on Lambda, or outgrow what was agreed."""
