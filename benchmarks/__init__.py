"""`make bench-model`: compare intent models on public datasets, in one run."""
