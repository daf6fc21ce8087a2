"""`make bench-capture`: the cost of capture, measured in interleaved rounds."""
