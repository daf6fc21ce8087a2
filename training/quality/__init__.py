"""Whether the project's utterances are good data: `make check-utterances`."""
