"""The HTTP interface: the app, authentication, errors, and the requests and responses."""
