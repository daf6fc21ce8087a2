"""What Lambda gets: one layer for each architecture and one zip for each function."""
