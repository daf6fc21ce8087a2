"""A function that fails to load."""

raise RuntimeError("import failed")
