"""The champion of the registry answers, and the packaged model where it cannot."""
