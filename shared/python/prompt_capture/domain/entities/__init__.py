"""Finders of personal data, one module per kind.

A finder gets the searched form of a text (`searched.Searched`), in which earlier finders have
masked what they found, and yields the spans of its entities. Its time is proportional to the length
of the text: patterns are anchored or bounded, and costly checks are counted (`Searched.passes`).
"""
