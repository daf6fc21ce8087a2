"""The benchmark of the gate: how often it promotes equal, worse and better candidates."""
