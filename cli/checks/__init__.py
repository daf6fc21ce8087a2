"""The checks of `prompt-capture doctor`.

`registry` lists them all. Each module has the checks of one topic; `interface` defines what a check
receives and what it yields.
"""
