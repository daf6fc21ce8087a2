"""Everything around the product: what it runs on."""
