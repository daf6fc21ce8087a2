"""Publish models, and decide which of them serves."""
