"""Datasets: rows, lines, tiers, splits and manifests."""
