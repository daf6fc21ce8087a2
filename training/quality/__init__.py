"""Checks of the quality of the project's utterances: `make check-utterances`."""
