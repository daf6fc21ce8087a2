"""Tests of the database over real connections, as the role of each caller."""
