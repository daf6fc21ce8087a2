"""The checks of `prompt-capture doctor`: one module per check, in the order of `registry`."""
