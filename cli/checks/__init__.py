"""What `prompt-capture doctor` looks at: one check a file, in the order of `cli.checks.all`."""
