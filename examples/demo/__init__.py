"""The whole loop at work, on real components, as a story that a person can follow."""
