"""`make bench-model`: models side by side on public data, in one run."""
