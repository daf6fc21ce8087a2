"""Exports under faults, races and random histories, and datasets as others read them."""
