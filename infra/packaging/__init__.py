"""Build what is deployed: a Lambda layer per architecture and a zip per function."""
