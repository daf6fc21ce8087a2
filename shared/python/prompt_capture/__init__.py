"""Capture every message an assistant gets, and learn from it."""
