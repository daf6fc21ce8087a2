"""`make bench NAME=model`: compare intent models on public datasets, in one run."""
