"""How each model is served: what a process that answers messages loads, and nothing else."""
