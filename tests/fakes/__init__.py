"""In-memory implementations of the ports. The contract tests hold them to the real ones."""
