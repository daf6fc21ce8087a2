"""The two networks: their graphs as they are served, and how each is trained."""
