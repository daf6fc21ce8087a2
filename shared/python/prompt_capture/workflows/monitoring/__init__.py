"""Evaluate the rules of the alerts, and send the weekly digest."""
