"""Finders of personal data, one module per kind.

A finder gets the searched form of a text (`searchable_text`), in which `<` stands for every
character of a placeholder, and yields the spans of its entities. The time of each finder is
proportional to the length of the text: expressions are anchored or bounded, and checks that cost
more than a match are counted (`bounded`).
"""
