"""All settings, one module per area. Only this package reads the environment.

Settings are validated at start-up. `base` has what they have in common; `values` and `urls` have
the types that several areas share.
"""
