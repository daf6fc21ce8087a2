"""Tests of exports under faults, races and random histories, and of the written datasets."""
