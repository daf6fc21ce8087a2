"""One channel per third party, each behind a port."""
