"""The report of a training run: the model card, and the rows that may be mislabelled."""
