"""What the HTTP functions share: the app, its callers, its errors, its requests and responses."""
