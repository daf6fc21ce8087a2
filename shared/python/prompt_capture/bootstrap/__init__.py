"""The composition root: the only package that creates adapters. Each module wires one activity.

A module imports an adapter or a workflow within a function where not everything that imports the
module needs it, so that a function of the deployment loads only what it uses.
"""
