"""Capture, review and learn from an assistant's messages."""
