"""The encoder and the student: the graphs that are served, and how each network is trained."""
