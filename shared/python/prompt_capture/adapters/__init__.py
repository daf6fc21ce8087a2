"""The adapters: one per external system, each behind a port."""
