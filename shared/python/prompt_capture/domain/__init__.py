"""Immutable value types and pure rules. The domain performs no I/O."""
