"""How datasets are made, and how a person is taken out of them."""
