"""One door per third party, each behind a port."""
