"""The database, asked over real connections: rights, stamps, plans, adoption, erasure."""
