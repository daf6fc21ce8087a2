"""What capture costs, measured side by side in one run."""
