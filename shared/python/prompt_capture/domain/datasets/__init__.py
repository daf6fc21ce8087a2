"""What a dataset is made of: rows, lines, tiers, splits, and the manifest by which it exists."""
