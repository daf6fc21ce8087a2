"""Simulated splits: how often equal arms are stopped, and how soon a harmful challenger is."""
