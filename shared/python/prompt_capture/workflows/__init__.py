"""The use cases, one per file, in terms of the domain and the ports."""
