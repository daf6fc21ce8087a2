"""Infrastructure: the local stack, the Lambda emulator, packages, AWS templates, costs."""
