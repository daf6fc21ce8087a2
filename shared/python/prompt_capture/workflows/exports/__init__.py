"""Exports of datasets, and the removal of erased users from them."""
