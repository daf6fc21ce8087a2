"""How confidence and scope are calibrated on examples that a model was not fitted to."""
