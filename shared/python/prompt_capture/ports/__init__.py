"""The interfaces that the workflows need, by the workflow that needs them."""
