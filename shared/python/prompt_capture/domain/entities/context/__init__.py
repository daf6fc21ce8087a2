"""Entities that the words around them show, found by a small network."""
