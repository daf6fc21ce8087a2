"""`make bench NAME=capture`: the cost of capture, measured in interleaved rounds."""
