"""`make demo`: the whole loop on real components, from the first message to a better model."""
