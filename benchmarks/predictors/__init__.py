"""Predictors: what a serving process loads for each model, and nothing else."""
