"""The benchmarks of intent models and of capture."""
