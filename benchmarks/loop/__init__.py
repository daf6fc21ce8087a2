"""`make bench NAME=loop`: what reviews add to a model, with the product's own queue and exports."""
