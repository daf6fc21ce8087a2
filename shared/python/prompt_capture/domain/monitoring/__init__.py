"""The rules of the alerts: what they read, when they fire, and how often they do so wrongly.

`evaluation.py` runs every rule. `drops.py` and `shares.py` hold the sequential tests, one row per
day and one column per stream (an intent, or in benchmarks a simulated year). The other modules
compare times with what is due.
"""
