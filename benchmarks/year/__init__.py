"""`make year`: twelve months of an assistant on the local stack, with simulated reviewers."""
