"""What is measured of a model, and the reports about it."""
