"""Finders of passwords, codes, keys and tokens, one module per kind of evidence."""
